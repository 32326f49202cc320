import re

import pytest

from reports.console import FrenchParser, progress, say
from survey.errors import SurveyError
from survey.french import NNBSP, typography


@pytest.fixture
def parser() -> FrenchParser:
    parser = FrenchParser(prog="essai", description="Un essai.", epilog="exemple :\n  essai lire f")
    verbs = parser.add_subparsers(title="commandes", metavar="COMMANDE", required=True)
    read = verbs.add_parser("lire", help="Lit un fichier.")
    read.add_argument("fichier", metavar="FICHIER", help="le fichier")
    read.add_argument("--annee", type=int, metavar="ANNÉE", help="l’année")
    return parser


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["lire", "--help"]])
def test_help_is_french_and_names_the_command_once(parser, capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(arguments)
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"utilisation{NNBSP}: essai")
    assert shown.count("utilisation") == 1
    assert f"options{NNBSP}:" in shown and "afficher cette aide" in shown
    assert not re.search(r"usage:|show this|positional|optional|arguments:", shown)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "il manque : COMMANDE. Aide : essai --help"),
        (["lire"], "il manque : FICHIER. Aide : essai lire --help"),
        (["ecrire"], "« ecrire » n’est pas une commande. Commandes : lire."),
        (["lire", "f", "g"], "argument inconnu : g."),
        (["lire", "f", "--annee", "x"], "--annee attend un nombre entier, et non « x »."),
        (["lire", "f", "--annee"], "--annee attend une valeur."),
        (["--zut", "lire", "f"], "argument inconnu : --zut."),
    ],
)
def test_a_wrong_command_line_is_said_in_french(parser, arguments, said):
    with pytest.raises(SurveyError) as error:
        parser.parse_args(arguments)
    assert str(error.value).startswith(typography(said))


def test_each_step_says_how_long_it_took(capsys):
    with progress() as bar:
        bar.start("Lecture")
        bar.advance(1, 2, "du fichier")
        bar.done()
        bar.start("Écriture")
        bar.done(ran=False)
    shown = capsys.readouterr().err
    assert re.search(r"Lecture : 0,\d s", shown)
    assert "Écriture : déjà à jour" in shown


def test_a_step_that_fails_leaves_the_error_pass():
    with pytest.raises(SurveyError, match="zut"), progress() as bar:
        bar.start("Lecture")
        raise SurveyError("zut")


def test_what_is_said_follows_the_typography(capsys):
    say("Prêt : l'adresse ?")
    say("Prêt :\nfile:///l'essai/index.html")
    assert capsys.readouterr().out == (
        f"Prêt{NNBSP}: l’adresse{NNBSP}?\nPrêt :\nfile:///l'essai/index.html\n"
    )
