"""What claims to be identical to an official question is held to its base, options and order."""

from pathlib import Path

import pytest

from survey.draft import Draft
from survey.official_items import identity_faults, read_blocks
from survey.questions import Base, Question
from survey.source import Place, Source
from survey.yaml_lines import read_yaml

ITEMS = """enquete,vague,bloc,ordre,item,base,reponse,modalites,population,obligatoire,libelle,\
libelle_francais,lecture,source,note
tic,2025,USES,2,USE_B,net,oui_non,,10+,oui,b,,V,,
tic,2025,USES,1,USE_A,net,oui_non,,10+,oui,a,,V,,
tic,2025,WHY,1,WHY_X,USES=0,une,,10+,oui,x,,V2,,
tic,2025,WHY,2,WHY_Y,USES=0,une,,10+,oui,y,,V2,,
tic,2026,WHY,1,WHY_X,USES=0,plusieurs,,10+,oui,x,,V2,,
tic,2026,WHY,2,WHY_Y,USES=0,plusieurs,,10+,oui,y,,V2,,
tic,2025,OFTEN,1,OFTEN,ensemble,une,day|week,10+,oui,how often,,V,,
tic,2025,TOLD,1,TOLD,ensemble,oui_non,,10+,oui,told,,D,,
"""
BASES = """
- {code: nets, label: nets, condition: ensemble, official: net}
- {code: nousers, label: non, condition: ensemble, official: USES=0}
"""
GRID = """
code: uses
theme: t
type: grid
base: nets
text: Which ?
help: Tick.
short: Uses
options: [{code: oui, label: Oui}, {code: non, label: Non}]
rows:
  - {code: a, label: A, comparable: {status: identical, reference: USE_A}}
  - {code: b, label: B, comparable: {status: identical, item: USE_B}}
comparable: {status: identical, reference: "Tic, uses", item: USES}
"""
CHOICE = """
code: why
theme: t
type: multiple
base: nousers
text: Why ?
help: Tick.
short: Why
options:
  - {code: x, label: X, comparable: {status: identical, item: WHY_X}}
  - {code: y, label: Y, comparable: {status: identical, item: WHY_Y}}
  - {code: none, label: None, exclusive: true}
comparable: {status: identical, item: WHY}
"""
OFTEN = """
code: often
theme: t
type: single
text: How often ?
help: One.
short: Often
options: [{code: day, label: Day}, {code: week, label: Week}]
comparable: {status: identical, item: OFTEN}
"""


def blocks(tmp_path: Path):
    path = tmp_path / "items.csv"
    path.write_text(ITEMS, encoding="utf-8")
    return read_blocks(path)


def faults(tmp_path: Path, text: str, bases: str = BASES) -> list[str]:
    raw = {"questions": [read_yaml(text)[0]], "bases": read_yaml(bases)[0]}
    draft = Draft(Source("essai.yml", {(): Place("essai.yml", 1)}, raw))
    for i, base in enumerate(raw["bases"]):
        draft.add_base(Base.model_validate(base), i)
    draft.add_question(Question.model_validate(raw["questions"][0]), 0)
    found = [str(fault) for fault in identity_faults(draft, blocks(tmp_path))]
    return [fault.replace("\u202f", " ") for fault in found]


def test_blocks_are_read_in_their_order(tmp_path):
    uses = next(block for block in blocks(tmp_path) if block.code == "USES")
    assert uses.codes == ("USE_A", "USE_B")
    assert (uses.base, uses.response, uses.wave) == ("net", "oui_non", "2025")


@pytest.mark.parametrize("text", [GRID, CHOICE, OFTEN])
def test_what_is_identical_passes(tmp_path, text):
    assert faults(tmp_path, text) == []


def test_an_item_of_ours_may_follow_the_last(tmp_path):
    last = "  - {code: b, label: B, comparable: {status: identical, item: USE_B}}\n"
    ours = "  - {code: c, label: C}\n"
    assert faults(tmp_path, GRID.replace(last, last + ours)) == []
    assert "Trouvé : USE_A, c, USE_B." in faults(tmp_path, GRID.replace(last, ours + last))[0]


@pytest.mark.parametrize(
    ("text", "before", "after", "expected"),
    [
        (GRID, "base: nets", "base: ensemble", "« USES » est posée à « net », pas à « ensemble »"),
        (GRID, "item: USES}", "item: USAGES}", "Vouliez-vous écrire « USES »"),
        (GRID, "item: USE_B}", "item: USE_A}", "Attendu : USE_A, USE_B. Trouvé : USE_A, USE_A."),
        (GRID, "{code: non, label: Non}", "{code: jamais, label: Jamais}", "par oui ou non"),
        (CHOICE, "type: multiple", "type: grid", "on répond à « WHY »"),
        (CHOICE, "base: nousers", "base: nets", "« WHY » est posée à « USES=0 », pas à « nets »"),
        (OFTEN, "{code: day, label: Day}, ", "", "Attendu : day, week. Trouvé : week."),
        (OFTEN, "item: OFTEN}", "item: TOLD}", "le libellé officiel de « TOLD » n’a pas été lu."),
        (OFTEN, "status: identical, item: OFTEN", "status: own", None),
    ],
)
def test_each_departure_is_told(tmp_path, text, before, after, expected):
    assert before in text
    found = faults(tmp_path, text.replace(before, after))
    if expected is None:
        assert found == []
    else:
        assert any(expected in fault for fault in found), found


def test_a_line_of_an_adapted_question_is_held_to_its_base(tmp_path):
    adapted = GRID.replace(
        '{status: identical, reference: "Tic', '{status: adapted, reference: "Tic'
    )
    assert faults(tmp_path, adapted) == []
    found = faults(tmp_path, adapted.replace("base: nets", "base: nousers"))
    assert len(found) == 2
    assert all("est posée à « net »" in fault for fault in found)
