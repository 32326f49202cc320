"""Time and memory of 200 targets x 60 domains on 5 000 rows, against a loop over the cells.

    python benchmarks/estimation.py

The loop is the plain NumPy way: for each cell, weigh rows outside the domain to zero, linearise,
and sum squares by stratum; with calibration it also regresses each cell on the margins. It is timed
on some of the cells and its time scaled to all of them. One BLAS thread for both, so that the
ratio does not rest on what else the machine is doing.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from time import perf_counter

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from analysis.calibration import rake
from analysis.design import SurveyDesign
from analysis.disclosure import GateSpec, apply_gate, domain_membership
from analysis.estimation import Domain, Target, estimate

ROWS, TARGETS, STRATA, SAMPLED = 5_000, 200, 60, 300
MARGINS = ("taille", "secteur", "departement")
DOMAINS = (
    Domain("ensemble"),
    Domain("taille", ("taille",)),
    Domain("secteur", ("secteur",)),
    Domain("departement", ("departement",)),
    Domain("taille x departement", ("taille", "departement")),
    Domain("dix et plus", pl.col("taille") >= "2"),
    Domain("zone", ("zone",)),
)


def responses() -> pl.DataFrame:
    rng = np.random.default_rng(2026)
    codes = {"stratum": STRATA, "taille": 5, "secteur": 12, "departement": 5, "zone": 11}
    frame = pl.DataFrame(
        {
            **{name: rng.integers(0, count, ROWS) for name, count in codes.items()},
            "nonresponse_weight": rng.uniform(1, 40, ROWS),
            **{f"y{index}": rng.random(ROWS) < 0.3 for index in range(TARGETS)},
        }
    ).with_columns(
        pl.col(list(codes)).exclude("stratum").cast(pl.String),
        stratum_size=pl.len().over("stratum") * 20,
    )
    total = pl.len().alias("total") * 20.0
    margins = [
        frame.group_by(category=name).agg(total, variable=pl.lit(name)).sort("category")
        for name in MARGINS
    ]
    return rake(frame, pl.concat(margins))


def naive_cell(
    value: np.ndarray, inside: np.ndarray, frame: dict, margins: np.ndarray | None
) -> tuple[float, float]:
    weight = np.where(inside, frame["weight"], 0.0)
    share = (weight * value).sum() / weight.sum()
    linearised = np.where(inside, value - share, 0.0) / weight.sum()
    if margins is not None:
        root = np.sqrt(frame["before"])
        linearised = (
            linearised
            - margins @ np.linalg.lstsq(margins * root[:, None], linearised * root, rcond=None)[0]
        )
    score = frame["weight"] * linearised
    variance = 0.0
    for code in range(STRATA):
        rows = frame["stratum"] == code
        n, size = rows.sum(), frame["size"][rows][0]
        variance += (1 - n / size) * n / (n - 1) * ((score[rows] - score[rows].mean()) ** 2).sum()
    return share, np.sqrt(variance)


def naive_seconds(frame: pl.DataFrame, weight: str, calibrated: bool) -> float:
    """Seconds of the loop for one cell, mean of `SAMPLED` of them."""
    arrays = {
        "weight": frame[weight].to_numpy(),
        "before": frame["nonresponse_weight"].to_numpy(),
        "stratum": frame["stratum"].to_numpy(),
        "size": frame["stratum_size"].to_numpy(),
    }
    # First category of each margin but the first dropped; orthonormal under the weight before.
    parts = [frame.select(name).to_dummies().to_numpy().astype(float) for name in MARGINS]
    full = np.hstack([parts[0], *(part[:, 1:] for part in parts[1:])])
    margins = np.linalg.qr(full * np.sqrt(arrays["before"])[:, None])[0]
    values = [frame[f"y{index}"].to_numpy().astype(float) for index in range(TARGETS)]
    zones = frame["zone"].to_numpy()
    start = perf_counter()
    for index in range(SAMPLED):
        inside = zones == str(index % 11)
        naive_cell(values[index % TARGETS], inside, arrays, margins if calibrated else None)
    return (perf_counter() - start) / SAMPLED


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    frame = responses()
    targets = [Target(f"y{index}", pl.col(f"y{index}")) for index in range(TARGETS)]
    designs = {
        "sans calage": SurveyDesign("nonresponse_weight", "stratum", "stratum_size"),
        "résidus de calage": SurveyDesign(
            "calibrated_weight",
            "stratum",
            "stratum_size",
            calibration=MARGINS,
            design_weight="nonresponse_weight",
        ),
    }
    before = peak_megabytes()
    for name, design in designs.items():
        times = []
        for _ in range(5):
            start = perf_counter()
            cells = estimate(frame, design, targets, DOMAINS, population="essai", edition=2026)
            times.append(perf_counter() - start)
        naive = naive_seconds(frame, design.weight, bool(design.calibration)) * cells.height
        print(
            f"{name}: {cells.height} cells in {min(times):.3f} s (first call {times[0]:.3f} s), "
            f"naive loop {naive:.1f} s, ratio {naive / min(times):.0f}"
        )
    start = perf_counter()
    apply_gate(cells, GateSpec(), membership=domain_membership(frame, DOMAINS))
    print(f"gate: {perf_counter() - start:.3f} s")
    print(f"peak memory: {peak_megabytes():.0f} MB, of which {before:.0f} before estimating")


if __name__ == "__main__":
    main()
