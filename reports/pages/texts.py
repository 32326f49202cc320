"""The prose of generated pages: templates of `reports/texts`, filled with computed facts.

A template is Markdown. Its numbers come through filters, so that none is typed by hand.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from reports.pages.page import escaped
from survey.french import NBSP, capitalised, decimal, integer, long_date, percent

FOLDER = Path(__file__).parents[1] / "texts"


def fill(name: str, **facts: object) -> str:
    """The text of `reports/texts/<name>.md`, every fact written in.

    A text is Markdown, computed by the caller; what a model holds was typed in a settings file, and
    is shown as typed.
    """
    return _environment().get_template(f"{name}.md").render(shown_as_typed(facts))


def shown_as_typed(fact: object) -> object:
    """A fact whose models have their signs of Markdown escaped, however deep they are."""
    if isinstance(fact, BaseModel):
        held = {name: _as_typed(getattr(fact, name)) for name in type(fact).model_fields}
        return fact.model_copy(update=held)
    if isinstance(fact, dict):
        return {name: shown_as_typed(item) for name, item in fact.items()}
    return type(fact)(map(shown_as_typed, fact)) if type(fact) in (list, tuple) else fact


def _as_typed(held: object) -> object:
    """What a model holds: a text, a model, or several in a list or by name."""
    if isinstance(held, str):
        return escaped(held)
    if isinstance(held, dict):
        return {name: _as_typed(item) for name, item in held.items()}
    return type(held)(map(_as_typed, held)) if type(held) in (list, tuple) else shown_as_typed(held)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        comment_start_string="<#",  # `{#` opens the identifier of a heading
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        autoescape=False,  # Markdown: see `fill`
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
