"""The DDI-Codebook document: its structure, the official schema where it is at hand, its content.

Set OBSERVATOIRE_DDI_XSD to the path of the official `codebook.xsd` (DDI-Codebook 2.5, with the
schemas it imports beside it) to validate against it; without it that one test says it did not.
"""

import os
from datetime import date
from xml.etree import ElementTree

import pytest
from ddi_structure import NAMESPACE, structure_faults
from document_cases import INSTRUMENTS, PATHS, ROUTING, with_questions
from lxml import etree

from survey.columns import questionnaire_columns
from survey.formats.documents.ddi import StudyFacts, ddi_document, export_ddi
from survey.french import typography
from survey.questionnaire import load_questionnaire
from survey.questions import Change, Comparable, Option

QUESTIONNAIRES = [ROUTING, *INSTRUMENTS, *(load_questionnaire(path, 2026) for path in PATHS)]
EVERY = pytest.mark.parametrize(
    "questionnaire", QUESTIONNAIRES, ids=lambda each: f"{each.code}-{each.edition}"
)
SCHEMA = os.environ.get("OBSERVATOIRE_DDI_XSD")
FACTS = StudyFacts(
    producer="CESER des Pays de la Loire",
    contact="essai@exemple.fr",
    series="Observatoire des usages de l’IA",
    universe="Entreprises de la région",
    nation="France",
    territory="Pays de la Loire",
    modes=("Internet", "Papier"),
    sampling="Sondage stratifié",
    weighting="Calage sur marges",
    starts=date(2026, 3, 1),
    ends=date(2026, 5, 31),
    published=date(2026, 10, 1),
    confidentiality="Secret statistique",
    file_name="reponses.parquet",
    file_format="Parquet",
    cases=1200,
    simulated=True,
)


def written(questionnaire, path, facts=FACTS):
    export_ddi(questionnaire, path, facts)
    return ElementTree.parse(path).getroot()


def found(root, path: str) -> list:
    return root.findall("/".join(f"{NAMESPACE}{tag}" for tag in path.split("/")))


def said(root, path: str) -> list[str]:
    return [element.text for element in found(root, path)]


def variable(root, name: str):
    return next(v for v in found(root, "dataDscr/var") if v.get("name") == name)


def notes(element, kind: str) -> list[str]:
    return [note.text for note in found(element, "notes") if note.get("type") == kind]


@EVERY
@pytest.mark.parametrize("facts", [StudyFacts(), FACTS], ids=["bare", "full"])
def test_the_structure_is_that_of_ddi_codebook(questionnaire, facts, tmp_path):
    assert structure_faults(written(questionnaire, tmp_path / "ddi.xml", facts)) == []


@pytest.mark.skipif(
    not SCHEMA,
    reason="schéma officiel non donné (OBSERVATOIRE_DDI_XSD) : seule la structure est vérifiée",
)
def test_documents_are_valid_against_the_official_schema(tmp_path):
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    for questionnaire in (*QUESTIONNAIRES, changed_questionnaire()):
        for facts in (StudyFacts(), FACTS):
            written(questionnaire, tmp_path / "ddi.xml", facts)
            schema.assertValid(etree.parse(tmp_path / "ddi.xml"))


@EVERY
def test_there_is_one_variable_for_each_column(questionnaire, tmp_path):
    root = written(questionnaire, tmp_path / "ddi.xml")
    columns = questionnaire_columns(questionnaire)
    variables = found(root, "dataDscr/var")
    assert [each.get("name") for each in variables] == [column.name for column in columns]
    assert said(root, "fileDscr/fileTxt/dimensns/varQnty") == [str(len(columns))]
    for column, each in zip(columns, variables, strict=True):
        question = questionnaire.question(column.question)
        assert said(each, "qstn/qstnLit")[0].startswith(question.text)
        values = said(each, "catgry/catValu")
        if column.role in ("choice", "state"):
            assert values == column.dtype.categories.to_list()
        else:
            assert values == (["true", "false"] if column.role == "tick" else [])
        invalid = [item.get("VALUE") for item in found(each, "invalrng/item")]
        assert invalid == [value for value in values if value in ("NSP", "NR")]
        assert len(notes(each, "cellules vides")) == len(notes(each, "comparabilité")) == 1


@EVERY
def test_every_variable_is_in_its_theme_and_in_its_question(questionnaire, tmp_path):
    root = written(questionnaire, tmp_path / "ddi.xml")
    names = {each.get("ID"): each.get("name") for each in found(root, "dataDscr/var")}
    groups = {
        (group.get("type"), group.get("name")): group for group in found(root, "dataDscr/varGrp")
    }
    in_themes = [
        names[number]
        for theme in questionnaire.themes
        for number in groups["section", theme].get("var").split()
    ]
    assert sorted(in_themes) == sorted(names.values())
    kinds = {"multiple": "multipleResp", "grid": "grid"}
    for question in questionnaire.questions:
        if question.type in kinds:
            group = groups[kinds[question.type], question.code]
            inside = [names[number] for number in group.get("var").split()]
            assert inside == [n for n in names.values() if n.split("__")[0] == question.code]
            assert group.get("ID") in groups["section", question.theme].get("varGrp").split()


def test_the_same_questionnaire_gives_the_same_bytes(tmp_path):
    for name in ("a.xml", "b.xml"):
        export_ddi(ROUTING, tmp_path / name, FACTS)
    assert (tmp_path / "a.xml").read_bytes() == (tmp_path / "b.xml").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xml", "b.xml"]


