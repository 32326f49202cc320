"""Personal links: one a sampled unit, written once for the mailing, kept as hashes only."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from survey.collection.contacts import Person
from survey.collection.security import hash_token, new_token, spaced_token
from survey.collection.settings import Settings, Stores
from survey.errors import SurveyError
from survey.files import replace_file
from survey.french import counted

CONTACT_COLUMNS = ("nom", "raison_sociale", "courriel", "telephone", "adresse", "code_postal")
CONTACT_COLUMNS += ("commune",)


def invite(sample: pl.DataFrame, stores: Stores, settings: Settings, links: Path) -> int:
    """Give a personal link to each sampled unit that has none yet; how many were given.

    Parameters
    ----------
    sample : one row per unit, with unique `unite` and `token` (`survey.sampling.add_tokens`: the
        random name under which answers join the sample, which opens nothing here), and the columns
        of `CONTACT_COLUMNS` there are
    links : CSV completed with `unite`, the contact columns, `code` and `lien`; readable by its
        owner alone. A link stands in this file and nowhere else: if it is lost, so is the link.

    Raises
    ------
    SurveyError : `unite` or `token` is missing, empty or repeated
    """
    _check_sample(sample)
    known = {person.unit for person in stores.contacts.invited()}
    fresh = sample.filter(~pl.col("unite").cast(pl.String).is_in(list(known)))
    details = [name for name in CONTACT_COLUMNS if name in sample.columns]
    tokens = [new_token() for _ in range(fresh.height)]
    people = [
        Person(row["token"], hash_token(secret), str(row["unite"]), {d: row[d] for d in details})
        for row, secret in zip(fresh.iter_rows(named=True), tokens, strict=True)
    ]
    written = fresh.select(pl.col("unite").cast(pl.String), pl.col(details).cast(pl.String))
    written = written.with_columns(
        code=pl.Series([spaced_token(secret) for secret in tokens], dtype=pl.String),
        lien=pl.Series([settings.link(secret) for secret in tokens], dtype=pl.String),
    )
    if people:
        write_links(_with_former(written, links), links)
        stores.contacts.add(people)
    return len(people)


def reminders(stores: Stores, links: Path) -> pl.DataFrame:
    """Rows of the file of links whose unit has neither sent nor withdrawn its answers."""
    sent = {response.identifier for response in stores.responses.all() if response.submitted}
    waiting = [
        person.unit
        for person in stores.contacts.invited()
        if not person.withdrawn and person.identifier not in sent
    ]
    return _read_links(links).filter(pl.col("unite").is_in(waiting))


def write_links(frame: pl.DataFrame, path: Path) -> None:
    """Write personal links to a CSV that its owner alone can read."""
    replace_file(path, lambda file: frame.write_csv(file, include_bom=True), owner_only=True)


def _with_former(written: pl.DataFrame, links: Path) -> pl.DataFrame:
    if not links.exists():
        return written
    former = _read_links(links).filter(~pl.col("unite").is_in(written["unite"].to_list()))
    return pl.concat([former, written], how="diagonal")


def _read_links(links: Path) -> pl.DataFrame:
    if not links.exists():
        raise SurveyError(f"{links.name} : fichier des liens introuvable. Invitez d’abord.")
    return pl.read_csv(links, infer_schema=False)


def _check_sample(sample: pl.DataFrame) -> None:
    for name in ("unite", "token"):
        if name not in sample.columns:
            raise SurveyError(
                f"échantillon : la colonne « {name} » manque. Tirez l’échantillon de nouveau, ou "
                "ajoutez-la."
            )
        wrong = sample[name].null_count() + int(sample[name].drop_nulls().is_duplicated().sum())
        if wrong:
            raise SurveyError(
                f"échantillon : « {name} » est vide ou répétée sur {counted(wrong, 'ligne')}. "
                "Chaque unité doit avoir la sienne."
            )
