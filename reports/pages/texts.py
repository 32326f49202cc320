"""The prose of generated pages: templates of `reports/texts`, filled with computed facts.

A template is Markdown. Its numbers come through filters, so that none is typed by hand.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from survey.french import NBSP, capitalised, decimal, integer, long_date, percent

FOLDER = Path(__file__).parents[1] / "texts"


def fill(name: str, **facts: object) -> str:
    """The text of `reports/texts/<name>.md`, every fact written in."""
    return _environment().get_template(f"{name}.md").render(facts)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        comment_start_string="<#",  # `{#` opens the identifier of a heading
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        autoescape=False,  # Markdown, from texts of ours and computed numbers
    )
    environment.filters |= {
        "integer": integer,
        "decimal": decimal,
        "percent": percent,
        "points": width_in_points,
        "day": long_date,
        "iso": date.isoformat,
        "capitalise": capitalised,
    }
    return environment


def width_in_points(half_width: float) -> str:
    """A half-width (share) -> « 2,4 points »."""
    text = decimal(100 * half_width)
    return f"{text}{NBSP}{'point' if 100 * half_width < 2 else 'points'}"
