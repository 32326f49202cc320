"""Instructions of the paper in French: exact, and named by number of question."""

import pytest
from document_cases import INSTRUMENTS, ROUTING, with_questions

from survey.conditions import Everyone, atoms, parse
from survey.evaluation import holds
from survey.formats.paper.routing import Entry, Goto, paper_routing
from survey.formats.paper.words import PaperWords, question_numbers, row_letter
from survey.generation import generate_responses
from survey.questions import Option

SPACES = str.maketrans("\u202f\u00a0", "  ")


def words(questionnaire=ROUTING) -> PaperWords:
    return PaperWords(questionnaire, question_numbers(questionnaire))


def plain(text: str) -> str:
    return text.translate(SPACES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('taille = "0"', "vous avez répondu « Aucun salarié » à la question Q1"),
        ('taille != "0"', "vous n’avez pas répondu « Aucun salarié » à la question Q1"),
        (
            'taille in ("0", NSP)',
            "vous avez répondu « Aucun salarié » ou « Ne sait pas » à la question Q1",
        ),
        (
            'taille in ("0", "1-9", "10-49")',
            "vous avez répondu autre chose que « Ne sait pas » à la question Q1",
        ),
        (
            'not taille in ("0", "1-9")',
            "vous n’avez répondu ni « Aucun salarié » ni « 1 à 9 salariés » à la question Q1",
        ),
        ("effectif >= 10", "vous avez indiqué au moins 10 personnes à la question Q2"),
        ("not effectif < 2.5", "vous n’avez pas indiqué moins de 2,5 personnes à la question Q2"),
        ("effectif = 3", "vous avez indiqué 3 personnes à la question Q2"),
        ("services has trad", "vous avez coché « Traduction » à la question Q3"),
        ("not services has trad", "vous n’avez pas coché « Traduction » à la question Q3"),
        ("outils.image = oui", "vous avez répondu « Oui » à la ligne b de la question Q4"),
        (
            "not outils.image in (oui, non)",
            "vous n’avez répondu ni « Oui » ni « Non » à la ligne b de la question Q4",
        ),
        ("any(outils) = oui", "vous avez répondu « Oui » à au moins une ligne de la question Q4"),
        ("not any(outils) = oui", "vous n’avez répondu « Oui » à aucune ligne de la question Q4"),
        (
            "all(outils) = non",
            "vous avez répondu « Non » à toutes les lignes à remplir de la question Q4",
        ),
        (
            "not all(outils) = non",
            "vous n’avez pas répondu « Non » à toutes les lignes à remplir de la question Q4",
        ),
        (
            "count(outils = oui) >= 2",
            "vous avez répondu « Oui » à au moins 2 lignes de la question Q4",
        ),
        (
            "not count(outils = oui) > 1",
            "vous n’avez pas répondu « Oui » à plus d’une ligne de la question Q4",
        ),
        (
            "count(outils = oui) = 2",
            "vous avez répondu « Oui » à exactement 2 lignes de la question Q4",
        ),
        (
            "count(outils = oui) < 2",
            "vous aviez à remplir la question Q4 et vous y avez répondu « Oui » à moins de "
            "2 lignes",
        ),
        (
            "count(outils = oui) = 0",
            "vous aviez à remplir la question Q4 et vous n’y avez répondu « Oui » à aucune ligne",
        ),
        (
            "not count(outils = oui) <= 1",
            "vous n’aviez pas à remplir la question Q4 ou y avez répondu « Oui » à au moins "
            "2 lignes",
        ),
        ("answered(effectif)", "vous avez répondu à la question Q2"),
        (
            "not answered(outils.image)",
            "vous n’avez pas répondu à la ligne b de la question Q4",
        ),
        (
            "services has trad or services has spam",
            "vous avez coché « Traduction » ou « Filtre » à la question Q3",
        ),
        (
            "not services has trad and effectif > 3 and not services has spam",
            "vous avez indiqué plus de 3 personnes à la question Q2, et si vous n’avez coché ni "
            "« Traduction » ni « Filtre » à la question Q3",
        ),
        (
            "services has trad and services has spam",
            "vous avez coché « Traduction » à la question Q3, et si vous avez coché « Filtre » à "
            "la question Q3",
        ),
        (
            'taille = "0" and services has trad',
            "vous avez répondu « Aucun salarié » à la question Q1, et si vous avez coché "
            "« Traduction » à la question Q3",
        ),
        (
            'not (taille = "0" or services has trad)',
            "vous n’avez pas répondu « Aucun salarié » à la question Q1, et si vous n’avez pas "
            "coché « Traduction » à la question Q3",
        ),
        (
            'effectif > 3 and (taille = "0" or services has trad)',
            "vous avez indiqué plus de 3 personnes à la question Q2, et si (vous avez répondu "
            "« Aucun salarié » à la question Q1, ou si vous avez coché « Traduction » à la "
            "question Q3)",
        ),
        (
            'effectif > 3 and taille = "0" or services has trad',
            "vous avez indiqué plus de 3 personnes à la question Q2, et si vous avez répondu "
            "« Aucun salarié » à la question Q1 ; ou si vous avez coché « Traduction » à la "
            "question Q3",
        ),
    ],
)
def test_a_condition_in_words(text, said):
    assert plain(words().said(parse(text))) == said


