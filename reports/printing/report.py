"""The report of the year as one accessible PDF, from the very pages of the site.

The pages are read as the renderer reads them, turned into Typst by pandoc, and set by
`rapport.typ`. The PDF follows PDF/UA-1: every chart carries its text alternative.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typst

from analysis.marks import FONT
from reports.figure import Figure
from reports.rendering.pandoc import pandoc_program
from reports.rendering.source import Source, read_source
from reports.svg import Drawing, draw
from survey.errors import SurveyError
from survey.files import FONTS
from survey.french import typography

HERE = Path(__file__).parent
TYPOGRAPHY = HERE.parent / "assets" / "filters" / "typographie.lua"
FILTERS = (TYPOGRAPHY, HERE / "typst.lua")
STANDARD = "ua-1"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the cover and every page say of the report."""

    title: str
    subtitle: str
    publisher: str
    source: str
    colophon: str
    simulated: bool


def report_pdf(chapters: Sequence[Source], figures: Mapping[str, Figure], facts: Facts) -> bytes:
    """The report, its chapters in order.

    Parameters
    ----------
    chapters : pages of the site without cells; the title of each heads a chapter
    figures : every figure that the chapters show, by its identifier

    Raises
    ------
    SurveyError : a page has cells to run, or shows a figure that is not given
    """
    body = "\n\n".join(chapter_typst(chapter) for chapter in chapters)
    shown = {name: printed(figure) for name, figure in figures.items() if f'("{name}")' in body}
    try:
        return typst.compile(
            ((HERE / "rapport.typ").read_text(encoding="utf-8") + "\n" + body).encode(),
            format="pdf",
            font_paths=[FONTS],
            ignore_system_fonts=True,
            sys_inputs={
                "facts": json.dumps({key: _said(value) for key, value in asdict(facts).items()}),
                "figures": json.dumps(shown),
            },
            pdf_standards=[STANDARD],
        )
    except typst.TypstError as error:
        raise SurveyError(f"Le rapport PDF n’a pas pu être composé.\n  {error}") from error


def read_chapters(root: Path, paths: Iterable[str]) -> list[Source]:
    """The pages at `paths` (from `root`), includes expanded."""
    return [read_source(root, path) for path in paths]


def chapter_typst(chapter: Source) -> str:
    """A page in Typst, under its title."""
    if chapter.needs_kernel:
        raise SurveyError(
            f"{chapter.path} : une page du rapport ne contient pas de cellule à exécuter. "
            "Mettez son calcul dans une page engendrée, ou retirez-la du rapport."
        )
    text = "\n".join(line.text for line in chapter.lines)
    if title := chapter.front_matter.get("title"):
        text = f"# {title}\n\n{text}"
    command = [pandoc_program(), "--from=markdown", "--to=typst", "--wrap=none"]
    command += [f"--lua-filter={path}" for path in FILTERS]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if done.returncode:
        raise SurveyError(f"{chapter.path} : {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def printed(figure: Figure) -> dict[str, object]:
    """A figure as the template sets it: its words, and its chart as an SVG."""
    said = figure.caption
    words = {
        "title": said.title,
        "subtitle": said.subtitle,
        "reading": figure.reading,
        "field": said.field,
        "source": said.full_source,
        "alt": figure.alt,
    }
    drawn = svg_file(draw(figure.chart_wide))
    return {key: typography(text) for key, text in words.items()} | {
        "svg": drawn,
        "level": said.level,
    }


def svg_file(drawing: Drawing) -> str:
    """The chart alone as a complete SVG file, in its own colours."""
    size = f'viewBox="0 0 {drawing.width} {drawing.height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} width="{drawing.width}" '
        f'height="{drawing.height}" font-family="{FONT}">{drawing.body}</svg>'
    )


def _said(value: object) -> object:
    return typography(value) if isinstance(value, str) else value
