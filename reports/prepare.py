"""What the pages need before they are rendered: figures, files to take away, generated pages.

Quarto runs this file itself (`project: pre-render`); `observatoire publier` calls it. When nothing
changed it only compares digests: what draws is imported when there is something to draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from reports.campaigns import campaigns
from reports.pages.writing import LIST, is_intact
from reports.rendering.bundle import ensure_bundle
from reports.rendering.project import FOLDER_FILE
from reports.settings import DATA_FOLDER, edition_years, report_chapters
from reports.steps import Step, run_step
from survey.campaign import Campaign
from survey.errors import SurveyError

Progress = Callable[[int, int, str], None]
SOURCES = ("data", "survey", "analysis", "reports")
# What the rendering alone reads, and what is made from the rest.
RENDERED = (".qmd", ".css", ".scss", ".html", ".lua", ".woff2", ".pyc")


def prepare(
    editions: Sequence[Campaign], root: Path, progress: Progress = lambda *_: None
) -> list[Path]:
    """Write figures, files and pages of the editions that have pages, when something changed.

    Returns the files that a page with cells may depend upon. `progress` gets figures or pages
    done, their number and the edition.

    Raises
    ------
    SurveyError : an edition has pages and no campaign estimated
    """
    estimated = [each for each in editions if (each.build / "published.parquet").is_file()]
    refuse_unestimated(estimated, root)
    ensure_bundle(root)
    folders = sorted(path.parent for path in root.glob(f"reports/[0-9]*/{FOLDER_FILE}"))
    shown = [folder / name for folder in folders for name in ("figures", DATA_FOLDER)]
    lists = [folder / LIST for folder in (*folders, root / "reports")]

    def step() -> Step:
        return Step(
            stamp=root / "_build" / "render" / "outputs.json",
            inputs=tuple(prepared_from(estimated, root)),
            outputs=tuple(path for path in (*shown, *lists) if path.exists()),
        )

    def action() -> None:
        from reports.outputs import write_outputs

        write_outputs(estimated, root, progress)

    if not all(is_intact(path.parent) for path in lists if path.is_file()):
        step().stamp.unlink(missing_ok=True)
    if run_step(step(), root, action):
        run_step(step(), root, lambda: None)  # what was just made is an output from now on
    if any(report_chapters(root, year) for year in edition_years(root)):
        from reports.printing.edition import write_reports

        write_reports(root)
    cells = [each.build / "published.parquet" for each in estimated]
    reference = sorted((root / "data" / "reference").glob("*.*"))
    return [*cells, *reference, *(path for each in shown for path in sorted(each.glob("*.*")))]


def refuse_unestimated(estimated: Sequence[Campaign], root: Path) -> None:
    """Raise where an edition has pages and no figures: those of an older build would stand."""
    known = {each.edition for each in estimated}
    for year in edition_years(root):
        if year not in known:
            raise SurveyError(
                f"{root / 'reports' / str(year)} : aucune campagne de {year} n’est estimée. Lancez "
                f"d’abord « observatoire estimer campaigns/{year}/… », ou « observatoire demo » "
                "pour la démonstration."
            )


def prepared_from(estimated: Sequence[Campaign], root: Path) -> Iterator[Path]:
    """The files that figures, downloads and generated pages are made from."""
    for campaign in estimated:
        yield from sorted(path for path in campaign.build.glob("*.*") if path.is_file())
        yield campaign.folder / "campaign.yml"
    years = [path.parent for path in root.glob(f"reports/[0-9]*/{FOLDER_FILE}")]
    yield from (folder / FOLDER_FILE for folder in years)
    for name in SOURCES:
        for path in sorted((root / name).rglob("*.*")):
            within = path.relative_to(root).parts
            made = within[0] == "reports" and within[1].isdigit()
            if path.is_file() and path.suffix not in RENDERED and not made and path.name != LIST:
                yield path


if __name__ == "__main__":
    prepare(campaigns(Path.cwd()), Path.cwd())
