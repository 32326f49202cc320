"""The codebook: every column and every code, in a CSV and in a page that says the same."""

import csv
import re
from html.parser import HTMLParser
from itertools import pairwise

import polars as pl
from document_cases import EVERY, ROUTING, TESTS, with_questions

from survey.columns import questionnaire_columns
from survey.formats.documents.codebook import (
    codebook_frame,
    codebook_page,
    export_codebook_csv,
    export_codebook_html,
)
from survey.formats.documents.dictionary import changes, comparability, describe, editions
from survey.french import typography
from survey.questionnaire import load_questionnaire
from survey.questions import Change, Comparable, Option

CLOSED_ALONE = {"meta", "br"}


class Page(HTMLParser):
    """What a page holds: identifiers, references, titles and texts, and elements left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids, self.references, self.links, self.headings = [], [], [], []
        self.open, self.texts, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.references += attributes.get("aria-labelledby", "").split()
        self.links += [attributes["href"]] if "href" in attributes else []
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag not in CLOSED_ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and "style" not in self.open:
            self.texts.append((self.open[-1], data.strip()))


def changed():
    """`routage.yml` with what editions and comparisons add."""
    size, number, services, tools = ROUTING.questions
    change = Change(edition=2026, what="Mot précisé.", breaks=False, before={"text": "Lesquels ?"})
    compared = Comparable(status="identical", reference="Eurostat", item="E_AI_X")
    option = Option(
        code="rh",
        label="Recrutement <b>",
        since=2027,
        until=2027,
        only_if='taille != "0"',
        comparable=compared,
    )
    wide = services.model_copy(
        update={"options": (*services.options, option), "changed": (change,)}
    )
    return with_questions(size, number, wide, tools)


@EVERY
def test_the_csv_has_one_row_for_each_column_and_code(questionnaire, tmp_path):
    export_codebook_csv(questionnaire, tmp_path / "codes.csv")
    assert (tmp_path / "codes.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "codes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = []
    for column in questionnaire_columns(questionnaire):
        codes = [""]
        if isinstance(column.dtype, pl.Enum):
            codes = column.dtype.categories.to_list()
        elif column.role == "tick":
            codes = ["true", "false"]
        expected += [(column.name, code) for code in codes]
    assert [(row["variable"], row["code"]) for row in rows] == expected
    for row in rows:
        assert all(row[name] for name in ("enonce", "libelle", "type", "contenu", "champ", "vide"))
        assert row["manquant"] == ("oui" if row["code"] in ("NSP", "NR") else "non") or (
            not row["code"] and not row["manquant"]
        )


def test_a_row_tells_who_is_asked_since_when_and_compared_with_what():
    frame = codebook_frame(changed())
    [row] = frame.filter(variable="services__rh", code="true").to_dicts()
    assert row == {
        "variable": "services__rh",
        "question": "services",
        "theme": "profil",
        "enonce": typography("Quels services ? – Recrutement <b>"),
        "libelle": typography("Services : Recrutement <b>"),
        "type": "choix multiple",
        "contenu": "modalité cochée ou non",
        "code": "true",
        "libelle_code": "Cochée",
        "manquant": "non",
        "champ": typography("réponses où « Taille » n’est pas « Aucun salarié »"),
        "vide": typography(
            "question non posée ou sans réponse : voir services__etat, ou modalité non proposée"
        ),
        "unite": None,
        "depuis": "2027",
        "jusqu_a": "2027",
        "comparabilite": typography("Identique à : Eurostat (E_AI_X)."),
        "reference": "E_AI_X",
        "changements": typography(
            "2026 : Mot précisé. Avant : « Lesquels ? ». Sans rupture de série."
        ),
    }
    [number] = frame.filter(variable="effectif").to_dicts()
    assert (number["unite"], number["code"], number["manquant"]) == ("personnes", None, None)


@EVERY
def test_the_page_is_well_formed_and_can_be_found_one_s_way_in(questionnaire, tmp_path):
    export_codebook_html(questionnaire, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.references) <= set(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(page.headings))
    assert page.headings.count(3) == len(questionnaire.questions)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") > len(questionnaire.questions)
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    assert ("html", {"lang": "fr"}) in page.tags
    assert not {"script", "img", "link", "iframe"} & set(tags)
    assert "http" not in text


@EVERY
def test_every_column_and_every_code_is_on_the_page(questionnaire):
    page = Page(codebook_page(questionnaire))
    codes = {text for tag, text in page.texts if tag == "code"}
    for each in describe(questionnaire):
        assert each.column.name in codes
        assert {code.value for code in each.codes} <= codes
    plain = [text for tag, text in page.texts if tag != "code"]
    assert [text for text in plain if text != typography(text)] == []
    assert [text for text in plain if re.search(r"\w_\w|\bNSP\b", text)] == []


def test_what_is_written_is_escaped_and_codes_are_set_as_code():
    text = codebook_page(changed())
    assert "Recrutement &lt;b&gt;" in text and "Recrutement <b>" not in text
    assert "(<code>E_AI_X</code>)" in text
    assert "Proposée en 2027." in text
    assert "2026\u202f: Mot précisé." in text


def test_a_change_tells_how_the_question_was_asked():
    before = {
        "help": "Tout.",
        "base": "grandes",
        "labels": {"trad": "Traducteur"},
        "order": ["spam", "trad"],
        "minimum": 1,
        "maximum": 2.5,
        "unit": "mois",
    }
    later = Change(edition=2027, what="Repris.")
    change = Change(edition=2026, what="Refondu.", before=before)
    asked = ROUTING.question("services").model_copy(update={"changed": (later, change)})
    assert list(changes(asked, ROUTING)) == [
        (
            2026,
            typography(
                "Refondu. Aide d’avant : « Tout. ». Champ d’avant : entreprises de 10 salariés ou "
                "plus. Libellé d’avant du code trad : « Traducteur ». Ordre d’avant des codes : "
                "spam, trad. Minimum d’avant : 1. Maximum d’avant : 2,5. Unité d’avant : mois. "
                "Rupture de série."
            ),
        ),
        (2027, "Repris. Rupture de série."),
    ]


def test_words_of_editions_and_comparisons():
    assert editions(2025, None) == "depuis 2025"
    assert editions(2025, 2027) == "de 2025 à 2027"
    assert editions(2026, 2026) == "en 2026"
    own = Comparable(status="own", note="Inspirée d’ailleurs.")
    assert comparability(own) == "Question de l’observatoire. Inspirée d’ailleurs."
    same = Comparable(status="identical", reference="E_AI_TTM", item="E_AI_TTM")
    assert comparability(same) == typography("Identique à : E_AI_TTM.")


def test_the_same_questionnaire_gives_the_same_page():
    assert codebook_page(ROUTING) == codebook_page(load_questionnaire(TESTS / "routage.yml"))
