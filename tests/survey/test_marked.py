import polars as pl
import pytest

from analysis.checks import fault, row_numbers
from survey.marked import advice, option, setting, shown, twin

WORDS = {"lonely": "upe_seule", "bounds": "bornes", "base": None}
LONELY = setting("lonely", "adjust")


@pytest.mark.parametrize(
    ("text", "engine", "own"),
    [
        (f"« {option('lonely')} »", "« lonely »", "« upe_seule »"),
        (f"« {option('pps')} » lonely", "« pps » lonely", "« pps » lonely"),
        (LONELY, 'lonely="adjust"', "« upe_seule: adjust »"),
        (setting("bounds", (0.5, 2.0)), "bounds=(0.5, 2.0)", "« bornes: [0.5, 2.0] »"),
        (setting("nested", True), "nested=True", "« nested: true »"),
        (setting("", "average"), '"average"', "« average »"),
        (f"écarter{advice('base', ' par « base »')}.", "écarter par « base ».", "écarter."),
        (f"« {twin('lonely', 'codes')} »", "« lonely »", "« lonely »"),
        (advice("lonely", f"ou {LONELY}"), 'ou lonely="adjust"', "ou « upe_seule: adjust »"),
    ],
)
def test_options_are_told_in_the_words_of_the_engine_or_of_its_caller(text, engine, own):
    assert shown(text) == engine
    assert shown(text, WORDS) == own


def test_an_error_tells_rows_and_keeps_their_marks():
    error = fault(f"Poids ({row_numbers(pl.Series([False] * 2 + [True] * 7))}), ligne 9.")
    assert str(error) == "Poids (lignes 3, 4, 5, 6, 7 et 2 autres), ligne 9."
    told = shown(error.args[0], line_of=lambda row: 10 * row)
    assert told == "Poids (lignes 30, 40, 50, 60, 70 et 2 autres), ligne 9."
