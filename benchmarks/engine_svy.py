"""Sections of benchmarks/engine.py by `svy`: PYTHON engine_svy.py SECTION FOLDER."""

import json
import resource
import sys
from pathlib import Path
from time import perf_counter

import polars as pl
import svy

section, folder = sys.argv[1], Path(sys.argv[2])
frame = pl.read_parquet(folder / "data.parquet").with_columns(pl.col(pl.Boolean).cast(pl.Int8))
frame = frame.with_row_index("row")  # its bootstrap wants a primary unit
shares = [name for name in frame.columns if name.startswith("y")]
options = {"pop_size": "stratum_size"} if section == "million" else {"psu": "row"}


def sample() -> svy.Sample:
    return svy.Sample(frame, svy.Design(stratum="stratum", wgt="weight", **options))


def controls() -> dict[str, dict[str, float]]:
    margins = pl.read_parquet(folder / "margins.parquet")
    return {
        name: dict(own.select("category", "total").iter_rows())
        for (name,), own in margins.group_by("variable", maintain_order=True)
    }


def million(drawn: svy.Sample) -> None:
    drawn.estimation.mean(shares, by="zone")


def raking(drawn: svy.Sample) -> None:
    drawn.weighting.rake(controls=controls(), tol=1e-9)


def bootstrap(drawn: svy.Sample) -> None:
    replicates = drawn.weighting.create_bs_wgts(500, rstate=1)
    replicates.estimation.mean(shares, by="zone", method="replication")


def recalibrated(drawn: svy.Sample) -> None:
    replicates = drawn.weighting.create_bs_wgts(1_000, rstate=1)
    raked = replicates.weighting.rake(controls=controls(), tol=1e-9)
    raked.estimation.mean(shares, by="zone", method="replication")


seconds = []
for _ in range(1 if section == "recalibrated" else 3):
    made = sample()
    start = perf_counter()
    globals()[section](made)
    seconds.append(perf_counter() - start)
status = Path("/proc/self/status")  # ru_maxrss would be that of the parent when larger
lines = status.read_text().splitlines() if status.exists() else []
own = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
peak = own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": min(seconds), "peak": peak / 1024}))
