"""What is planted in a built site, of every kind and in every kind of file, is found."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
import typst
from openpyxl import Workbook
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from reports.inspection.formulas import is_formula
from reports.inspection.people import is_siret, shapes_in
from reports.inspection.scripts import ASSETS, tag_faults
from reports.inspection.site import inspected
from survey.collection.contacts import Person
from survey.collection.settings import default_settings, open_stores
from survey.questionnaire import load_questionnaire

ROOT = Path(__file__).parents[2]
ANSWER = "Nous craignons que l'outil remplace « trois » collègues d'ici à deux ans, & c'est dur."
NAME = "Solène Quilleriet"
EMAIL, PHONE, SIRET = "solene@exemple.org", "06 12 34 56 78", "732 829 320 00074"


@pytest.fixture
def campaign(tmp_path):
    """A campaign that keeps one free answer, a contact in each file, and a base of our own form."""
    private = tmp_path / "campaigns" / "private"
    (private / "collecte").mkdir(parents=True)
    answers = {"id": ["1"], "token": ["abc"], "usage": [True], "commentaire": [ANSWER]}
    pl.DataFrame(answers).write_parquet(private / "reponses.parquet")
    pl.DataFrame({"unite": ["u1"], "nom": [NAME]}).write_csv(private / "liens.csv")
    settings = default_settings("essai", private / "collecte", environment={})
    stores = open_stores(settings, load_questionnaire(ROOT / "tests/survey/essai.yml"))
    stores.contacts.add([Person("i", "h", "u2", {"adresse": "9 impasse des Glycines"})])
    stores.close()
    (tmp_path / "data" / "reference").mkdir(parents=True)
    region = "editeur: {courriel: ceser@exemple.fr, telephone: 02 28 20 53 14}\n"
    (tmp_path / "data/reference/region.yml").write_text(region, encoding="utf-8")
    return SimpleNamespace(private=private, edition=2026)


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "_site"
    (folder / "site_libs" / "observatoire").mkdir(parents=True)
    shutil.copy(ASSETS / "tabs.js", folder / "site_libs" / "observatoire")
    text = "<p>ceser@exemple.fr, +33 2 28 20 53 14, 244400404, 0.17894736724435</p>"
    (folder / "index.html").write_text(text, encoding="utf-8")
    (folder / "d.csv").write_text("a,b\n-0.5,1e-7\n+3,−2 %\n'=1+1,-\n", encoding="utf-8")
    return folder


def found(site, campaign) -> list[str]:
    return list(inspected(site, [campaign]))


def test_a_clean_site_has_nothing(site, campaign):
    assert found(site, campaign) == []


KINDS = {
    "page.html": lambda text: f"<p>{text.replace('&', '&amp;').replace(chr(39), '&#39;')}</p>",
    "coupe.html": lambda text: (
        "<p>" + text.replace(" ", " <b>x</b>".replace("x", "") + " ") + "</p>"
    ),
    "attribut.html": lambda text: f'<p title="{text}">x</p>',
    "a.csv": lambda text: f'id,texte\n1,"{text}"\n',
    "b.json": lambda text: json.dumps({"texte": text}),
    "c.svg": lambda text: f"<svg><text>{text.replace(' ', '</text><text>')}</text></svg>",
    "d.js": None,
    "e.yml": lambda text: f"texte: >-\n  {text}\n",
    "f.txt": lambda text: text.upper(),
}


def write(path: Path, text: str) -> None:
    if path.suffix == ".pdf":
        source = b"#set document(title: sys.inputs.t)\n#sys.inputs.t"
        path.write_bytes(typst.compile(source, format="pdf", sys_inputs={"t": text}))
    elif path.suffix == ".xlsx":
        book = Workbook()
        book.active["B2"] = text
        book.save(path)
    elif path.suffix == ".parquet":
        pl.DataFrame({"a": [text]}).write_parquet(path)
    else:
        path.write_text(KINDS[path.name](text), encoding="utf-8")


FILES = [*(name for name, made in KINDS.items() if made), "g.pdf", "h.xlsx", "i.parquet"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ANSWER, "une réponse libre de 2026"),
        (f"suite : {ANSWER[:70]}…", "une réponse libre de 2026"),
        (NAME, "une coordonnée de 2026"),
        ("9, impasse des GLYCINES", "une réponse ou une coordonnée de 2026"),
        (f"({EMAIL})", "une adresse électronique"),
        (f"tél. {PHONE}", "un numéro de téléphone"),
        (f"siret {SIRET}", "un numéro SIRET"),
    ],
)
def test_a_person_is_found_in_every_kind_of_file(site, campaign, name, text, said):
    write(site / name, text)
    [fault] = found(site, campaign)
    assert fault.startswith(f"{name} : {said} apparaît")
    assert EMAIL not in fault and PHONE not in fault


@pytest.mark.parametrize("text", ["oui", "trois collègues d’ici", "Nous craignons", "1 234 567"])
def test_words_that_anyone_may_write_are_no_answer(site, campaign, text):
    (site / "page.html").write_text(f"<p>{text}</p>", encoding="utf-8")
    assert found(site, campaign) == []


@pytest.mark.parametrize(
    ("tag", "attrs", "said"),
    [
        ("img", [("src", "a.png"), ("onerror", "x()")], "gestionnaire (onerror)"),
        ("svg", [("onload", "x()")], "gestionnaire (onload)"),
        ("a", [("href", "javascript:x()")], "adresse qui exécute"),
        ("a", [("href", " JAVA\tscript:x()")], "adresse qui exécute"),
        ("a", [("href", "data:text/html,x")], "adresse qui exécute"),
        ("script", [], "un programme est écrit dans la page"),
        ("script", [("type", "module")], "un programme est écrit dans la page"),
        ("iframe", [("src", "a.html")], "« iframe » n’a rien à faire"),
        ("iframe", [("srcdoc", "<p>")], "porte une page (srcdoc)"),
        ("meta", [("http-equiv", "refresh")], "renvoie ailleurs"),
        ("base", [("href", "https://a.fr")], "« base » n’a rien à faire"),
    ],
)
def test_what_an_element_would_run_is_said(tag, attrs, said):
    assert said in " ; ".join(tag_faults(tag, attrs))


@pytest.mark.parametrize(
    ("tag", "attrs"),
    [
        ("script", [("type", "application/json")]),
        ("script", [("src", "tabs.js")]),
        ("img", [("src", "data:image/png;base64,x"), ("alt", "onerror=x")]),
        ("a", [("href", "https://exemple.fr/javascript:")]),
    ],
)
def test_what_only_shows_is_taken(tag, attrs):
    assert list(tag_faults(tag, attrs)) == []


def test_a_script_that_the_project_did_not_write_is_found(site, campaign):
    path = site / "site_libs" / "observatoire" / "tabs.js"
    path.write_text(path.read_text(encoding="utf-8") + "\nfetch('/')", encoding="utf-8")
    (site / "donnees.js").write_text("const INDEX = [1];\nalert(1)", encoding="utf-8")
    assert [fault.partition(" : ")[0] for fault in found(site, campaign)] == [
        "donnees.js",
        "site_libs/observatoire/tabs.js",
    ]


def test_the_data_before_a_script_of_ours_is_only_data(site, campaign):
    own = (ASSETS / "recherche.js").read_text(encoding="utf-8")
    (site / "recherche.js").write_text(f'const INDEX = [["a"]];\n{own}', encoding="utf-8")
    assert found(site, campaign) == []
    (site / "recherche.js").write_text(f"const INDEX = alert(1);\n{own}", encoding="utf-8")
    assert len(found(site, campaign)) == 1


@pytest.mark.parametrize(
    "svg",
    [
        "<svg><script>x()</script></svg>",
        '<svg><g onclick="x()"/></svg>',
        '<svg><a xlink:href="javascript:x()"/></svg>',
        "<svg><foreignObject><p/></foreignObject></svg>",
    ],
)
def test_an_image_that_runs_something_is_found(site, campaign, svg):
    (site / "a.svg").write_text(svg, encoding="utf-8")
    assert found(site, campaign)
    (site / "a.svg").write_text("<svg><text>&lt;p onclick=x()&gt;</text></svg>", encoding="utf-8")
    assert found(site, campaign) == []


def test_a_pdf_that_runs_something_is_found(site, campaign):
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    writer.write(site / "a.pdf")
    assert found(site, campaign) == ["a.pdf : ce PDF porte un programme."]


@pytest.mark.parametrize("cell", ["=1+1", "=cmd|'/c calc'!A0", "@SUM(A1)", "+33+A1", "-2+3+cmd|x"])
@pytest.mark.parametrize("mark", [",", ";"])
def test_a_formula_of_a_csv_is_found(site, campaign, cell, mark):
    (site / "f.csv").write_text(f'a{mark}b\n1{mark}2\n3{mark}"{cell}"\n', encoding="utf-8")
    assert [fault[:16] for fault in found(site, campaign)] == ["f.csv, ligne 3 :"]


def test_a_formula_of_a_workbook_is_found(site, campaign):
    write(site / "f.xlsx", "=1+1")
    assert found(site, campaign) == ["f.xlsx, Sheet!B2 : une case est une formule."]


@pytest.mark.parametrize("cell", ["", "-", "-3", "+0,5", "-1.2e-7", "−3", "'=1", "a=b", "-12 %"])
def test_a_number_is_no_formula(cell):
    assert not is_formula(cell)


def test_shapes_are_told_from_numbers():
    assert is_siret("73282932000074") and not is_siret("73282932000075") and not is_siret("0" * 14)
    numbers = "0.0612345678, 1061234567812, 12345678901234, M0 12 34.5 67 89, 0612345678,12"
    assert shapes_in([numbers]) == [[]]


def test_a_file_that_cannot_be_read_is_said(site, campaign):
    (site / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"a\.xlsx : ce fichier ne se lit pas"):
        found(site, campaign)
