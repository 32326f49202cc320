"""Structures that LimeSurvey would take, and faults planted one by one."""

import csv
import io
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limesurvey_cases import REAL_EXPORTS
from structure_cases import tricky_questionnaire

from survey.errors import QuestionnaireError
from survey.formats.limesurvey.checker import structure_faults
from survey.formats.limesurvey.structure import limesurvey_structure
from survey.formats.limesurvey.vocabulary import (
    CLASSES,
    KINDS,
    LANGUAGE_TEXTS,
    SETTINGS,
    attributes,
)

BOTH_LANGUAGES = """
class	type/scale	name	relevance	text	help	language	validation	mandatory	other	default	same_default	array_filter	date_min	hidden	min_num_value_n	max_num_value_n
S		sid		123456
S		language		fr
S		additional_languages		en
SL		surveyls_title		Essai		fr
SL		surveyls_title		Test		en
G	G0	Groupe	1	<p>Bonjour</p>		fr
Q	M	choix	1	Choix		fr		Y	Y
SQ	0	SQ001	1	Un		fr
SQ	0	SQ002	1	Deux		fr
SQ		other				fr
Q	F	grille	(choix_SQ001.NAOK == "Y")	Grille		fr		S	N
SQ	0	a	1	A		fr
SQ	0	b	grille_a.NAOK == ""	B		fr
A	0	1		Oui		fr
A	0	2		Non		fr
Q	1	double	grille_a.NAOK eq "1" OR choix_other.NAOK != ""	Double		fr						choix
SQ	0	r	1	R		fr
A	0	1		Oui		fr
A	1	2		Non		fr
Q	N	age	double_r_0.NAOK == "1"	Âge		fr	/^[0-9]+$/							0	18	age.NAOK
G	G0	Group	1	<p>Hello</p>		en
Q	M	choix	1	Choice		en		Y	Y
SQ	0	SQ001	1	One		en
SQ	0	SQ002	1	Two		en
SQ		other				en
Q	F	grille	(choix_SQ001.NAOK == "Y")	Grid		en		S	N
SQ	0	a	1	A		en
SQ	0	b	1	B		en
A	0	1		Yes		en
A	0	2		No		en
Q	1	double	1	Double		en
SQ	0	r	1	R		en
A	0	1		Yes		en
A	1	2		No		en
Q	N	age	1	Age		en	/^[0-9]+$/
""".lstrip()  # noqa: E501


