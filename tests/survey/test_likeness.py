"""Whether two wordings can say the same, on 120 pairs judged by hand."""

import csv
from pathlib import Path

import pytest

from survey.likeness import can_say_the_same

WORDINGS = (Path(__file__).parent / "wordings.csv").read_text(encoding="utf-8")
PAIRS = list(csv.DictReader(WORDINGS.splitlines()))


def judged(meaning: str) -> list[bool]:
    return [can_say_the_same(p["before"], p["after"]) for p in PAIRS if p["meaning"] == meaning]


def test_as_many_are_told_apart_as_is_said():
    same, other = judged("same"), judged("other")
    assert len(same) == len(other) == 60
    assert (same.count(False), other.count(True)) == (13, 27)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("10 à 49 salariés", "50 à 249 salariés"),
        ("Plutôt d’accord", "Plutôt pas d’accord"),
        ("Dans l’Union européenne", "Hors de l’Union européenne"),
        ("Oui", "Non"),
        ("Quel est votre âge ?", "Quel est votre sexe ?"),
    ],
)
def test_a_number_a_negation_or_other_words_change_the_meaning(old, new):
    assert not can_say_the_same(old, new)
    assert not can_say_the_same(new, old)
    assert can_say_the_same(old, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Coût trop élevé", "Coûts trop élevés"),
        ("Utilisez-vous l’IA ?", "Utilisez-vous l’intelligence artificielle ?"),
        (
            "Où les données de l’entreprise sont-elles gardées ?",
            "Où vos données sont-elles gardées ?",
        ),
    ],
)
def test_endings_and_tool_words_do_not(old, new):
    assert can_say_the_same(old, new)
