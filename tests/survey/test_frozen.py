"""The record of an edition: what changed in silence since, and records that are none."""

import json
from pathlib import Path

import pytest

from survey.errors import QuestionnaireError
from survey.frozen import freeze, record, silent_changes
from survey.questionnaire import in_edition, load_questionnaire

YEARS = Path(__file__).parent / "annees.yml"
WHOLE = load_questionnaire(YEARS)


def edited(folder: Path, before: str, after: str):
    """The questionnaire with some of its text replaced."""
    text = YEARS.read_text(encoding="utf-8")
    assert text.count(before) == 1, before
    path = folder / "annees.yml"
    path.write_text(text.replace(before, after), encoding="utf-8")
    return load_questionnaire(path)


def plain(faults) -> str:
    return "\n".join(map(str, faults)).replace("\u202f", " ")


def test_a_record_gives_silent_changes_away(tmp_path):
    asked = in_edition(WHOLE, 2025)
    path = freeze(asked, tmp_path)
    assert json.loads(path.read_text(encoding="utf-8")) == record(asked)
    assert silent_changes(asked, tmp_path) == []
    assert silent_changes(in_edition(WHOLE, 2026), tmp_path) == []  # never recorded
    silent = edited(tmp_path, "label: Sur place", "label: Chez vous")
    faults = silent_changes(in_edition(silent, 2025), tmp_path)
    assert len(faults) == 1
    assert "question « lieu » : les modalités : ce n’est plus" in plain(faults)
    assert "Posé : site « Sur place », nuage « Dans le nuage »." in plain(faults)
    with pytest.raises(QuestionnaireError, match="déjà figée"):
        freeze(in_edition(silent, 2025), tmp_path)
    gone = edited(tmp_path, "    until: 2026\n    minimum", "    since: 2026\n    minimum")
    assert "la question « part » a été posée en 2025" in plain(
        silent_changes(in_edition(gone, 2025), tmp_path)
    )
    assert freeze(asked, tmp_path) == path  # again, and the same


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b"{}", b'{"questions": []}', b"null"],
)
def test_a_record_that_is_none_is_said_and_kept(tmp_path, content):
    asked = in_edition(WHOLE, 2025)
    path = freeze(asked, tmp_path)
    path.write_bytes(content)
    assert "n’est pas la trace de « annees » en 2025" in plain(silent_changes(asked, tmp_path))
    with pytest.raises(QuestionnaireError):
        freeze(asked, tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(("key", "value"), [("questionnaire", "autre"), ("edition", 2026)])
def test_the_record_of_another_is_refused(tmp_path, key, value):
    asked = in_edition(WHOLE, 2025)
    path = freeze(asked, tmp_path)
    path.write_text(json.dumps(record(asked) | {key: value}), encoding="utf-8")
    assert "n’est pas la trace" in plain(silent_changes(asked, tmp_path))


def test_a_record_edited_by_hand_is_compared_whatever_it_holds(tmp_path):
    asked = in_edition(WHOLE, 2025)
    path = freeze(asked, tmp_path)
    kept = record(asked)
    kept["questions"]["lieu"] |= {"options": ["site", {"code": 1}], "required": 1, "text": None}
    kept["questions"]["taille"]["options"][0]["exclusive"] = True
    kept["questions"]["part"]["minimum"] = 1234567.5
    path.write_text(json.dumps(kept), encoding="utf-8")
    told = plain(silent_changes(asked, tmp_path))
    assert "Posé : site, 1 « None ». Écrit : site « Sur place »" in told
    assert "Posé : 0 « Aucun salarié » (exclusive : oui)" in told
    assert "Posé : 1 234 567,5. Écrit : 0." in told


def test_a_changed_base_is_a_silent_change_too(tmp_path):
    freeze(in_edition(WHOLE, 2026), tmp_path)
    other = edited(tmp_path, 'condition: "lieu in (nuage, mixte)"', "condition: lieu = nuage")
    assert "question « pays »" in plain(silent_changes(in_edition(other, 2026), tmp_path))
