"""Time and memory of the engine against R `survey`, `svy` and a bare floor, in one run.

    python benchmarks/engine.py [--only million raking ...] [--quick] [--svy PYTHON]

Each section draws its data, writes it to a temporary folder, and has it computed by each tool in a
process of its own, so that its peak memory is its own; reading the file is not timed. Best of 3 (R:
once, when a run takes seconds). R needs r-cran-survey and r-cran-mass; `--svy` is a Python where
`svy` 0.35 is installed. The floor is the least code that gives the same numbers (checked), without
checks, nulls, intervals or messages: see `benchmarks/engine_floor.py`. One BLAS thread, but for the
replicates.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
REPLICATED = ("bootstrap", "recalibrated")
SIZES = {  # rows; with --quick a tenth
    "million": 1_000_000,
    "cells": 5_000,
    "calibrated": 5_000,
    "gate": 5_000,
    "raking": 1_000_000,
    "logit": 100_000,
    "bootstrap": 20_000,
    "recalibrated": 5_000,
    "growth": 10_000_000,
}
LIMITS = {  # seconds wanted
    "million": 1.0,
    "cells": 0.5,
    "calibrated": 0.5,
    "gate": 1.0,
    "raking": 0.6,
    "logit": 1.0,
    "bootstrap": 1.5,
    "recalibrated": 15.0,
}
TITLES = {
    "million": "5 shares x 20 domains, 200 strata",
    "cells": "200 shares x 60 domains",
    "calibrated": "the same, residuals of 3 margins",
    "gate": "disclosure gate on those 12 000 cells",
    "raking": "raking to 4 margins",
    "logit": "logit with bounds, 60 margins",
    "bootstrap": "500 Rao-Wu replicates, 5 shares x 20 domains",
    "recalibrated": "1 000 replicates re-raked to 4 margins, 100 shares x 20",
}
NAMED = {"population": "essai", "edition": 1}


def best(run: Callable[[], object], times: int = 3) -> float:
    """Seconds of the quickest of some runs."""
    seconds = []
    for _ in range(times):
        start = perf_counter()
        run()
        seconds.append(perf_counter() - start)
    return min(seconds)


def report(seconds: float) -> None:
    """What a child tells its parent, with the peak of its own memory in MB."""
    # Not ru_maxrss first: a child inherits that of its parent.
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    own = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    peak = own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak": peak / 1024}))


# --- what this project does, each in a child -------------------------------------------------


def shares(count: int) -> list:
    import polars as pl

    from analysis.targets import Target

    return [Target(f"y{index}", pl.col(f"y{index}")) for index in range(count)]


def estimator(section: str, frame) -> Callable[[], object]:
    """`estimate` of the sections that linearise."""
    from analysis.design import SurveyDesign
    from analysis.estimation import estimate
    from analysis.targets import Domain
    from benchmarks.engine_data import DOMAINS, MARGINS, calibrated

    if section == "million":
        targets, domains = shares(5), (Domain("zone", ("zone",)),)
    else:
        targets, domains = shares(200), DOMAINS
    design = SurveyDesign("weight", "stratum", "stratum_size")
    if section == "calibrated":
        frame = calibrated(frame)
        names = ("calibrated_weight", "stratum", "stratum_size")
        design = SurveyDesign(*names, calibration=MARGINS, design_weight="weight")
    return partial(estimate, frame, design, targets, domains, **NAMED)


def gate(frame) -> Callable[[], object]:
    """The disclosure gate on the cells."""
    from analysis.disclosure import GateSpec, apply_gate, domain_membership
    from benchmarks.engine_data import DOMAINS

    cells, membership = estimator("cells", frame)(), domain_membership(frame, DOMAINS)
    return partial(apply_gate, cells, GateSpec(), membership=membership)


def calibrator(section: str, frame, folder: Path) -> Callable[[], object]:
    """`calibrate` of the sections that calibrate."""
    import polars as pl

    from analysis.calibration import CalibrationSpec, calibrate

    margins = pl.read_parquet(folder / "margins.parquet")
    spec = CalibrationSpec(weight="weight")
    if section == "logit":
        spec = CalibrationSpec("logit", (0.4, 2.5), weight="weight")
    return partial(calibrate, frame, margins, spec)


def replicator(section: str, frame, folder: Path) -> Callable[[], object]:
    """Replicates made, re-calibrated if need be, and estimated."""
    import polars as pl

    from analysis.calibration import CalibrationSpec
    from analysis.design import SurveyDesign
    from analysis.replicate_adjustment import recalibrate
    from analysis.replicate_weights import ReplicationSpec, make_replicates
    from analysis.replication import estimate_replicates
    from analysis.targets import Domain

    again = section == "recalibrated"
    design = SurveyDesign("weight", "stratum")
    spec = ReplicationSpec("rao_wu", n_replicates=1_000 if again else 500, seed=1)

    def run() -> object:
        replicates = make_replicates(frame, design, spec)
        if again:
            margins = pl.read_parquet(folder / "margins.parquet")
            replicates = recalibrate(replicates, frame, margins, CalibrationSpec(weight="weight"))
        targets = shares(100 if again else 5)
        return estimate_replicates(
            frame, replicates, targets, (Domain("zone", ("zone",)),), **NAMED
        )

    return run


def streamed(path: Path, rows: int) -> float:
    """Seconds to read and estimate a Parquet file by slices of 2^19 rows."""
    import polars as pl

    from analysis.design import SurveyDesign
    from analysis.streaming import estimate_parts
    from analysis.targets import Domain

    scan, width = pl.scan_parquet(path), 1 << 19
    start = perf_counter()
    parts = (scan.slice(at, width).collect() for at in range(0, rows, width))
    design = SurveyDesign("weight", "stratum", "stratum_size")
    estimate_parts(parts, design, shares(5), (Domain("zone", ("zone",)),), **NAMED)
    return perf_counter() - start


def child(section: str, tool: str, folder: Path) -> None:
    """One section by this project, or its floor."""
    import polars as pl

    path = folder / "data.parquet"
    if section == "growth":
        rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        return report(streamed(path, rows))
    frame = pl.read_parquet(path)
    if tool == "floor":
        from benchmarks.engine_floor import FLOORS

        return report(FLOORS[section](frame, folder, best))
    if section in ("million", "cells", "calibrated"):
        run = estimator(section, frame)
    elif section == "gate":
        run = gate(frame)
    elif section in ("raking", "logit"):
        run = calibrator(section, frame, folder)
    else:
        run = replicator(section, frame, folder)
    return report(best(run))


# --- the run ---------------------------------------------------------------------------------


def called(command: list[str], threads: int = 1) -> dict | None:
    """What a child reports; None, with its last words, when it fails."""
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": str(threads),
        "PYTHONPATH": str(HERE.parent),
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line and "halted" not in line]
        print(f"  {' '.join(command[:2])} failed: {' '.join(said[-4:])}")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def tools(section: str, svy: str | None) -> dict[str, list[str]]:
    """The command of each tool that can run a section here."""
    from benchmarks.engine_floor import FLOORS

    own = [sys.executable, str(Path(__file__)), "--child", section]
    found = {"engine": [*own, "engine"]}
    if section in FLOORS:
        found["floor"] = [*own, "floor"]
    if shutil.which("Rscript") and section in ("million", "raking", "logit", "bootstrap"):
        found["R survey"] = ["Rscript", str(HERE / "engine_peers.R"), section]
    if svy and section in ("million", "raking", "bootstrap", "recalibrated"):
        found["svy"] = [svy, str(HERE / "engine_svy.py"), section]
    return found


def run_section(section: str, rows: int, svy: str | None) -> None:
    """Draw, have computed by each tool, print a line each."""
    from benchmarks.engine_data import write

    print(f"\n{section}: {rows:,} rows, {TITLES[section]} (wanted: {LIMITS[section]} s)")
    with tempfile.TemporaryDirectory() as name:
        write(section, rows, Path(name))
        engine = None
        for tool, command in tools(section, svy).items():
            got = called([*command, name], 2 if section in REPLICATED else 1)
            if got is None:
                continue
            engine = engine or got["seconds"]
            peak = f"{got['peak']:6.0f} MB" if got["peak"] else " " * 9
            ratio = got["seconds"] / engine
            print(f"  {tool:10} {got['seconds']:8.3f} s {peak}  {ratio:7.1f} x the engine")


def run_growth(largest: int) -> None:
    """From 10^4 rows up, read from Parquet by slices."""
    from benchmarks.engine_data import write

    print(f"\ngrowth: {TITLES['million']}, read from Parquet by slices of 2^19 rows")
    rows = 10_000
    while rows <= largest:
        with tempfile.TemporaryDirectory() as name:
            write("growth", rows, Path(name))
            own = [sys.executable, str(Path(__file__)), "--child", "growth", "engine", name]
            got = called(own)
        if got:
            pace = got["seconds"] / rows * 1e6
            time, peak = f"{got['seconds']:7.3f} s", f"{got['peak']:6.0f} MB"
            print(f"  {rows:>10,} rows {time} {peak} {pace:6.2f} µs a row")
        rows *= 10


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--svy", metavar="PYTHON", help="a Python where svy is installed")
    parser.add_argument("--child", nargs=3, metavar=("SECTION", "TOOL", "FOLDER"))
    options = parser.parse_args()
    sys.path.insert(0, str(HERE.parent))
    if options.child:
        section, tool, folder = options.child
        return child(section, tool, Path(folder))
    if not shutil.which("Rscript"):
        print("R survey: absent (Rscript not found)")
    if not options.svy:
        print("svy: absent (give --svy PYTHON)")
    for section in options.only:
        rows = SIZES[section] // (10 if options.quick else 1)
        run_growth(rows) if section == "growth" else run_section(section, rows, options.svy)
    return None


if __name__ == "__main__":
    main()
