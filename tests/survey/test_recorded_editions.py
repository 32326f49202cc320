"""Every edition that was recorded is still given back, word for word."""

import json
from pathlib import Path

import pytest

from survey.changes import meaning_faults
from survey.frozen import record, record_path, silent_changes
from survey.questionnaire import in_edition, load_questionnaire

INSTRUMENTS = Path(__file__).parents[2] / "survey" / "instruments"
RECORDS = sorted(INSTRUMENTS.glob("editions/*/*.json"))


def test_the_editions_of_the_demonstration_are_recorded():
    assert {(path.parent.name, path.stem) for path in RECORDS} >= {
        ("2025", "entreprises"),
        ("2026", "entreprises"),
    }


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.stem} {path.parent.name}")
def test_what_was_asked_is_still_what_the_questionnaire_says(path):
    edition = load_questionnaire(INSTRUMENTS / f"{path.stem}.yml", int(path.parent.name))
    assert record_path(INSTRUMENTS, edition) == path
    assert silent_changes(edition, INSTRUMENTS) == []
    assert record(edition) == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(INSTRUMENTS.glob("*.yml")), ids=lambda path: path.stem)
def test_no_code_changes_its_meaning_from_year_to_year(path):
    known = load_questionnaire(path)
    for year in range(known.since, 2028):
        assert meaning_faults(in_edition(known, year), in_edition(known, year + 1)) == []
