"""Every fault a questionnaire can have: the message, its line and its remedy."""

from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from survey.errors import QuestionnaireError
from survey.questionnaire import load_questionnaire

INSTRUMENT = (Path(__file__).parent / "essai.yml").read_text(encoding="utf-8")


def faults(folder: Path, text: str) -> str:
    """The message of a refused questionnaire, with plain spaces."""
    path = folder / "essai.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QuestionnaireError) as error:
        load_questionnaire(path)
    return str(error.value).replace("\u202f", " ")


FAULTY = [
    # form
    ("introduction: Bonjour.\n", "", "ligne 1 : « introduction » manque."),
    (
        "title: Essai",
        "title: Essai\ntitre: Essai",
        "ligne 3 : clé « titre » inconnue. Vouliez-vous écrire « title » ?",
    ),
    (
        "    help: Par ligne.\n",
        "",
        "ligne 27, question « outils » : « help » manque. Ajouter la clé « help ».",
    ),
    ("    short: Outils\n", "", "question « outils » : « short » manque."),
    (
        "    text: Quels outils ?\n",
        "    text: ''\n",
        "ligne 30, question « outils » : « text » est vide.",
    ),
    ("label: Traduction}", "label: }", "ligne 47, question « services » : « label » est vide"),
    (
        "{code: trad, label: Traduction}",
        "{code: trad}",
        "ligne 47, question « services » : « label » manque.",
    ),
    (
        "    theme: usages\n    type: grid",
        "    type: grid",
        "question « outils » : « theme » manque.",
    ),
    (
        "    comparable: {status: own}\n  - code: services",
        "  - code: services",
        "question « outils » : « comparable » manque.",
    ),
    (
        "type: grid",
        "type: grille",
        "« grille », qui n’existe pas. Valeurs possibles : single, multiple, grid, number, text.",
    ),
    (
        "required: true",
        "required: peut-être",
        "ligne 18, question « taille » : « required » doit être « true » ou « false ».",
    ),
    ("since: 2026", "since: bientôt", "« since » doit être un nombre entier."),
    ("minimum: 0", "minimum: zéro", "« minimum » doit être un nombre."),
    ("minimum: 0", "minimun: 0", "clé « minimun » inconnue. Vouliez-vous écrire « minimum » ?"),
    (
        "only_if: taille",
        "onlyif: taille",
        "ligne 36, question « outils » : clé « onlyif » inconnue. Vouliez-vous écrire « only_if »",
    ),
    (
        "{status: adapted, ref",
        "{statut: adapted, ref",
        "clé « statut » inconnue. Vouliez-vous écrire « status » ?",
    ),
    ("code: outils", "code: Outils", "code « Outils » mal formé."),
    (
        "code: robot",
        "code: robot_1",
        "code « robot_1 » mal formé. Une ligne a 12 caractères au plus",
    ),
    (
        "options: oui_non",
        "options: ouinon",
        "ligne 33, question « outils » : liste de modalités « ouinon » inconnue. Vouliez-vous",
    ),
    (
        "code: oui, label: Oui",
        "code: oui, label: ''",
        "ligne 10, liste « oui_non » : « label » est vide.",
    ),
    # YAML
    (
        "title: Essai",
        "title: Essai : un",
        "ligne 2, colonne 14 : le fichier cesse ici d’être du YAML lisible.",
    ),
    (
        "title: Essai",
        "title: {{Essai}}",
        "ligne 2, colonne 9 : le fichier cesse ici d’être du YAML lisible.",
    ),
    (
        "title: Essai",
        "title: Essai\ntitle: Encore",
        "ligne 3 : la clé « title » est déjà écrite ligne 2.",
    ),
    # codes
    (
        "code: remarque",
        "code: taille",
        "ligne 62, question « taille » : code « taille » déjà pris ligne 15.",
    ),
    ("code: remarque", "code: utilisatrices", "code « utilisatrices » déjà pris ligne 13."),
    ("code: remarque", "code: token", "code « token » réservé."),
    ("code: remarque", "code: answered", "code « answered » réservé."),
    (
        '{code: "1-9"',
        '{code: "0"',
        "ligne 24, question « taille » : code « 0 » déjà pris ligne 23.",
    ),
    ("code: robot", "code: texte1", "code « texte1 » déjà pris ligne 35."),
    ("code: non,", "code: oui,", "ligne 11, liste « oui_non » : code « oui » déjà pris ligne 10."),
    ("code: trad", "code: NSP", "code « NSP » réservé."),
    ("code: trad", "code: etat", "code « etat » réservé."),
    ("code: trad", "code: A01", "code « A01 » réservé."),
    ("code: texte1", "code: SQ001", "code « SQ001 » réservé."),
    ("code: trad", "code: 1-9", "code « 1-9 » mal formé pour un choix multiple."),
    (
        "label: Traduction",
        "label: Autre",
        "ligne 48, question « services » : « autre » a le même libellé que « trad ».",
    ),
    # themes
    (
        "theme: usages\n    type: grid",
        "theme: usage\n    type: grid",
        "thème « usage » inconnu. Vouliez-vous écrire « usages » ?",
    ),
    (
        "  usages: Usages",
        "  usages: Usages\n  travail: Travail",
        "ligne 8 : le thème « travail » n’a pas de question.",
    ),
    # shape
    ("    options: oui_non\n", "", "une question « grid » a besoin d’au moins deux modalités."),
    (
        "    options: oui_non\n    rows:\n",
        "    options:\n      - {code: x, label: X}\n",
        "une grille a besoin de lignes.",
    ),
    (
        "    minimum: 0",
        "    options: oui_non\n    minimum: 0",
        "une question « number » n’a pas de modalités.",
    ),
    (
        "    type: text",
        "    type: text\n    rows: [{code: a, label: A}]",
        "une question « text » n’a pas de lignes.",
    ),
    ("    type: text", "    type: text\n    maximum: 3", "« maximum » ne vaut que pour un nombre."),
    (
        "    type: text",
        "    type: text\n    dont_know: true",
        "un texte libre n’offre pas « Ne sait pas ».",
    ),
    (
        "minimum: 0",
        "minimum: 101",
        "ligne 56, question « part » : minimum au-dessus du maximum (101 et 100).",
    ),
    (
        "label: Aucun salarié",
        "label: Aucun salarié, exclusive: true",
        "« 0 » est exclusive, dans une question à réponse unique.",
    ),
    (
        "short: Services",
        "short: Services que l’entreprise emploie aujourd’hui en 2026",
        "libellé court de « services » trop long (53 caractères)",
    ),
    (
        "label: Traduction",
        "label: Traduction automatique de tous les documents écrits",
        "libellé court de « trad » trop long (51 caractères)",
    ),
    (
        "{status: adapted, reference: Eurostat}",
        "{status: adapted}",
        "statut « adapted » sans question de référence.",
    ),
    ("since: 2026", "since: 2026\n    until: 2025", "retirée en 2025, avant d’être posée en 2026."),
    (
        "since: 2026",
        "since: 2026\n    changed: [{edition: 2026, what: Libellé}]",
        "changement en 2026, où la question n’a pas d’édition précédente.",
    ),
    # conditions
    ('taille != "0"', "taille !", "ligne 36, question « outils » : condition illisible, colonne 8"),
    (
        "any(outils)",
        "any(outil)",
        "ligne 13, base « utilisatrices » : la condition cite une question inconnue, « outil ».",
    ),
    (
        "base: utilisatrices\n",
        "base: utilisatrice\n",
        "base inconnue, « utilisatrice ». Vouliez-vous écrire « utilisatrices » ?",
    ),
    ("base: utilisatrices\n", "base: outils\n", "« outils » est une question, pas une base."),
    (
        'taille = "10-49"',
        'taille = "10-50"',
        "une modalité inconnue de « taille », « 10-50 ». Vouliez-vous écrire « 10-49 » ?",
    ),
    (
        'taille = "10-49"',
        "outils.robots = oui",
        "une ligne inconnue de « outils », « robots ». Vouliez-vous écrire « robot » ?",
    ),
    (
        'taille = "10-49"',
        "services has traduction",
        "une modalité inconnue de « services », « traduction ».",
    ),
    (
        'taille = "10-49"',
        "taille has oui",
        "comparaison impossible, car « taille » est de type « single ». Écrire « taille = … »",
    ),
    ('taille = "10-49"', "any(taille) = oui", "« taille » est de type « single »"),
    ('taille = "10-49"', "taille >= 10", "« taille » est de type « single »"),
    (
        'taille = "10-49"',
        "outils = oui",
        "Écrire « outils.ligne = … », « any(outils) = … » ou « all(outils) = … ».",
    ),
    ('taille = "10-49"', "services = trad", "Écrire « services has … »."),
    ('taille = "10-49"', "answered(taille.x)", "« taille » est de type « single »"),
    (
        'taille = "10-49"',
        "taille = NR",
        "« NR » ne se compare pas. Écrire « not answered(taille) ».",
    ),
    ('taille = "10-49"', "taille = NSP", "« taille » n’offre pas « Ne sait pas »."),
    (
        "help: Librement.",
        "help: Librement.\n    base: part = beaucoup",
        "« part » est un nombre, « beaucoup » n’en est pas un.",
    ),
    ("help: Librement.", "help: Librement.\n    base: part has oui", "Écrire « part >= … »"),
    # order
    (
        'taille != "0"',
        "answered(remarque)",
        "ligne 36, question « outils » : la condition dépend de « remarque », posée plus loin.",
    ),
    (
        'taille != "0"',
        "utilisatrices",
        "la condition tourne en rond : « outils » → « utilisatrices » → « outils ».",
    ),
    (
        "base: utilisatrices and taille",
        "base: part > 3 and taille",
        "ligne 54, question « part » : la condition tourne en rond : « part » → « part ».",
    ),
    (
        "any(outils) = oui",
        "not utilisatrices",
        "ligne 13, base « utilisatrices » : la condition tourne en rond",
    ),
    (
        "help: Librement.",
        "help: Librement.\n    base: services has trad",
        "la condition dépend de « services », absente de certaines éditions.",
    ),
    # reach
    (
        'taille = "10-49"',
        'taille = "0" and outils.robot = oui',
        "ligne 54, question « part » : la question n’est jamais posée",
    ),
    ('taille = "10-49"', "not utilisatrices", "la question n’est jamais posée"),
    (
        "help: Librement.",
        "help: Librement.\n    base: part > 100",
        "la question n’est jamais posée",
    ),
    (
        "help: Librement.",
        "help: Librement.\n    base: part >= 0 and taille = 1-9",
        "condition illisible",
    ),
    (
        "help: Librement.",
        'help: Librement.\n    base: part >= 0 and taille = "1-9"',
        "la question n’est jamais posée",
    ),
    (
        "help: Librement.",
        "help: Librement.\n    base: count(outils = oui) > 2",
        "la question n’est jamais posée",
    ),
    (
        "any(outils) = oui",
        'taille = "0" and taille = "1-9"',
        "ligne 13, base « utilisatrices » : aucune réponse ne remplit cette condition",
    ),
    (
        "label: Traduction}",
        'label: Traduction, only_if: outils.texte1 = non and taille = "0"}',
        "ligne 47, question « services » : la modalité « trad » n’est jamais proposée",
    ),
    (
        'taille != "0"}',
        'taille = "0" and taille != "0"}',
        "ligne 36, question « outils » : la ligne « robot » n’est jamais proposée",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), FAULTY)
