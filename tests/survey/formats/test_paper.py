"""The printable questionnaire: what it says, how it is set, and the same bytes twice."""

import json
from itertools import pairwise

import pytest
import typst
from document_cases import EVERY, PATHS, ROUTING, with_questions

from survey.columns import SPECIAL_LABELS
from survey.files import FONTS
from survey.formats.paper.sheet import TEMPLATE, Mailing, export_paper, paper_content
from survey.french import typography
from survey.questionnaire import load_questionnaire
from survey.questions import Option, Row

MAILING = Mailing(
    sender="CESER",
    return_address=("CESER", "1 rue de l’Essai", "00000 Ville"),
    contact="essai@exemple.fr",
    deadline="15 mars 2027",
)
# Where titles and marks to tick stand, in reading order: the template is left as it is.
PLACES = """
#show circle: it => [#metadata(none) <mark>#it]
#show square: it => [#metadata(none) <mark>#it]
#include "sheet.typ"
#context {
  let found = query(selector.or(heading, <mark>)).map(one => (
    level: if one.func() == heading { one.level } else { 0 },
    page: one.location().page(),
    y: one.location().position().y.mm(),
  ))
  [#metadata(found) <places>]
}
"""


def compiled(questionnaire, source=TEMPLATE, **options):
    return typst.compile(
        source,
        root=TEMPLATE.parent,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"questionnaire": json.dumps(paper_content(questionnaire))},
        **options,
    )


def pages(questionnaire) -> int:
    found = compiled(questionnaire, format="png", ppi=10)
    return len(found) if isinstance(found, list) else 1


def places(questionnaire) -> list[dict]:
    found = typst.query(
        PLACES.encode(),
        "<places>",
        field="value",
        one=True,
        root=TEMPLATE.parent,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"questionnaire": json.dumps(paper_content(questionnaire))},
    )
    return json.loads(found)


def texts(content) -> list[str]:
    """Every text of the paper."""
    match content:
        case str():
            return [content]
        case dict():
            return [text for key, part in content.items() if key != "kind" for text in texts(part)]
        case list() | tuple():
            return [text for part in content for text in texts(part)]
        case _:
            return []


@EVERY
def test_the_pdf_is_tagged_french_accessible_and_the_same_twice(questionnaire, tmp_path):
    export_paper(questionnaire, tmp_path / "a.pdf", MAILING)
    export_paper(questionnaire, tmp_path / "b.pdf", MAILING)
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf == (tmp_path / "b.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-1.7")
    for mark in (
        b"/StructTreeRoot",
        b"/Lang(fr-FR)",
        b"pdfuaid:part>1<",
        b"/DisplayDocTitle true",
    ):
        assert mark in pdf, mark
    for clock in (b"CreationDate", b"ModDate", b"CreateDate", b"ModifyDate"):
        assert clock not in pdf, clock
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "b.pdf"]


@EVERY
def test_only_the_house_typeface_is_used(questionnaire, tmp_path):
    export_paper(questionnaire, tmp_path / "a.pdf")
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"SourceSans3-Regular" in pdf and b"SourceSans3-Bold" in pdf
    assert not [name for name in (b"Libertinus", b"NewCM", b"DejaVu") if name in pdf]


@EVERY
def test_nothing_is_orphan_cut_or_out_of_the_page(questionnaire):
    found = places(questionnaire)
    questions = [place for place in found if place["level"] == 2]
    assert len(questions) == len(questionnaire.questions)
    for before, after in pairwise(found):
        if before["level"] == 1:  # a theme stands over its first question
            assert after["level"] == 2 and after["page"] == before["page"]
        if after["level"] == 0 and before["page"] > 1:  # a mark, on the page of its question
            assert after["page"] == before["page"]
    assert min(place["y"] for place in found) > 10
    assert max(place["y"] for place in found) < 297 - 17


@EVERY
def test_every_word_of_the_questionnaire_is_on_the_paper(questionnaire):
    said = texts(paper_content(questionnaire, MAILING))
    for question in questionnaire.questions:
        assert question.text in said
        assert any(text.startswith(question.help) for text in said)
        for item in (*question.options, *question.rows):
            assert item.label in said
    whole = "\n".join(said)
    for line in questionnaire.introduction.splitlines():
        assert line in whole
    for part in (*MAILING.return_address, MAILING.sender, MAILING.contact, MAILING.deadline):
        assert part in whole


@EVERY
def test_texts_are_set_in_french_and_hold_no_code(questionnaire):
    said = texts(paper_content(questionnaire, MAILING))
    assert [text for text in said if text != typography(text)] == []
    assert not any("__" in text or "NSP" in text or "None" in text for text in said)


