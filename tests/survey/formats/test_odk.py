import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odk_exports import export
from polars.testing import assert_frame_equal
from round_trips import every_questionnaire, every_type, framed, generated, questionnaire_at

from survey.formats.delimited import parse_delimited
from survey.formats.intake import take_in
from survey.formats.odk.reading import odk_source
from survey.strategies import answers

LAYOUTS = [
    {"tool": tool, "groups": groups, "split": split, "joined": joined}
    for tool in ("kobo", "central")
    for groups in (True, False)
    for split, joined in ((True, True), (True, False), (False, True))
]


def read(text, questionnaire, **options):
    table = parse_delimited(text.encode("utf-8-sig"), "export.csv", salvage=True)
    return take_in(
        odk_source({"export.csv": table}, questionnaire, "export.csv", **options), questionnaire
    )


def came_home(responses, questionnaire, layout):
    imported = read(export(responses, questionnaire, **layout), questionnaire)
    assert imported.rejects.is_empty()
    assert_frame_equal(imported.responses, responses, check_exact=True)
    return imported


@every_questionnaire
@pytest.mark.parametrize("layout", LAYOUTS[::2])
def test_every_questionnaire_comes_home(path, layout):
    questionnaire = questionnaire_at(path)
    imported = came_home(generated(questionnaire), questionnaire, layout)
    assert imported.report.unknown_columns == ()
    contact = {"kobo": ("_submitted_by",), "central": ("SubmitterID", "SubmitterName", "DeviceID")}
    assert imported.report.contact_columns == contact[layout["tool"]]


@every_type
@given(data=st.data())
@settings(max_examples=30)
def test_any_answers_come_home(path, data):
    questionnaire = questionnaire_at(path)
    people = data.draw(st.lists(answers(questionnaire), min_size=1, max_size=3))
    came_home(framed(questionnaire, people), questionnaire, data.draw(st.sampled_from(LAYOUTS)))
