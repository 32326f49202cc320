"""The observatory's command line, in French: one short function a verb, in order."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from reports import collection_verbs, questionnaire_verbs
from reports.console import FrenchParser, progress, say
from survey.errors import SurveyError
from survey.french import NNBSP, decimal, typography

EXAMPLES = """exemples :
  observatoire demo
  observatoire questionnaire comparer 2025 2026
  observatoire collecter servir campaigns/2026/entreprises
  observatoire importer campaigns/2026/entreprises export.csv
  observatoire redresser campaigns/2026/entreprises
  observatoire estimer campaigns/2026/entreprises
  observatoire calculer exemples/api/ecoles.yml --sortie resultats.csv
  observatoire caler exemples/api/ecoles-calees.yml --sortie poids.csv
  observatoire publier
  observatoire controler
  observatoire archiver campaigns/2026/entreprises
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; 0 when it is done, 2 when something given to it cannot be used."""
    # Read when numpy is loaded, by a verb: our matrices are small, and threads wait on each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        given = sys.argv[1:] if arguments is None else arguments
        options = _parser().parse_args(questionnaire_verbs.with_default_verb(given))
        options.verb(options)
    except SurveyError as error:
        print(typography(f"Erreur : {error}"), file=sys.stderr)
        return 2
    except OSError as error:
        place = error.filename or "un fichier"
        print(
            f"Erreur : {place} ne peut pas être lu ou écrit. Vérifiez qu’il existe, qu’il n’est "
            "pas ouvert ailleurs et que vous avez le droit d’écrire là.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print(
            "Interrompu. Rien n’est resté à moitié écrit ; relancez la commande.", file=sys.stderr
        )
        return 130
    return 0


def demo(options: argparse.Namespace) -> None:
    """The whole way on simulated data: every campaign, from the frame to the site."""
    from reports import pipeline
    from reports.demonstration import run_campaigns

    campaigns = pipeline.campaigns(Path.cwd())
    simulated = [each for each in campaigns if each.decisions.simulee]
    with progress() as bar:
        for campaign in campaigns:
            if campaign not in simulated:
                bar.note(f"{campaign.edition} : campagne réelle, laissée telle quelle")
        bar.start("Campagnes simulées")
        for number, (campaign, runs) in enumerate(run_campaigns(simulated), start=1):
            for run in runs:
                state = f"{decimal(run.seconds)} s" if run.ran else "déjà à jour"
                bar.note(f"{campaign.edition} · {campaign.population} · {run.name} : {state}")
            bar.advance(number, len(simulated))
    publier(options)


def questionnaire(parser: FrenchParser) -> None:
    """Questionnaires: check, compare, record, export, made-up answers (`questionnaire_verbs`)."""
    questionnaire_verbs.add_verbs(parser)


def collecter(parser: FrenchParser) -> None:
    """Our own web questionnaire: links, server, monitoring, export (`collection_verbs`)."""
    collection_verbs.add_verbs(parser)


def importer(options: argparse.Namespace) -> None:
    """Take in the export of any tool; write the answers, the rejects and the control page."""
    from reports import pipeline, summaries

    campaign = pipeline.open_campaign(options.campagne)
    with progress() as bar:
        bar.start("Importation des réponses")
        pipeline.import_answers(campaign, options.export)
    say(summaries.import_summary(campaign))


def redresser(options: argparse.Namespace) -> None:
    """Weight the answers: design, non-response, calibration."""
    from reports import pipeline, summaries

    campaign = pipeline.open_campaign(options.campagne)
    with progress() as bar:
        bar.start("Redressement")
        pipeline.weigh(campaign)
    say(summaries.weighting_summary(campaign))


def estimer(options: argparse.Namespace) -> None:
    """Estimate every indicator by domain and pass the results through the disclosure gate."""
    from reports import pipeline, summaries

    campaign = pipeline.open_campaign(options.campagne)
    with progress() as bar:
        bar.start("Estimation")
        pipeline.estimate_campaign(campaign)
    say(summaries.estimation_summary(campaign, options.sortie))


def calculer(options: argparse.Namespace) -> None:
    """Estimate what a SPEC.yml asks of any survey file; nothing is rounded nor withheld."""
    from reports.computed import compute_file

    with progress() as bar:
        bar.start("Calcul")
        done = compute_file(options.specification, options.sortie)
    say(done)


def caler(options: argparse.Namespace) -> None:
    """Calibrate the weights of any survey file on the margins a SPEC.yml names."""
    from reports.computed import calibrate_file

    with progress() as bar:
        bar.start("Calage")
        done = calibrate_file(options.specification, options.sortie)
    say(done)


def publier(options: argparse.Namespace) -> None:
    """Render the site from what passed the gate, and print its address."""
    from reports import publication
    from reports.campaigns import campaigns

    root = Path.cwd()
    with progress() as bar:
        bar.start("Publication du site")
        index = publication.publish(campaigns(root), root, bar.advance)
        bar.done()
    say(f"Le site est prêt. Ouvrez cette adresse dans un navigateur :\n{index.as_uri()}")


def archiver(options: argparse.Namespace) -> None:
    """Keep what an edition published, so that rebuilding it is checked against it."""
    from reports import archive, pipeline

    say(archive.record(pipeline.open_campaign(options.campagne)))


def controler(options: argparse.Namespace) -> None:
    """Check that nothing withheld is on the site and that every page says what it must."""
    from reports import control, pipeline, publisher

    root = Path.cwd()
    campaigns = pipeline.campaigns(root)
    say(control.check_site(root / "_site", campaigns))
    if remaining := publisher.check_publisher(root, campaigns):
        say(remaining)


def _parser() -> FrenchParser:
    parser = FrenchParser(
        prog="observatoire",
        description="L’observatoire des usages de l’IA, du questionnaire à la publication.",
        epilog=EXAMPLES,
    )
    verbs = parser.add_subparsers(title=f"commandes{NNBSP}", metavar="COMMANDE", required=True)
    for action, add_arguments, summary, example in _verbs():
        name = action.__name__
        child = verbs.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"exemple :\n  observatoire {name} {example}".rstrip(),
        )
        if add_arguments is None:
            action(child)
            continue
        child.set_defaults(verb=action)
        add_arguments(child)
    return parser


def _verbs() -> tuple:
    """Each verb, its arguments (None: it has verbs of its own), what it does and an example."""
    edition = "campaigns/2026/entreprises"
    return (
        (demo, _no_argument, "Simule les campagnes et publie le site de démonstration.", ""),
        (
            questionnaire,
            None,
            "Vérifie, compare, fige ou exporte un questionnaire ; invente des réponses.",
            "verifier survey/instruments/entreprises.yml --edition 2026",
        ),
        (
            collecter,
            None,
            "Met le questionnaire en ligne, suit la collecte et en sort les réponses.",
            f"servir {edition}",
        ),
        (
            importer,
            _import_arguments,
            "Importe les réponses de tout outil : LimeSurvey, Kobo, ODK, papier, notre formulaire.",
            f"{edition} export.csv",
        ),
        (
            redresser,
            _campaign_argument,
            "Calcule les poids : sondage, non-réponse, calage.",
            edition,
        ),
        (
            estimer,
            _estimation_arguments,
            "Estime les indicateurs et applique les règles de diffusion.",
            f"{edition} --sortie resultats.csv",
        ),
        (
            calculer,
            _specification_arguments,
            "Estime tout fichier d’enquête, décrit en quelques lignes (docs/calculer.md).",
            "exemples/api/ecoles.yml --sortie resultats.csv",
        ),
        (
            caler,
            _specification_arguments,
            "Cale les poids de tout fichier d’enquête sur des marges (docs/calculer.md).",
            "exemples/api/ecoles-calees.yml --sortie poids.csv",
        ),
        (publier, _no_argument, "Construit le site dans _site/.", ""),
        (controler, _no_argument, "Contrôle le site : rien de confidentiel, pages complètes.", ""),
        (
            archiver,
            _campaign_argument,
            "Garde l’empreinte des chiffres parus, qui devront être retrouvés.",
            edition,
        ),
    )


def _no_argument(parser: argparse.ArgumentParser) -> None:
    """The verb stands alone."""


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    _campaign_argument(parser)
    parser.add_argument(
        "export",
        type=Path,
        nargs="?",
        metavar="EXPORT",
        help="le fichier exporté ; par défaut, celui du dossier private/ de la campagne",
    )


def _estimation_arguments(parser: argparse.ArgumentParser) -> None:
    _campaign_argument(parser)
    parser.add_argument(
        "--sortie", type=Path, metavar="CSV", help="écrire aussi les résultats diffusables en CSV"
    )


def _specification_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "specification", type=Path, metavar="SPEC", help="la description du fichier (YAML)"
    )
    parser.add_argument(
        "--sortie", type=Path, metavar="CSV", required=True, help="le fichier à écrire"
    )


def _campaign_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "campagne",
        type=Path,
        metavar="CAMPAGNE",
        help="le dossier de la campagne, par exemple campaigns/2026/entreprises",
    )


if __name__ == "__main__":
    sys.exit(main())