def test_the_question_just_above_is_not_named():
    said = words().said(parse("any(outils) = oui and outils.image = non"), here="outils")
    assert plain(said) == (
        "vous avez répondu « Oui » à au moins une ligne, et si vous avez répondu « Non » à la "
        "ligne b"
    )
    assert words().said(parse("answered(taille)"), here="taille") == (
        "vous avez répondu à cette question"
    )


def test_instructions_say_where_to_go():
    size = parse('taille = "0"')
    said = [
        *words().gotos([Goto("taille", size, "services"), Goto("taille", Everyone(), "outils")]),
        *words().gotos([Goto("taille", Everyone(), "outils")]),
        *words().gotos([Goto("taille", size, None)]),
        words().entry(Entry("services", size, "outils")),
        words().entry(Entry("effectif", size, "outils")),
        words().entry(Entry("effectif", size, None)),
    ]
    assert list(map(plain, said)) == [
        "Si vous avez répondu « Aucun salarié », passez à la question Q3.",
        "Sinon, passez à la question Q4.",
        "Passez à la question Q4.",
        "Si vous avez répondu « Aucun salarié », passez à la fin du questionnaire.",
        "À remplir si vous avez répondu « Aucun salarié » à la question Q1.",
        "Les questions Q2 et Q3 ne vous concernent que si vous avez répondu « Aucun salarié » à "
        "la question Q1. Sinon, passez à la question Q4.",
        "Les questions Q2 à Q4 ne vous concernent que si vous avez répondu « Aucun salarié » à "
        "la question Q1. Sinon, passez à la fin du questionnaire.",
    ]


def test_many_options_are_counted_when_they_come_first():
    services = ROUTING.question("services")
    options = tuple(Option(code=f"o{i}", label=f"Service {i}") for i in range(6))
    wide = services.model_copy(update={"options": options})
    questions = (*ROUTING.questions[:2], wide, ROUTING.questions[3])
    said = words(with_questions(*questions)).said
    first = " or ".join(f"services has o{i}" for i in range(4))
    assert plain(said(parse(first))) == (
        "vous avez coché au moins une des 4 premières réponses à la question Q3"
    )
    assert plain(said(parse(f"not ({first})"), here="services")) == (
        "vous n’avez coché aucune des 4 premières réponses"
    )
    last = " or ".join(f"services has o{i}" for i in range(2, 6))
    assert plain(said(parse(last))).count("« Service") == 4


def test_rows_are_lettered():
    grid = ROUTING.question("outils")
    assert [row_letter(grid, row.code) for row in grid.rows] == ["a", "b", "c"]
    many = tuple(grid.rows[0].model_copy(update={"code": f"r{i}"}) for i in range(28))
    long = grid.model_copy(update={"rows": many})
    assert [row_letter(long, f"r{i}") for i in (25, 26, 27)] == ["z", "aa", "ab"]


@pytest.mark.parametrize("questionnaire", INSTRUMENTS, ids=lambda each: each.code)
def test_what_is_said_in_the_same_words_is_the_same_condition(questionnaire):
    """Told apart by 300 answer sets, two conditions are told apart in words too."""
    rows = generate_responses(questionnaire, 300, seed=14).to_dicts()
    conditions = {parse(base.condition) for base in questionnaire.bases} - {Everyone()}
    conditions |= {atom for condition in conditions for atom in atoms(condition)}
    conditions |= {each.condition for each in paper_routing(questionnaire)} - {Everyone()}
    plan = words(questionnaire)
    meaning = {}
    for condition in conditions:
        if any(type(atom).__name__ == "Named" for atom in atoms(condition)):
            continue
        truth = [holds(condition, questionnaire, row) for row in rows]
        assert meaning.setdefault(plan.said(condition), truth) == truth, condition
    assert len(meaning) >= 5