def padded(text: str) -> str:
    """Every row as wide as the first."""
    lines = text.splitlines()
    width = lines[0].count("\t")
    return "".join(f"{line}{chr(9) * (width - line.count(chr(9)))}\n" for line in lines)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The tricky questionnaire as rows of cells, its header first."""
    text = limesurvey_structure(tricky_questionnaire(tmp_path_factory.mktemp("pieges")))
    return list(csv.reader(io.StringIO(text), delimiter="\t"))


def written(rows) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    return text.getvalue()


def changed(table, **edits):
    """A copy where the row « class name » has other cells: changed(t, Q_taille={"other": "N"})."""
    rows = [list(row) for row in table]
    for target, cells in edits.items():
        kind, name = target.split("_", 1)
        row = next(row for row in rows[1:] if row[0] == kind and row[2] == name)
        for column, value in cells.items():
            row[table[0].index(column)] = value
    return rows


def row_of(table, kind, name):
    return next(i for i, row in enumerate(table) if i and (row[0], row[2]) == (kind, name))


def without(table, kind, name):
    at = row_of(table, kind, name)
    return [*table[:at], *table[at + 1 :]]


def doubled(table, kind, name):
    at = row_of(table, kind, name)
    return [*table[: at + 1], *table[at:]]


def moved(table, kind, name, to):
    rows = list(table)
    row = rows.pop(row_of(table, kind, name))
    return [*rows[:to], row, *rows[to:]]


def relevance(text, question="c5"):
    return lambda table: changed(table, **{f"Q_{question}": {"relevance": text}})


def cells(target, **edits):
    return lambda table: changed(table, **{target: edits})


def type_of(target, letter):
    return lambda table: changed(table, **{target: {"type/scale": letter}})


def renamed_column(table):
    return [[{"suffix": "suffixe"}.get(name, name) for name in table[0]], *table[1:]]


def without_help(table):
    at = table[0].index("help")
    return [[*row[:at], *row[at + 1 :]] for row in table]


FAULTS = [
    (without_help, "colonnes absentes : help"),
    (renamed_column, "colonne « suffixe » inconnue de LimeSurvey. Vouliez-vous écrire « suffix »"),
    (lambda t: [[*row, row[2]] for row in t], "colonne « name » en double"),
    (lambda t: [*t[:50], t[50][:-2], *t[51:]], "cellules au lieu de 22. Une tabulation"),
    (lambda t: [*t[:50], [*t[50], ""], *t[51:]], "23 cellules au lieu de 22"),
    (lambda t: [*t[:50], ["Z", *t[50][1:]], *t[51:]], "classe de ligne « Z » inconnue"),
    (cells("Q_taille", text="Une\u2028ligne"), "contient une fin de ligne invisible"),
    (cells("Q_taille", text="Un\nG\tG1\tmot"), "le guillemet qui ouvre la cellule « text »"),
    (lambda t: moved(t, "S", "nokeyboard", 40), "ligne S après des lignes d’une autre classe"),
    (lambda t: moved(t, "G", "Thème", len(t)), "question hors d’un groupe"),
    (lambda t: moved(t, "G", "Thème", len(t)), "groupe sans question"),
    (lambda t: moved(t, "A", "dir", row_of(t, "Q", "taille")), "ligne A sans question"),
    (lambda t: moved(t, "SQ", "robot", row_of(t, "Q", "recours") - 1), "sous-question après les"),
    (lambda t: [row for row in t if row[0] != "SL"], "aucune ligne SL"),
    (lambda t: without(t, "S", "sid"), "réglage « sid » absent ou mal formé"),
    (cells("S_language", text="français"), "réglage « language » absent ou mal formé"),
    (
        cells("S_format", text="X"),
        "« format » : valeur « X » refusée. Valeurs admises : A, G, I, S",
    ),
    (cells("S_ipaddr", text="oui"), "« ipaddr » : valeur « oui » refusée"),
    (cells("S_refurl", name="refurls"), "réglage inconnu. Vouliez-vous écrire « refurl »"),
    (lambda t: doubled(t, "S", "refurl"), "réglage en double"),
    (lambda t: without(t, "SL", "surveyls_title"), "pas de titre en « fr »"),
    (cells("Q_taille", language="en"), "langue « en » non annoncée"),
    (type_of("Q_taille", "J"), "type de question « J » inconnu"),
    (cells("Q_taille", name="1taille"), "code de question « 1taille » mal formé"),
    (cells("Q_taille", name="taille_a"), "code de question « taille_a » mal formé"),
    (cells("Q_c5", name="c" * 21), "code de question de 21 caractères. En garder 20 au plus"),
    (cells("Q_c5", name="this"), "code réservé par LimeSurvey"),
    (cells("Q_c5", name="le"), "code réservé par LimeSurvey"),
    (cells("Q_c5", name="c6"), "code de question en double"),
    (cells("Q_c5", text=" "), "question sans texte"),
    (cells("Q_c5", mandatory="oui"), "« mandatory » vaut « oui ». Valeurs admises : Y, N, S"),
    (cells("Q_c5", other="X"), "« other » vaut « X »"),
    (cells("Q_c5", other="Y"), "une question de type T n’a pas de réponse « Autre »"),
    (type_of("Q_remarque", "L"), "une question de type L a au moins une réponse"),
    (type_of("Q_remarque", "F"), "une question de type F a au moins une sous-question"),
    (type_of("Q_taille", "S"), "une question de type S n’a pas de réponse (ligne A)"),
    (type_of("Q_outils", "L"), "une question de type L n’a pas de sous-question (ligne SQ)"),
    (type_of("A_dir", "1"), "échelle de réponses"),
    (cells("SQ_SQ004", name="tra-d"), "code de sous-question « tra-d » mal formé"),
    (cells("SQ_SQ004", name="usine"), "code de sous-question en double sous « services »"),
    (cells("SQ_SQ004", name="USINE"), "code de sous-question en double sous « services »"),
    (cells("SQ_SQ004", name="time"), "code de sous-question réservé"),
    (cells("SQ_image", name="other"), "code de sous-question réservé"),
    (cells("A_chef", name="directeur"), "code de réponse de 9 caractères. En garder 5 au plus"),
    (cells("A_chef", name="1-9"), "code de réponse « 1-9 » mal formé"),
    (cells("A_chef", name="dir"), "code de réponse en double sous « poste »"),
    (cells("A_chef", text=""), "réponse sans libellé"),
    (relevance("taille.NAOK = "), "« relevance » illisible, colonne 13 : « = » inattendu"),
    (relevance("(taille.NAOK == 1"), "« relevance » illisible, colonne 18 : elle s’arrête trop"),
    (relevance("{taille.NAOK == 1}"), "« relevance » illisible, colonne 1"),
    (relevance('tailles.NAOK == "0"'), "« tailles » n’est ni une question ni une sous-question"),
    (relevance('outils.NAOK == "oui"'), "Vouliez-vous écrire « outils_"),
    (relevance('outils_text.NAOK == "oui"'), "« outils_text » n’est ni une question ni une"),
    (relevance('c6.NAOK == "x"'), "« c6 » n’est posé que plus loin"),
    (relevance('c5.NAOK == "x"'), "« c5 » n’est posé que plus loin"),
    (relevance('taille.NAOK == "10-49"'), "« 10-49 » n’est pas un code de réponse de « taille »"),
    (relevance('services_usine.NAOK == "1"'), "« 1 » n’est pas un code de réponse de"),
    (relevance('countif("ouo", outils_image.NAOK) > 0'), "« ouo » n’est pas un code de réponse"),
    (relevance("empty(taille.NAOK)"), "fonction « empty » inconnue. Vouliez-vous écrire « is_emp"),
    (relevance('regexMatch("/a/")'), "« regexMatch » reçoit 1 argument(s) au lieu de 2"),
    (relevance("taille.NAOKK == 1"), "attribut « .NAOKK » inconnu. Vouliez-vous écrire « NAOK »"),
    (cells("SQ_robot", relevance="remarque.NAOK == 1"), "« remarque » n’est posé que plus loin"),
    (cells("G_Thème", relevance='taille.NAOK == "0"'), "« taille » n’est posé que plus loin"),
    (cells("Q_poste", em_validation_q="poste.NAOK =="), "« em_validation_q » illisible"),
    (cells("Q_poste", em_validation_q="budjet.NAOK > 1"), "Vouliez-vous écrire « budget »"),
    (cells("Q_effectif", validation="[0-9]+"), "expression régulière « [0-9]+ » illisible"),
    (cells("Q_effectif", validation="/([0-9]+/"), "expression régulière « /([0-9]+/ » illisible"),
    (
        cells("Q_budget", num_value_int_only="oui"),
        "« num_value_int_only » : valeur « oui » refusée",
    ),
    (cells("Q_taille", other_position="haut"), "« other_position » : valeur « haut » refusée"),
    (cells("Q_c5", exclude_all_others="a"), "la règle « exclude_all_others » ne s’applique pas au"),
    (cells("Q_services", exclude_all_others="aucune"), "« aucune » n’est pas une sous-question"),
    (cells("Q_taille", other_position_code="A5"), "« A5 » n’est pas un code de « taille »"),
    (cells("Q_budget", max_num_value_n="-1"), "minimum 0 au-dessus du maximum -1"),
    (cells("SQ_robot", suffix="kg"), "attribut « suffix » sur une ligne SQ"),
    (cells("Q_taille", text="<b>Taille"), "« text » : balises mal fermées : <b>"),
    (cells("Q_taille", help="<p>Une <b>aide</p></b>"), "« help » : balises mal fermées"),
]


@pytest.mark.parametrize(("plant", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_a_planted_fault_is_told(table, plant, message):
    assert structure_faults(written(table)) == []
    told = [str(fault).replace("\u202f", " ") for fault in structure_faults(written(plant(table)))]
    assert any(message in fault for fault in told), told


def test_a_fault_tells_its_line(table):
    at = row_of(table, "Q", "poste")
    (fault,) = structure_faults(written(cells("Q_poste", mandatory="oui")(table)))
    assert fault.line == at + 1
    assert str(fault).startswith(f"structure, ligne {at + 1}, «\u202fposte\u202f»\u202f: ")


def test_a_survey_in_two_languages_passes():
    assert structure_faults(padded(BOTH_LANGUAGES)) == []
    assert structure_faults("\ufeff" + padded(BOTH_LANGUAGES).replace("\n", "\r\n")) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("SQ\t0\tb\t1\tB\t\ten", "SQ\t0\tc\t1\tB\t\ten", "rien n’y répond en « en »"),
        ("A\t0\t2\t\tNo\t\ten\n", "", "réponses : rien n’y répond en « en »"),
        (
            "\tadditional_languages\t\ten",
            "\tadditional_languages\t\t",
            "langue « en » non annoncée",
        ),
        ("SL\t\tsurveyls_title\t\tTest\t\ten\n", "", "pas de titre en « en »"),
        ('double_r_0.NAOK == "1"', 'double_r.NAOK == "1"', "« double_r » n’est ni une question ni"),
        ('choix_other.NAOK != ""', 'choix_othr.NAOK != ""', "« choix_othr » n’est ni"),
        ("age.NAOK", "agee.NAOK", "« max_num_value_n » : « agee » n’est ni"),
        (
            "fr\t\t\t\t\t\tchoix",
            "fr\t\t\t\t\t\tchoice",
            "« choice » n’est pas une question posée avant",
        ),
    ],
)
def test_a_fault_of_two_languages_is_told(old, new, message):
    assert old in BOTH_LANGUAGES
    faults = structure_faults(padded(BOTH_LANGUAGES.replace(old, new)))
    assert any(message in str(fault).replace("\u202f", " ") for fault in faults), faults


def test_files_that_are_no_structure_are_refused(tmp_path):
    path = tmp_path / "essai.txt"
    with pytest.raises(QuestionnaireError, match=r"essai\.txt : fichier introuvable"):
        structure_faults(path)
    path.write_bytes("classe é".encode("latin-1"))
    with pytest.raises(QuestionnaireError, match="pas de l’UTF-8"):
        structure_faults(path)
    for text in ("", "a;b\n1;2\n", '"', "\n\n"):
        assert "colonnes absentes" in str(structure_faults(text)[0])


@given(st.data())
@settings(max_examples=60)
def test_no_mangled_structure_raises(data):
    text = padded(BOTH_LANGUAGES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        size = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(st.text('\t\n"<>{}=().S1àQ', max_size=4)) + text[at + size :]
    for fault in structure_faults(text):
        assert fault.what
        assert fault.remedy


def test_types_and_attributes_agree():
    assert {letter for each in attributes().values() for letter in each.types} <= set(KINDS)
    assert all(each.types for each in attributes().values())


@pytest.mark.skipif(not REAL_EXPORTS.is_dir(), reason="exports réels hors du dépôt")
def test_a_real_structure_passes_and_its_faults_are_told():
    path = REAL_EXPORTS / "ls_structure_rse_nl2017.txt"
    assert structure_faults(path) == []
    text = path.read_text(encoding="utf-8")
    for wrong, message in (
        (text.replace('((currentEmp1.NAOK == ""1""))', '((currentEmp1.NAOK == ""4""))'), "« 4 »"),
        (text.replace("((edu1.NAOK", "((edu3.NAOK"), "« edu3 »"),
        (re.sub(r"\nSQ\t0\ttime1can", "\nSQ\t0\ttime", text), "réservé"),
        (text.replace("\nA\t0\t", "\nB\t0\t", 1), "classe de ligne « B »"),
    ):
        assert wrong != text
        told = [str(fault).replace("\u202f", " ") for fault in structure_faults(wrong)]
        assert any(message in fault for fault in told), told


@pytest.mark.skipif(not REAL_EXPORTS.is_dir(), reason="exports réels hors du dépôt")
def test_names_of_a_real_xml_structure_are_known():
    document = ET.parse(REAL_EXPORTS / "ls_structure_db638.lss").getroot()

    def values(table, field):
        return {row.findtext(field) for row in document.findall(f"{table}/rows/row")}

    def fields(table):
        return {field.text for field in document.findall(f"{table}/fields/fieldname")}

    # `image` belongs to a question theme, `save_as_default` to every question of the newest version
    assert values("question_attributes", "attribute") - attributes().keys() <= {
        "image",
        "save_as_default",
    }
    assert fields("surveys") <= SETTINGS
    assert fields("surveys_languagesettings") <= LANGUAGE_TEXTS
    assert values("questions", "type") <= KINDS.keys()
    tables = {"surveys": "S", "surveys_languagesettings": "SL", "groups": "G", "questions": "Q"}
    tables |= {"subquestions": "SQ", "answers": "A"}
    assert tables.keys() <= {child.tag for child in document}
    assert set(tables.values()) <= set(CLASSES)
