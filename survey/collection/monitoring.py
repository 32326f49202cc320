"""How the collection goes, in the terminal: answers by stratum, time, pages where people stop."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import polars as pl
from rich.console import Group
from rich.table import Table
from rich.text import Text

from survey.collection.pages import Form, next_page
from survey.collection.settings import Stores
from survey.collection.store import Response
from survey.errors import SurveyError
from survey.french import NNBSP, counted, decimal, integer, percent, typography

BAR = 20  # characters of a full bar


@dataclass(frozen=True, slots=True)
class Status:
    """Where the collection stands.

    `strata`: one row per stratum (« sans invitation » for who came by themselves), with `stratum`,
    `sampled`, `target`, `complete`, `unfinished`, `withdrawn`. `stops`: pages where unfinished
    answers stand, `part`, `title`, `people`, from the first page to the review. `median_minutes` is
    that of complete answers, None without any.
    """

    strata: pl.DataFrame
    stops: pl.DataFrame
    median_minutes: float | None

    def total(self, name: str) -> int:
        """Sum of a column of `strata`."""
        return int(self.strata[name].sum())


def collection_status(
    stores: Stores,
    form: Form,
    sample: pl.DataFrame | None = None,
    targets: pl.DataFrame | None = None,
) -> Status:
    """Count the answers received so far.

    Parameters
    ----------
    sample : `token`, `stratum`, one row per sampled unit; None in open mode
    targets : `stratum`, `target` (complete answers wanted); the units sampled when None

    Raises
    ------
    SurveyError : a stratum of `targets` is not in the sample
    """
    people = stores.responses.all()
    withdrawn = [person.identifier for person in stores.contacts.invited() if person.withdrawn]
    seconds = [sum(person.seconds.values()) for person in people if person.submitted]
    return Status(
        _strata(people, withdrawn, sample, targets),
        _stops(people, form),
        median(seconds) / 60 if seconds else None,
    )


def _strata(
    people: list[Response],
    withdrawn: list[str],
    sample: pl.DataFrame | None,
    targets: pl.DataFrame | None,
) -> pl.DataFrame:
    states = {
        person.identifier: "complete" if person.submitted else "unfinished" for person in people
    }
    states |= dict.fromkeys(withdrawn, "withdrawn")
    state = pl.DataFrame(
        {"token": list(states), "state": list(states.values())},
        schema={"token": pl.String, "state": pl.String},
    )
    units = pl.DataFrame(schema={"token": pl.String, "stratum": pl.String})
    if sample is not None:
        units = sample.select(pl.col("token", "stratum").cast(pl.String))
    counts = [(pl.col("state") == name).fill_null(False).sum().alias(name) for name in STATES]
    sampled = (
        units.join(state, on="token", how="left")
        .group_by("stratum")
        .agg(pl.len().alias("sampled"), *counts)
        .sort("stratum")
    )
    wanted = sampled.select("stratum", target="sampled") if targets is None else targets
    unknown = sorted(set(wanted["stratum"]) - set(sampled["stratum"]))
    if unknown:
        raise SurveyError(f"objectifs : strates inconnues {unknown} ; reprenez celles du tirage.")
    strata = sampled.join(wanted, on="stratum", how="left", maintain_order="left")
    others = state.join(units, on="token", how="anti").select(
        *counts, stratum=pl.lit(UNINVITED), sampled=pl.lit(None), target=pl.lit(None)
    )
    shown = [strata] if others.select(pl.sum_horizontal(STATES)).item() == 0 else [strata, others]
    columns = ["stratum", "sampled", "target", *STATES]
    return pl.concat([part.select(columns).cast(SCHEMA) for part in shown])


STATES = ("complete", "unfinished", "withdrawn")
UNINVITED = "sans invitation"
SCHEMA = {"stratum": pl.String} | dict.fromkeys(("sampled", "target", *STATES), pl.Int64)


def _stops(people: list[Response], form: Form) -> pl.DataFrame:
    """Where unfinished answers stand: the first page to be filled, or the review."""
    stopped = [
        next_page(form, person.answers, person.drafts) for person in people if not person.submitted
    ]
    places = [*form.pages, None]
    rows = [
        (page.part if page else None, page.heading if page else "Vérification", stopped.count(page))
        for page in places
    ]
    schema = {"part": pl.Int64, "title": pl.String, "people": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").filter(pl.col("people") > 0)


def show_status(status: Status) -> Group:
    """The monitoring page, for a terminal (`rich`)."""
    parts: list[Text | Table] = [Text(_headline(status), style="bold"), _strata_table(status)]
    if status.stops.height:
        parts += [Text(""), _stops_table(status)]
    return Group(*parts)


def _headline(status: Status) -> str:
    complete, unfinished = status.total("complete"), status.total("unfinished")
    words = [counted(complete, "réponse complète"), f"{integer(unfinished)} en cours"]
    if status.total("withdrawn"):
        words.append(counted(status.total("withdrawn"), "retrait"))
    if status.median_minutes is not None:
        words.append(f"durée médiane {decimal(status.median_minutes)} minutes")
    return typography(", ".join(words) + ".")


def _strata_table(status: Status) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Strate", overflow="fold")
    for name in ("Tirées", "Objectif", "Complètes", "En cours", "Retraits"):
        table.add_column(name, justify="right")
    table.add_column("Part de l’objectif")
    for row in status.strata.iter_rows(named=True):
        table.add_row(*_cells(row))
    if status.strata.height > 1:
        total = {name: status.total(name) for name in status.strata.columns[1:]}
        table.add_row(*_cells({"stratum": "Ensemble"} | total), style="bold")
    return table


def _cells(row: dict) -> list[str]:
    numbers = [row[name] for name in ("sampled", "target", *STATES)]
    texts = ["" if number is None else integer(number) for number in numbers]
    return [row["stratum"], *texts, _bar(row["complete"], row["target"])]


def _bar(complete: int, target: int | None) -> str:
    """A bar and its figure: the figure alone says everything."""
    if not target:
        return ""
    share = complete / target
    full = round(BAR * min(share, 1))
    return f"{'█' * full}{'·' * (BAR - full)} {percent(share)}"


def _stops_table(status: Status) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Page où s’arrêtent les réponses en cours", overflow="fold")
    table.add_column("Personnes", justify="right")
    for part, title, people in status.stops.iter_rows():
        table.add_row(title if part is None else f"{part}.{NNBSP}{title}", integer(people))
    return table