def test_the_study_says_what_is_known_of_it(tmp_path):
    root = written(load_questionnaire(PATHS[0], 2026), tmp_path / "ddi.xml")
    assert said(root, "stdyDscr/citation/titlStmt/titl")[0].endswith(", édition 2026")
    assert said(root, "stdyDscr/citation/verStmt/version") == ["Édition 2026"]
    for path, expected in {
        "stdyDscr/citation/prodStmt/producer": ["CESER des Pays de la Loire"],
        "stdyDscr/stdyInfo/sumDscr/universe": ["Entreprises de la région"],
        "stdyDscr/stdyInfo/sumDscr/timePrd": ["2026"],
        "stdyDscr/stdyInfo/sumDscr/collDate": ["2026-03-01", "2026-05-31"],
        "stdyDscr/method/dataColl/collMode": ["Internet", "Papier"],
        "fileDscr/fileTxt/fileName": ["reponses.parquet"],
        "fileDscr/fileTxt/dimensns/caseQnty": ["1200"],
        "fileDscr/notes": ["Données simulées"],
    }.items():
        assert said(root, path) == expected
    bare = written(ROUTING, tmp_path / "bare.xml", StudyFacts())
    assert said(bare, "stdyDscr/stdyInfo/abstract") == ["Bonjour."]
    assert said(bare, "stdyDscr/stdyInfo/sumDscr/universe") == ["entreprises"]
    assert found(bare, "stdyDscr/citation/prodStmt") == found(bare, "fileDscr/notes") == []


def changed_questionnaire():
    """`routage.yml` with an option of 2027, a number with bounds and a question that changed."""
    size, number, services, tools = ROUTING.questions
    option = Option(code="rh", label="Recrutement", since=2027, only_if='taille != "0"', other=True)
    compared = Comparable(status="adapted", reference="Eurostat", item="E_AI_X", note="À part.")
    change = Change(edition=2026, what="Mot précisé.", before={"text": "Quel service ?"})
    wide = services.model_copy(
        update={
            "options": (*services.options, option),
            "comparable": compared,
            "changed": (change,),
        }
    )
    bounded = number.model_copy(update={"minimum": 0, "maximum": 99.5, "until": 2027})
    return with_questions(size, bounded, wide, tools)


def test_bounds_editions_changes_and_comparability_are_told(tmp_path):
    root = written(changed_questionnaire(), tmp_path / "ddi.xml")
    assert structure_faults(root) == []
    number = variable(root, "effectif")
    assert found(number, "valrng/range")[0].attrib == {"UNITS": "REAL", "min": "0", "max": "99.5"}
    assert (number.get("intrvl"), number.get("measUnit")) == ("contin", "personnes")
    assert notes(number, "éditions") == ["Posée de 2025 à 2027."]
    tick = variable(root, "services__rh")
    assert notes(tick, "éditions") == ["Posée depuis 2027."]
    assert notes(tick, "comparabilité") == [typography("Adaptée de : Eurostat (E_AI_X). À part.")]
    assert notes(tick, "changement") == [
        typography("Mot précisé. Avant : « Quel service ? ». Rupture de série.")
    ]
    assert notes(tick, "cellules vides")[0].endswith("ou modalité non proposée.")
    assert [(c.get("vocab"), c.text) for c in found(tick, "concept")] == [
        ("Thème", "Profil"),
        ("Eurostat", "E_AI_X"),
    ]
    assert said(tick, "universe") == [
        typography("réponses où « Taille » n’est pas « Aucun salarié »")
    ]
    assert variable(root, "services__rh__texte").get("representationType") == "text"


def test_what_no_answer_means_is_told(tmp_path):
    root = written(ROUTING, tmp_path / "ddi.xml")
    row = variable(root, "outils__robot")
    kinds = {c.get("missType"): said(c, "labl") for c in found(row, "catgry") if c.get("missing")}
    assert kinds == {
        "don't know": ["Ne sait pas"],
        "no answer": ["Non réponse"],
        "not asked": [typography("Cellule vide : ligne non posée")],
    }
    state = variable(root, "effectif__etat")
    assert said(state, "catgry/catValu") == ["repondu", "NSP", "NR"]


def spoiled(change) -> list[str]:
    """Faults of the document once `change` has been done to it."""
    text = ElementTree.tostring(ddi_document(ROUTING, FACTS))
    root = ElementTree.fromstring(text)
    assert structure_faults(root) == []
    change(root)
    return structure_faults(root)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: found(root, "dataDscr/var")[0].set("ID", "V2"),
        lambda root: found(root, "dataDscr/var")[0].set("ID", "1"),
        lambda root: found(root, "dataDscr/var")[0].attrib.pop("name"),
        lambda root: found(root, "dataDscr/var")[0].set("files", "F2"),
        lambda root: found(root, "dataDscr/varGrp")[0].set("var", "V1 V99"),
        lambda root: found(root, "dataDscr/varGrp")[0].set("type", "theme"),
        lambda root: found(root, "dataDscr/var")[0].insert(0, found(root, "dataDscr/var/notes")[0]),
        lambda root: root.append(root[0]),
        lambda root: root.remove(root[1]),
        lambda root: found(root, "stdyDscr/citation/titlStmt")[0].remove(
            found(root, "stdyDscr/citation/titlStmt/titl")[0]
        ),
        lambda root: setattr(found(root, "dataDscr/var/labl")[0], "text", ""),
        lambda root: setattr(found(root, "dataDscr/var")[0], "text", "mot"),
        lambda root: ElementTree.SubElement(root[0], NAMESPACE + "auteur"),
    ],
)
def test_the_checker_sees_a_document_that_is_not_ddi(change):
    assert spoiled(change)
