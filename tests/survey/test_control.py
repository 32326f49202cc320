from html.parser import HTMLParser

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from survey import control
from survey.columns import empty_responses
from survey.control import control_page
from survey.formats import answers, intake
from survey.formats.intake import REJECTS, Import, ImportReport
from survey.questionnaire import load_questionnaire
from survey.response_quality import distribution, item_nonresponse, speed, straight_lining

YAML = """
code: essai
title: Essai
population: entreprises
introduction: Bonjour.
themes: {t: Thème}
questions:
  - {code: taille, type: single, required: true, text: Taille, short: Taille,
     options: [{code: "0", label: Aucun}, {code: 10-49, label: Dix & plus}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: avis, type: grid, dont_know: true, text: Avis, short: Avis,
     options: [{code: oui, label: Oui}, {code: non, label: Non}],
     rows: [{code: a, label: La}, {code: b, label: Lb}, {code: c, label: Lc},
            {code: d, label: Ld, only_if: taille = "10-49"}, {code: e, label: Le}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: part, type: number, dont_know: true, text: Part, short: Part, theme: t, help: Aide,
     comparable: {status: own}}
  - {code: note, type: text, text: Note, short: Note, theme: t, help: Aide,
     comparable: {status: own}}
"""


@pytest.fixture(scope="module")
def questionnaire(tmp_path_factory):
    path = tmp_path_factory.mktemp("questionnaire") / "essai.yml"
    path.write_text(YAML, encoding="utf-8")
    return load_questionnaire(path)


@pytest.fixture(scope="module")
def responses(questionnaire):
    rows = [
        # id, complete, seconds, size, five opinions, state of the number
        ("1", True, 600.0, "10-49", ["oui", "oui", "oui", "oui", "oui"], "repondu"),
        ("2", True, 660.0, "0", ["non", "non", "non", None, "non"], "NR"),
        ("3", True, 199.0, "0", ["oui", "non", "oui", None, "oui"], "NR"),
        ("4", True, None, "0", ["oui", "NR", "oui", None, "oui"], "NSP"),
        ("5", False, 1.0, "0", ["NR", "NR", "NR", None, "NR"], "NR"),
    ]
    columns = ["id", "complete", "duration_seconds", "taille", "part__etat"]
    return pl.DataFrame(
        [
            dict(zip(columns, (i, done, seconds, size, state), strict=True))
            | {
                "token": f"SECRET{i}",
                "note__etat": "NR",
                "part": 1.0 if state == "repondu" else None,
            }
            | {f"avis__{row}": opinion for row, opinion in zip("abcde", opinions, strict=True)}
            for i, done, seconds, size, opinions, state in rows
        ],
        schema={"id": pl.String, "token": pl.String, "submitted": pl.Datetime("us")}
        | {"complete": pl.Boolean, "duration_seconds": pl.Float64}
        | empty_responses(questionnaire).schema,
    )


def imported(responses, *rejects, **report):
    counts = {"rows_read": 9, "accepted": 5, "rejected": 4, "unfinished": 1, "duplicates": 2}
    return Import(
        responses,
        pl.DataFrame(rejects, schema=REJECTS, orient="row"),
        ImportReport(
            file="export.csv",
            encoding="utf-8-sig",
            separator=";",
            tool="LimeSurvey",
            **counts
            | {"causes": {"code inconnu": 3, "doublon du jeton": 1}}
            | {"unknown_columns": (), "contact_columns": ()}
            | report,
        ),
    )


def test_nonresponse_counts_complete_answers_asked(responses, questionnaire):
    items = item_nonresponse(responses, questionnaire)
    assert items.select("colonne", "n_asked", "nonresponse_share", "dont_know_share").rows()[
        :2
    ] == [
        ("part", 4, 0.5, 0.25),
        ("avis[b]", 4, 0.25, 0.0),
    ]
    asked = dict(items.select("colonne", "n_asked").iter_rows())
    assert asked["avis[d]"] == 1  # shown to the firm of ten only
    assert "note" not in asked


def test_speeders_answer_in_under_a_third_of_the_median(responses):
    measured = speed(responses)
    assert (measured.timed, measured.median, measured.speeders) == (3, 600.0, ("3",))
    assert speed(responses.clear()).median is None


