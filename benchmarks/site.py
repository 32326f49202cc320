"""How long an edition takes, step by step: estimates, pages, rendering, a change, the control.

Run at the root of a project whose campaigns are simulated (observatoire demo):

    python benchmarks/site.py [--complet]

`--complet` forgets what was built before, so that every page is made and rendered. Prints, for each
step, wall-clock seconds and the processor seconds of all its processes.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

ESTIMATES, SITE, CHANGE = 10, 90, 5  # seconds that the yearly edition is allowed, on two cores
PAGE = Path("reports/2026/index.qmd")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--complet", action="store_true", help="refaire tout le site")
    options = parser.parse_args()
    root = Path.cwd()
    print(f"{os.cpu_count()} cœurs, charge {os.getloadavg()[0]:.1f}")
    estimates = sum(estimate(folder) for folder in sorted(root.glob("campaigns/[0-9]*/*")))
    tell("estimations, toutes", estimates, ESTIMATES)
    if options.complet:
        forget(root)
        site = timed("site entier (figures, pages, rendu)", "publier")
        tell("site entier", site, SITE)
    timed("rien n’a changé", "publier")
    text = PAGE.read_text(encoding="utf-8")
    try:
        PAGE.write_text(f"{text}\nUne phrase de plus.\n", encoding="utf-8")
        tell("une phrase d’une page calculée", timed("une phrase", "publier"), CHANGE)
    finally:
        PAGE.write_text(text, encoding="utf-8")
    timed("la phrase retirée", "publier")
    timed("contrôle du site", "controler")
    pages, files = list(root.glob("_site/**/*.html")), list(root.glob("_site/**/*.*"))
    weight = sum(path.stat().st_size for path in files if path.is_file()) / 1e6
    heaviest = max(pages, key=lambda path: path.stat().st_size)
    print(f"{len(pages)} pages, {len(files)} fichiers, {weight:.0f} Mo")
    print(f"page la plus lourde : {heaviest.name}, {heaviest.stat().st_size / 1e3:.0f} ko")


def estimate(campaign: Path) -> float:
    """Seconds of the estimation alone, its step forced."""
    if not (campaign / "private" / "poids.parquet").is_file():
        return 0.0
    (campaign / "private" / "etapes" / "estimation.json").unlink(missing_ok=True)
    place = f"{campaign.parent.name}/{campaign.name}"
    return timed(f"estimation de {place}", "estimer", str(campaign))


def forget(root: Path) -> None:
    """Remove the site, the stamps of its rendering and the generated pages."""
    shutil.rmtree(root / "_site", ignore_errors=True)
    shutil.rmtree(root / "_build" / "render", ignore_errors=True)
    for folder in root.glob("reports/[0-9]*"):
        for name in ("indicateurs", "secteurs", "territoires", "figures", "donnees"):
            shutil.rmtree(folder / name, ignore_errors=True)


def timed(what: str, *arguments: str) -> float:
    """Run one verb of the command line and print what it took; its wall-clock seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run = subprocess.run(
        [sys.executable, "observatoire.py", *arguments], capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    print(f"{what:42} {wall:6.1f} s  (processeur {used:6.1f} s)")
    if run.returncode:
        print(run.stderr.strip()[-600:])
    return wall


def tell(what: str, seconds: float, allowed: float) -> None:
    """Say whether a time is within what the edition is allowed."""
    verdict = "tenu" if seconds <= allowed else "dépassé"
    print(f"  {what} : {seconds:.1f} s pour {allowed} s, {verdict}")


if __name__ == "__main__":
    main()
