"""From Typst and JSON to an accessible PDF: the same for the report and for a summary."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

import typst

from analysis.marks import FONT
from reports.figure import Figure
from reports.printing.facts import HOUSE, Facts
from reports.svg import Drawing, draw
from survey.errors import SurveyError
from survey.files import FONTS
from survey.french import typography

STANDARD = "ua-1"
TOO_LONG = "trop long"  # what a template says of a document that does not fit its pages


def compile_pdf(template: Path, body: str, facts: Facts, **inputs: object) -> bytes:
    """The document that `template` makes of `body`, as PDF/UA-1; the same inputs, the same bytes.

    Raises
    ------
    DoesNotFitError : it takes more pages than the template allows
    SurveyError : Typst refuses it, for instance an image without a text alternative
    """
    said = {key: _said(value) for key, value in asdict(facts).items()}
    given = {"facts": said, **inputs}
    parts = (HOUSE.read_text(encoding="utf-8"), template.read_text(encoding="utf-8"), body)
    try:
        return typst.compile(
            "\n".join(parts).encode(),
            format="pdf",
            font_paths=_fonts(),
            sys_inputs={
                name: json.dumps(value, ensure_ascii=False) for name, value in given.items()
            },
            pdf_standards=[STANDARD],
        )
    except typst.TypstError as error:
        if TOO_LONG in str(error):
            raise DoesNotFitError(facts.title) from error
        raise SurveyError(
            f"« {facts.title} » : le PDF n’a pas pu être composé.\n  {error}"
        ) from error


class DoesNotFitError(Exception):
    """A document longer than its template allows."""


def printed(figure: Figure, *, narrow: bool = False) -> dict[str, object]:
    """A figure as the templates set it: its words, and its chart as an SVG."""
    said = figure.caption
    words = {
        "title": said.title,
        "subtitle": said.subtitle,
        "reading": figure.reading,
        "field": said.field,
        "source": said.full_source,
        "alt": figure.alt,
    }
    drawing = draw(figure.chart_narrow if narrow else figure.chart_wide)
    return {key: typography(text) for key, text in words.items()} | {
        "svg": svg_file(drawing),
        "level": said.level,
        "width": drawing.width,
        "height": drawing.height,
    }


def svg_file(drawing: Drawing) -> str:
    """The chart alone as a complete SVG file, in its own colours."""
    size = f'viewBox="0 0 {drawing.width} {drawing.height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} width="{drawing.width}" '
        f'height="{drawing.height}" font-family="{FONT}">{drawing.body}</svg>'
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _said(value: object) -> object:
    return typography(value) if isinstance(value, str) else value
