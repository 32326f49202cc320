"""The steps of several simulated campaigns, several campaigns at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter

from reports.pipeline import STEPS
from survey.campaign import Campaign


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step of a campaign that was run, or had nothing to do; `seconds` it took."""

    name: str
    seconds: float
    ran: bool


def run_campaigns(
    campaigns: Sequence[Campaign], workers: int | None = None
) -> Iterator[tuple[Campaign, list[StepRun]]]:
    """Each campaign with its steps, from the frame to the published cells, in the order given.

    A campaign is the work of one process; `workers` at once (one a processor when None).
    """
    workers = min(workers or os.cpu_count() or 1, len(campaigns))
    if workers <= 1:
        yield from ((campaign, run_steps(campaign)) for campaign in campaigns)
        return
    # A forked child would inherit the locks of the threads of Polars.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from zip(campaigns, pool.map(run_steps, campaigns), strict=True)


def run_steps(campaign: Campaign) -> list[StepRun]:
    """Run the steps of one campaign, in order."""
    runs = []
    for name, step in STEPS.items():
        since = perf_counter()
        ran = step(campaign)
        runs.append(StepRun(name, perf_counter() - since, ran))
    return runs