def test_straight_lining_needs_four_answered_rows(responses, questionnaire):
    expected = pl.DataFrame({"libelle": ["Avis"], "n_answered": [3], "share": [2 / 3]})
    assert_frame_equal(straight_lining(responses, questionnaire), expected)
    # a row hidden from a firm leaves it three answers once another one is dropped
    three = responses.filter(pl.col("id") == "2").with_columns(
        pl.lit(None).cast(responses.schema["avis__e"]).alias("avis__e")
    )
    assert straight_lining(three, questionnaire).is_empty()


def test_distribution_keeps_empty_options_in_their_order(responses, questionnaire):
    counts = distribution(responses.head(1), questionnaire.question("taille"))
    assert counts.rows() == [("Aucun", 0, 0.0), ("Dix & plus", 1, 1.0)]


def test_a_question_many_leave_blank_is_shown_first(responses, questionnaire):
    few = page_of(imported(responses), questionnaire, simulated=False)[2]
    many = page_of(imported(pl.concat([responses] * 5)), questionnaire, simulated=False)[2]
    assert "À regarder" not in few
    assert many.index("À regarder") < many.index("part") < many.index("Voir les autres questions")


class Page(HTMLParser):
    """Text, tags and attributes of a page; fails on tags that do not close."""

    VOID = frozenset({"meta"})

    def __init__(self, html):
        super().__init__()
        self.text, self.tags, self.attributes, self.open = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page_of(*arguments, **options):
    html = control_page(*arguments, title="Contrôle de l’import", **options)
    page = Page(html)
    return html, page, " ".join(page.text)


def test_the_page_says_what_came_in_and_what_to_do(responses, questionnaire):
    reject = (12, "77", "code inconnu (admis : 0, 10-49)", "taille", "<b>zut", "ligne écartée")
    erased = (13, "78", "question non posée à ce répondant", "part", "5", "valeur effacée")
    html, page, said = page_of(
        imported(
            responses, reject, erased, unknown_columns=("mystere",), contact_columns=("email",)
        ),
        questionnaire,
        simulated=True,
    )
    for expected in (
        "Données simulées",
        "5 réponses acceptées sur 9 lignes lues dans export.csv",
        "33,3\u202f%",  # three unknown codes in nine rows
        "comparer les codes, puis réimporter",
        "Vérifier le filtre de la question dans l’outil de collecte",
        "10,0 minutes",
        "Identifiants\u202f: 3.",
        "66,7\u202f%",  # two of three in a straight line
        "mystere",
        "email",
        "<b>zut",  # escaped: read as text
        "Dix & plus",
    ):
        assert expected in said
    assert "SECRET" not in html
    assert "b" not in page.tags


def test_real_answers_are_not_called_simulated(responses, questionnaire):
    *_, said = page_of(imported(responses), questionnaire, simulated=False)
    assert "simulées" not in said


def test_the_page_is_accessible_and_stands_alone(responses, questionnaire):
    html, page, _ = page_of(imported(responses), questionnaire, simulated=False)
    assert ("lang", "fr") in page.attributes
    assert page.tags.count("h1") == page.tags.count("main") == 1
    assert page.tags.count("caption") == page.tags.count("table") > 4
    assert "script" not in page.tags
    assert not {"src", "href"} & {name for name, _ in page.attributes}
    assert "http" not in html


def test_an_import_without_any_answer_has_its_page(responses, questionnaire):
    empty = imported(responses.clear(), accepted=0, rejected=9, causes={"code inconnu": 9})
    *_, said = page_of(empty, questionnaire, simulated=False)
    assert "0 réponse acceptée sur 9 lignes lues" in said
    assert "Le fichier ne contient pas de durée" in said


OTHER_TEXTS = {"DATED", "SHOWABLE", "ROW_REJECTED", "VALUE_ERASED", "NOT_TAKEN", "BARE"}


def test_every_cause_of_an_import_has_its_advice():
    causes = {
        value
        for module in (intake, answers)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and " " in value and name not in OTHER_TEXTS
    }
    assert causes == set(control.ADVICE)
