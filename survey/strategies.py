"""Hypothesis strategy of answers to any questionnaire (Hypothesis is installed for tests only)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

from survey.generation import draw_answers
from survey.questions import Questionnaire

T = TypeVar("T")

# Characters that every tool and file format carries: no control character but the line end.
CHARACTERS = st.one_of(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Zs")),
    st.sampled_from(" \n\u202f\"';,=+-@{}[]<>&\\"),
)
TEXTS = st.text(CHARACTERS, min_size=1, max_size=40).map(str.strip).filter(bool)


@dataclass(frozen=True, slots=True)
class _DrawnChance:
    draw: st.DrawFn

    def one_of(self, values: Sequence[T]) -> T:
        return self.draw(st.sampled_from(values))

    def whole(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def text(self) -> str:
        return self.draw(TEXTS)


@st.composite
def answers(draw: st.DrawFn, questionnaire: Questionnaire) -> dict[str, Any]:
    """The answers of one person, routing honoured; shrinks towards the first codes offered.

    A mapping over every column of the questionnaire (`survey.columns`), None where not asked.
    """
    return draw_answers(questionnaire, _DrawnChance(draw))