@EVERY
def test_every_mark_to_tick_is_there(questionnaire):
    shown = {
        question["number"]: question
        for theme in paper_content(questionnaire)["themes"]
        for question in theme["questions"]
    }
    assert list(shown) == [f"Q{i}" for i in range(1, len(questionnaire.questions) + 1)]
    for question, on_paper in zip(questionnaire.questions, shown.values(), strict=True):
        labels = [option.label for option in question.options]
        labels += [SPECIAL_LABELS["NSP"]] * question.dont_know
        match question.type:
            case "grid":
                assert on_paper["columns"] == labels
                assert [row["label"] for row in on_paper["rows"]] == [
                    r.label for r in question.rows
                ]
            case "single" | "multiple":
                options = [o for group in on_paper["groups"] for o in group["options"]]
                assert [option["label"] for option in options] == labels
                assert [o["other"] for o in options][: len(question.options)] == [
                    option.other for option in question.options
                ]
            case "number":
                assert (on_paper["dont-know"] is not None) == question.dont_know


def test_a_grid_taller_than_a_page_goes_on_with_its_heads():
    grid = ROUTING.question("outils")
    rows = tuple(Row(code=f"r{i}", label=f"Ligne {i}") for i in range(80))
    long = grid.model_copy(update={"rows": rows})
    questionnaire = with_questions(*ROUTING.questions[:-1], long)
    assert pages(ROUTING) == 2
    assert pages(questionnaire) == 4
    marks = [place for place in places(questionnaire) if place["page"] > 1 and not place["level"]]
    assert len([mark for mark in marks if mark["page"] >= 3]) >= 80
    assert max(place["y"] for place in marks) < 297 - 17


def test_conditional_options_and_rows_say_for_whom():
    services = ROUTING.question("services")
    extra = (
        Option(code="rh", label="Recrutement", only_if='taille != "0"'),
        Option(code="paie", label="Paie", only_if='taille != "0"'),
        Option(code="rien", label="Rien", exclusive=True),
    )
    asked = services.model_copy(update={"options": (*services.options, *extra)})
    grid = ROUTING.question("outils")
    more = Row(code="drone", label="Drone", only_if='taille != "0"')
    wide = grid.model_copy(update={"rows": (*grid.rows, more)})
    questions = (*ROUTING.questions[:2], asked, wide)
    content = paper_content(with_questions(*questions))
    shown = content["themes"][0]["questions"]
    condition = typography("si vous n’avez pas répondu « Aucun salarié » à la question Q1")
    condition = condition.replace("question Q1", "question\u00a0Q1")
    groups = shown[2]["groups"]
    assert [(g["offer"], [o["label"] for o in g["options"]]) for g in groups] == [
        (None, ["Traduction", "Filtre"]),
        (typography(f"Seulement {condition} :"), ["Recrutement", "Paie"]),
        (None, ["Rien", "Ne sait pas"]),
    ]
    assert [row["offer"] for row in shown[3]["rows"]] == [
        None,
        None,
        typography(f"Lignes c et d : seulement {condition}."),
        None,
    ]


@pytest.mark.parametrize(
    ("bounds", "digits", "said"),
    [
        ({}, None, "En tout. Un nombre."),
        (
            {"minimum": 0, "maximum": 250, "integer": True},
            3,
            "En tout. Un nombre entier, de 0 à 250.",
        ),
        (
            {"minimum": -5, "maximum": 5, "integer": True},
            None,
            "En tout. Un nombre entier, de −5 à 5.",
        ),
        ({"minimum": 0.5}, None, "En tout. Un nombre, 0,5 ou plus."),
        ({"maximum": 100}, None, "En tout. Un nombre, 100 au plus."),
    ],
)
def test_a_number_has_its_boxes_and_its_bounds(bounds, digits, said):
    number = ROUTING.question("effectif").model_copy(update=bounds)
    questions = (ROUTING.questions[0], number, *ROUTING.questions[2:])
    content = paper_content(with_questions(*questions))
    shown = content["themes"][0]["questions"][1]
    assert (shown["digits"], shown["help"]) == (digits, said)


def test_the_edition_and_the_senders_are_on_the_cover():
    content = paper_content(load_questionnaire(PATHS[0], 2026), MAILING)
    assert content["edition"] == "Édition 2026"
    assert content["running"].endswith("Édition 2026")
    assert content["sender"] == "CESER"
    assert content["back"]["send"] == typography(
        "Renvoyez ce questionnaire avant le 15 mars 2027 à l’adresse suivante :"
    )
    bare = paper_content(ROUTING)
    assert bare["back"]["send"] == "Renvoyez ce questionnaire comme l’indique votre courrier."
    assert bare["back"]["contact"] is None and bare["sender"] == ""
