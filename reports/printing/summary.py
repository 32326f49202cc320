"""The summary of a territory on two pages at most, from what its page on the site tells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typst

from reports.figure import Figure
from reports.printing.facts import HERE, HOUSE, Facts
from reports.printing.report import FILTERS, to_typst
from reports.printing.setting import DoesNotFitError, compile_pdf, printed
from survey.errors import SurveyError
from survey.files import replace_file, write_text

TEMPLATE = HERE / "synthese.typ"
SIZES = (6, 5, 4, 3, 2, 0)  # rows that each chart may have, until all holds on two pages
WORK = Path("_build/print")
BESIDE = "## À côté de la région"
CUT_TYPST = "// suite"  # parts what is read at once: pandoc takes longer to start than to read
CUT = f"\n\n```{{=typst}}\n{CUT_TYPST}\n```\n\n"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a summary says: `text` and `ending` are Markdown, before and after the charts.

    `charts` gives the charts with at most so many rows each.
    """

    text: str
    charts: Callable[[int], Sequence[Figure]]
    ending: str
    facts: Facts


def summary_pdf(summary: Summary) -> bytes:
    """The summary as PDF/UA-1; its charts have the rows for which there is room.

    Raises
    ------
    SurveyError : even without charts it takes more than two pages
    """
    text = CUT.join((summary.text, BESIDE, summary.ending))
    body, heading, ending = to_typst(text).split(CUT_TYPST)
    for most in SIZES:
        figures = list(summary.charts(most)) if most else []
        narrow = len(figures) > 1
        drawn = [printed(figure, narrow=narrow) for figure in figures]
        middle = f"{heading}\n#charts" if drawn else ""
        parts = (body, middle, ending, "#colophon")
        try:
            return compile_pdf(TEMPLATE, "\n\n".join(parts), summary.facts, figures=drawn)
        except DoesNotFitError:
            continue
    raise SurveyError(f"« {summary.facts.title} » : cette synthèse ne tient pas sur deux pages.")


def kept_summary(summary: Summary, name: str, root: Path) -> bytes:
    """The summary as it was last made under `name`, made again when what it says has changed."""
    path = root / WORK / f"{name}.pdf"
    told = path.with_suffix(".txt")
    key = _key(summary)
    if path.is_file() and told.is_file():
        content = path.read_bytes()
        if told.read_text(encoding="utf-8") == f"{key} {_digest(content)}":
            return content
    content = summary_pdf(summary)
    replace_file(path, lambda file: file.write_bytes(content))
    write_text(told, f"{key} {_digest(content)}")
    return content


def _key(summary: Summary) -> str:
    said = [summary.text, summary.ending, asdict(summary.facts), typst.__version__]
    said += [printed(figure, narrow=True) for figure in summary.charts(SIZES[0])]
    code = b"".join(path.read_bytes() for path in (HOUSE, TEMPLATE, *FILTERS, *HERE.glob("*.py")))
    return _digest(json.dumps(said, ensure_ascii=False).encode() + code)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
