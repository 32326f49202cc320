"""What `observatoire collecter` does: our own web questionnaire, from the links to the answers."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from reports.console import FrenchParser, say
from survey.french import counted, typography

if TYPE_CHECKING:
    import polars as pl

    from survey.campaign import Campaign

# What the actions need is imported when one runs: the help comes at once.


def prepare(options: argparse.Namespace) -> None:
    """Create the stores of the answers and of the contacts."""
    from survey.collection import commands

    say(commands.prepare(_campaign(options)))


def invite(options: argparse.Namespace) -> None:
    """Give a personal link to each unit of the sample."""
    from reports.samples import find_sample, read_private
    from survey.collection import commands

    campaign = _campaign(options)
    sample = read_private(find_sample(campaign))
    say(commands.invite_units(campaign, sample))


def remind(options: argparse.Namespace) -> None:
    """Write the links of who has not answered."""
    from survey.collection import commands

    say(commands.write_reminders(_campaign(options)))


def serve(options: argparse.Namespace) -> None:
    """Serve the questionnaire until it is stopped."""
    from survey.collection import commands

    campaign = _campaign(options)
    address = f"http://{options.hote}:{options.port}"
    print(typography("Questionnaire en ligne : ") + address)
    say("Pour l’arrêter : Ctrl et C.")
    commands.serve_collection(
        campaign, host=options.hote, port=options.port, behind_proxy=options.derriere_proxy
    )


def follow(options: argparse.Namespace) -> None:
    """Show how the collection goes."""
    from rich.console import Console

    from reports.samples import find_sample, read_private
    from survey.collection import commands

    campaign = _campaign(options)
    path = find_sample(campaign)
    sample = read_private(path) if path.is_file() else None
    targets = None if options.cibles is None else _targets(options.cibles)
    Console().print(commands.show_collection(campaign, sample, targets))


def export(options: argparse.Namespace) -> None:
    """Write the answers received, for `observatoire importer`."""
    from survey.collection import commands

    frame, path = commands.export_collected(_campaign(options))
    complete = int(frame["complete"].sum())
    say(
        f"{counted(frame.height, 'réponse')}, dont {counted(complete, 'complète')} : {path}\n"
        f"Ensuite : observatoire importer {options.campagne} {path}"
    )


def withdraw(options: argparse.Namespace) -> None:
    """Erase the answers of one person, by code, link or unit."""
    from survey.collection import commands

    say(commands.withdraw_answers(_campaign(options), options.qui))


def purge(options: argparse.Namespace) -> None:
    """Erase contacts and answers whose date has come."""
    from survey.collection import commands

    say(commands.purge_collection(_campaign(options), date.today()))


def add_verbs(parser: FrenchParser) -> None:
    """The commands under `observatoire collecter`."""
    verbs = parser.add_subparsers(title="commandes", metavar="COMMANDE", required=True)
    edition = "campaigns/2026/entreprises"
    for name, action, add_arguments, summary, example in (
        ("preparer", prepare, None, "Crée les bases des réponses et des contacts.", ""),
        ("inviter", invite, None, "Donne un lien personnel à chaque unité de l’échantillon.", ""),
        ("servir", serve, _serve_arguments, "Met le questionnaire en ligne.", "--port 8000"),
        (
            "suivre",
            follow,
            _follow_arguments,
            "Montre où en est la collecte : réponses par strate, durée, abandons.",
            "",
        ),
        ("relancer", remind, None, "Écrit les liens de qui n’a pas répondu.", ""),
        ("exporter", export, None, "Écrit les réponses reçues, prêtes à importer.", ""),
        (
            "retirer",
            withdraw,
            _withdraw_arguments,
            "Efface les réponses d’une personne, par son code, son lien ou son unité.",
            "A1B2-C3D4-…",
        ),
        (
            "purger",
            purge,
            None,
            "Efface les contacts et les réponses dont la durée de conservation est passée.",
            "",
        ),
    ):
        child = verbs.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"exemple :\n  observatoire collecter {name} {edition} {example}".rstrip(),
        )
        child.set_defaults(verb=action)
        child.add_argument(
            "campagne", type=Path, metavar="CAMPAGNE", help=f"son dossier, par exemple {edition}"
        )
        if add_arguments:
            add_arguments(child)


def _campaign(options: argparse.Namespace) -> Campaign:
    from reports import pipeline

    return pipeline.open_campaign(options.campagne)


def _targets(path: Path) -> pl.DataFrame:
    import polars as pl

    from analysis.checks import require_columns
    from reports.samples import read_private

    frame = read_private(path)
    require_columns(frame, ("stratum", "target"), path.name)
    return frame.select(pl.col("stratum").cast(pl.String), pl.col("target").cast(pl.Int64))


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hote", default="127.0.0.1", metavar="ADRESSE", help="adresse d’écoute ; 127.0.0.1"
    )
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="port ; 8000")
    parser.add_argument(
        "--derriere-proxy",
        action="store_true",
        help="un serveur mandataire (nginx, Caddy…) donne le https et l’adresse du visiteur",
    )


def _follow_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cibles",
        type=Path,
        metavar="CSV",
        help="réponses voulues, colonnes stratum et target ; par défaut, tout l’échantillon",
    )


def _withdraw_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("qui", metavar="QUI", help="le code, le lien ou l’unité")
