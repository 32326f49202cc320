from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.french import (
    NBSP,
    NNBSP,
    counted,
    decimal,
    integer,
    percent,
    points,
    short_number,
    typography,
    within,
)


def test_numbers_have_narrow_spaces_and_a_decimal_comma():
    assert integer(113483) == "113\u202f483"
    assert decimal(1234.56) == "1\u202f234,6"
    assert decimal(-0.5) == "\u22120,5"
    assert percent(0.244) == "24\u202f%"
    assert percent(0.2444, 1) == "24,4\u202f%"


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.03, f"+3{NBSP}points"),
        (-0.01, f"\u22121{NBSP}point"),
        (0.0, f"0{NBSP}point"),
        (-0.001, f"0{NBSP}point"),
    ],
)
def test_points_are_signed_and_agree(difference, said):
    assert points(difference) == said


@given(st.integers(-(10**9), 10**9))
def test_an_integer_reads_back(number):
    assert int(integer(number).replace(NNBSP, "").replace("\u2212", "-")) == number


@pytest.mark.parametrize(
    ("number", "said"),
    [(5.6, "5,6"), (-1.0, "−1"), (0.1, "0,1"), (1e200, "1e+200"), (1234.5, "1\u202f234,5")],
)
def test_a_short_number_has_the_decimals_that_there_are(number, said):
    assert short_number(number) == said


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "degré", "0 degré"),
        (1, "poids écrit", "1 poids écrit"),
        (2, "poids écrit", "2 poids écrits"),
    ],
)
def test_what_is_counted_agrees(number, noun, said):
    assert counted(number, noun) == said


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Manque de compétences", "manque de compétences"),
        ("L’inquiétude", "l’inquiétude"),
        ("L’IA décide seule", "l’IA décide seule"),
        ("IA au service des économies", "IA au service des économies"),
        ("Consultation du CSE", "consultation du CSE"),
        ("ChatGPT", "ChatGPT"),
        ("Le Chat", "Le Chat"),
        ("Pays de la Loire Conseil", "Pays de la Loire Conseil"),
        ("AMI Industrie du futur", "AMI Industrie du futur"),
        ("1 à 9 salariés", "1 à 9 salariés"),
    ],
)
def test_a_label_within_a_sentence_loses_its_capital_unless_it_is_a_name(label, said):
    assert within(label) == said


def test_typography_leaves_addresses_and_times():
    assert typography("L'IA : 24 % ; voir https://a.fr à 12:30 !") == (
        "L’IA\u202f: 24\u202f%\u202f; voir https://a.fr à 12:30\u202f!"
    )
    assert typography("« oui »") == "«\u202foui\u202f»"


@given(st.text(alphabet="ab :;!?%«»'/ ", max_size=30))
def test_typography_twice_is_once(text):
    assert typography(typography(text)) == typography(text)