def test_each_fault_is_named_with_its_line_and_remedy(tmp_path, old, new, message):
    assert INSTRUMENT.count(old) >= 1
    assert message in faults(tmp_path, INSTRUMENT.replace(old, new, 1))


def test_all_faults_are_reported_in_the_order_of_the_file(tmp_path):
    text = INSTRUMENT.replace("    help: Par ligne.\n", "").replace("short: Part", "short: ''")
    text = text.replace("theme: profil\n    type: text", "theme: profils\n    type: text")
    lines = faults(tmp_path, text).splitlines()
    assert lines[0] == "essai.yml : 3 erreurs."
    assert [line.split(",")[1] for line in lines[1:]] == [" ligne 27", " ligne 59", " ligne 62"]


def test_a_question_that_cannot_be_read_is_not_also_called_unknown(tmp_path):
    message = faults(tmp_path, INSTRUMENT.replace("    help: Par ligne.\n", ""))
    assert message.startswith("essai.yml : 1 erreur.")


@pytest.mark.parametrize("content", [b"", b"- a\n- b\n", b"code: \xe9t\xe9\n", b"\x00"])
def test_what_is_not_a_questionnaire_is_refused_in_french(tmp_path, content):
    path = tmp_path / "essai.yml"
    path.write_bytes(content)
    with pytest.raises(QuestionnaireError, match=r"^essai\.yml : \d+ erreur"):
        load_questionnaire(path)


def test_a_missing_file_is_refused_in_french(tmp_path):
    with pytest.raises(QuestionnaireError, match="Vérifier le chemin"):
        load_questionnaire(tmp_path / "absent.yml")


WRITTEN = yaml.load(INSTRUMENT, Loader=yaml.BaseLoader)


def places(value, path=()):
    """Path of every key and item of a document."""
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs if isinstance(value, dict | list) else ():
        yield from places(inner, (*path, key))


@given(
    place=st.sampled_from(list(places(WRITTEN))),
    value=st.sampled_from([None, "", [], {}, "x", ["x"], [[]], {"a": "b"}, "taille", "a ="]),
)
def test_whatever_stands_somewhere_is_read_or_refused(place, value):
    document = deepcopy(WRITTEN)
    around = document
    for key in place[:-1]:
        around = around[key]
    around[place[-1]] = value
    with TemporaryDirectory() as folder:
        path = Path(folder) / "essai.yml"
        path.write_text(yaml.dump(document, allow_unicode=True), encoding="utf-8")
        try:
            assert load_questionnaire(path).questions
        except QuestionnaireError as error:
            assert str(error).startswith("essai.yml : ")
