"""What `observatoire questionnaire` does: check, compare, record, export, make up answers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from reports.console import FrenchParser, progress, say
from survey.errors import SurveyError
from survey.french import capitalised, counted, integer

# What the actions need is imported when one runs: the help of every command comes at once.

INSTRUMENTS = Path("survey") / "instruments"
MOST_ANSWERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Export:
    """One form in which a questionnaire leaves: end of the file's name, what it is, who writes it.

    `writer` is « module.function » of `survey.formats`, imported when it is used.
    """

    suffix: str
    what: str
    writer: str

    def write(self, *arguments: object) -> None:
        """Write the file."""
        module, function = self.writer.rsplit(".", 1)
        getattr(import_module(f"survey.formats.{module}"), function)(*arguments)


EXPORTS = {
    "limesurvey": Export(
        "limesurvey.txt",
        "structure à importer dans LimeSurvey",
        "limesurvey.structure.export_limesurvey",
    ),
    "xlsform": Export(
        "xlsform.xlsx", "formulaire de KoboToolbox ou d’ODK", "odk.xlsform.export_xlsform"
    ),
    "surveyjs": Export("surveyjs.json", "formulaire de SurveyJS", "surveyjs.form.export_surveyjs"),
    "ddi": Export("ddi.xml", "documentation DDI-Codebook 2.5", "documents.ddi.export_ddi"),
    "dictionnaire": Export(
        "dictionnaire.html", "dictionnaire des variables", "documents.codebook.export_codebook_html"
    ),
    "dictionnaire-csv": Export(
        "dictionnaire.csv", "dictionnaire en tableau", "documents.codebook.export_codebook_csv"
    ),
    "papier": Export("papier.pdf", "questionnaire à imprimer", "paper.sheet.export_paper"),
    "saisie": Export(
        "saisie.xlsx",
        "modèle pour saisir les réponses sur papier",
        "paper.keying_template.write_keying_template",
    ),
}


def verify(options: argparse.Namespace) -> None:
    """Check a questionnaire and say what it holds."""
    from survey.questionnaire import load_questionnaire
    from survey.summary import questionnaire_summary

    say(questionnaire_summary(load_questionnaire(options.fichier, options.edition)))


def compare(options: argparse.Namespace) -> None:
    """Say what changed between two editions; refuse a code that changed its meaning."""
    from survey.edition_report import compare_questionnaires

    say(compare_questionnaires(_instruments(options.fichiers), options.avant, options.apres))


def freeze_editions(options: argparse.Namespace) -> None:
    """Record what an edition asks, once and for all."""
    from survey.frozen import freeze, refuse_rewriting
    from survey.questionnaire import in_edition, load_questionnaire

    asked = []
    for path in _instruments(options.fichiers):
        known = load_questionnaire(path)
        if any(question.is_asked_in(options.edition) for question in known.questions):
            asked.append((in_edition(known, options.edition), path.parent))
    if not asked:
        raise SurveyError(f"Aucun questionnaire n’est posé dans l’édition {options.edition}.")
    for each in asked:  # all of them, or none
        refuse_rewriting(*each)
    done = [freeze(*each) for each in asked]
    listed = "\n".join(f"  {path}" for path in done)
    say(f"Édition {options.edition} figée :\n{listed}")


def export(options: argparse.Namespace) -> None:
    """Write a questionnaire in the forms asked for."""
    from survey.questionnaire import load_questionnaire

    questionnaire = load_questionnaire(options.fichier, options.edition)
    written = []
    with progress() as bar:
        for name in options.formats or EXPORTS:
            made = EXPORTS[name]
            bar.start(capitalised(made.what))
            path = options.sortie / f"{questionnaire.code}-{options.edition}-{made.suffix}"
            extra = (_mailing(options),) if name == "papier" else ()
            made.write(questionnaire, path, *extra)
            bar.done()
            written.append(f"  {path} : {made.what}")
    say("\n".join([f"{counted(len(written), 'fichier écrit')} :", *written]))


def _mailing(options: argparse.Namespace):
    from survey.formats.paper.sheet import Mailing

    return Mailing(options.expediteur, tuple(options.retour), None, options.limite)


def generate(options: argparse.Namespace) -> None:
    """Write made-up answers that follow the routing."""
    from survey.files import write_csv, write_parquet
    from survey.generation import generate_responses
    from survey.questionnaire import load_questionnaire

    if not 1 <= options.nombre <= MOST_ANSWERS:
        raise SurveyError(f"--nombre {options.nombre} : de 1 à {integer(MOST_ANSWERS)} réponses.")
    writers = {".csv": write_csv, ".parquet": write_parquet}
    write = writers.get(options.sortie.suffix.lower())
    if write is None:
        raise SurveyError(f"--sortie {options.sortie} : le nom doit finir par .csv ou .parquet.")
    questionnaire = load_questionnaire(options.fichier, options.edition)
    responses = generate_responses(questionnaire, options.nombre, options.graine)
    write(responses, options.sortie, simulated=True)
    say(f"{counted(options.nombre, 'réponse')} (données simulées) : {options.sortie}")


def add_verbs(parser: FrenchParser) -> None:
    """The commands under `observatoire questionnaire`."""
    verbs = parser.add_subparsers(title="commandes", metavar="COMMANDE", required=True)
    instrument = "survey/instruments/habitants.yml"
    for name, action, add_arguments, summary, example in (
        (
            "verifier",
            verify,
            _verify_arguments,
            "Vérifie un questionnaire et le résume.",
            instrument,
        ),
        (
            "comparer",
            compare,
            _compare_arguments,
            "Dit ce qui a changé d’une édition à l’autre, et refuse un code qui change de sens.",
            "2025 2026",
        ),
        (
            "figer",
            freeze_editions,
            _freeze_arguments,
            "Garde la trace de ce qu’une édition a demandé, quand elle part sur le terrain.",
            "2026",
        ),
        (
            "exporter",
            export,
            _export_arguments,
            "Écrit le questionnaire pour un outil, pour la documentation ou sur papier.",
            f"{instrument} --edition 2026 --format papier --sortie sorties",
        ),
        (
            "generer",
            generate,
            _generate_arguments,
            "Invente des réponses qui suivent les filtres, pour essayer (données simulées).",
            f"{instrument} --edition 2026 --nombre 200 --sortie essai.csv",
        ),
    ):
        child = verbs.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"exemple :\n  observatoire questionnaire {name} {example}",
        )
        child.set_defaults(verb=action)
        add_arguments(child)


def with_default_verb(arguments: Sequence[str]) -> list[str]:
    """`questionnaire FICHIER` stands for `questionnaire verifier FICHIER`."""
    found = list(arguments)
    if found[:1] == ["questionnaire"] and found[1:2] and found[1].endswith((".yml", ".yaml")):
        found.insert(1, "verifier")
    return found


def _instruments(paths: list[Path]) -> list[Path]:
    found = paths or sorted(INSTRUMENTS.glob("*.yml"))
    if not found:
        raise SurveyError(f"Aucun questionnaire dans {INSTRUMENTS}. Indiquer les fichiers.")
    return found


def _year(text: str) -> int:
    """An edition given on the command line."""
    from survey.questions import FIRST_YEAR, LAST_YEAR

    if not re.fullmatch("[0-9]{4}", text) or not FIRST_YEAR <= int(text) <= LAST_YEAR:
        what = f"« {text} » n’est pas une année, de {FIRST_YEAR} à {LAST_YEAR}."
        raise argparse.ArgumentTypeError(what)
    return int(text)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fichier", type=Path, metavar="FICHIER", help="le questionnaire (YAML)")


def _files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "fichiers",
        type=Path,
        nargs="*",
        metavar="FICHIER",
        help="les questionnaires ; par défaut, tous ceux de survey/instruments",
    )


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument(
        "--edition", type=_year, metavar="ANNÉE", help="ne garder que cette édition"
    )


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("avant", type=_year, metavar="AVANT", help="l’édition la plus ancienne")
    parser.add_argument("apres", type=_year, metavar="APRÈS", help="l’édition la plus récente")
    _files(parser)


def _freeze_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("edition", type=_year, metavar="ANNÉE", help="l’édition à figer")
    _files(parser)


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("--edition", type=_year, required=True, metavar="ANNÉE", help="l’édition")
    parser.add_argument(
        "--format",
        dest="formats",
        action="append",
        choices=list(EXPORTS),
        metavar="FORMAT",
        help=f"{', '.join(EXPORTS)} ; à répéter ; par défaut, tous",
    )
    parser.add_argument(
        "--sortie", type=Path, default=Path(), metavar="DOSSIER", help="où écrire ; ici par défaut"
    )
    paper = parser.add_argument_group("sur le papier")
    paper.add_argument("--expediteur", metavar="NOM", help="qui envoie le questionnaire")
    paper.add_argument(
        "--retour",
        action="append",
        default=[],
        metavar="LIGNE",
        help="adresse de retour, à répéter : une fois par ligne",
    )
    paper.add_argument(
        "--limite", metavar="DATE", help="à renvoyer avant, par exemple 15 mars 2026"
    )


def _generate_arguments(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("--edition", type=_year, required=True, metavar="ANNÉE", help="l’édition")
    parser.add_argument(
        "--nombre", type=int, default=100, metavar="N", help="nombre de réponses ; 100 par défaut"
    )
    parser.add_argument(
        "--graine", type=int, default=1, metavar="N", help="la même graine, les mêmes réponses"
    )
    parser.add_argument(
        "--sortie", type=Path, required=True, metavar="FICHIER", help="un .csv ou un .parquet"
    )
