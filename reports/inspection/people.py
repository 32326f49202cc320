"""Whether a published file tells of a person: what private files hold, e-mails, telephones, SIRET.

What a campaign keeps is known, so it is looked for as it is: free answers, names and addresses of
the contacts. What it does not know of is looked for by its shape; the addresses and numbers that
the project itself publishes (its publisher's, those of a questionnaire) are allowed.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from reports.inspection.reading import words_alone
from survey.campaign import Campaign

CONTACTS = ("nom", "raison_sociale", "courriel", "telephone", "adresse", "siret")
KEYS = ("id", "token", "unite", "nature")  # no words: tokens are looked for apart
ANSWERS = ("reponses.parquet", "reponses-en-ligne.parquet")
LETTERS = ("echantillon.parquet", "echantillon.csv", "liens.csv", "relances.csv")
FEWEST_WORDS, SHORTEST = 2, 12  # under that, a text may stand on a page by chance: « autre outil »
FIRST_WORDS = 10  # by which a long text is known, even cut
# Where the project writes what it publishes of itself.
OWN = (
    "data/reference/*.yml",
    "data/reference/territoires.csv",
    "data/indicators/*.yml",
    "data/quality/*.yml",
    "survey/instruments/**/*.yml",
    "reports/texts/*.md",
    "campaigns/*/*/campaign.yml",
)
SHAPES = {
    "une adresse électronique": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "un numéro de téléphone": (
        r"(?:^|[^\w.,/-])(?:\+33[ .\u00a0\u202f]?(?:\(0\))?|0)[1-9](?:[ .\u00a0\u202f-]?\d\d){4}"
        r"(?:$|[^\w,])"
    ),
    "un numéro SIRET": (r"(?:^|[^\w.,/-])(?:\d{14}|(?:\d{3}[ \u00a0\u202f]){3}\d{5})(?:$|[^\w.,])"),
}
SIRET = "un numéro SIRET"


@dataclass(frozen=True, slots=True)
class Known:
    """What is looked for: words (`words_alone`) -> what they are; the shapes that are allowed."""

    words: dict[str, str]
    allowed: frozenset[str]


def people_known(campaigns: Iterable[Campaign], root: Path) -> Known:
    """What the private files of campaigns hold that pages may not, and what the project says."""
    words: dict[str, str] = {}
    for campaign in campaigns:
        for what, texts in _private_texts(campaign.private):
            words |= dict.fromkeys(_searched(texts), f"{what} de {campaign.edition}")
    own = [path.read_text(encoding="utf-8") for each in OWN for path in root.glob(each)]
    shown = {_bare(shape) for text in own for _, shape in shapes_in([text])[0]}
    public = words_of(own)
    return Known(
        {each: what for each, what in words.items() if each not in public}, frozenset(shown)
    )


def words_of(texts: Sequence[str]) -> str:
    """Every word of these texts, in one."""
    return " ".join(
        pl.Series(texts, dtype=pl.String).to_frame("t").select(words_alone(pl.col("t")))["t"]
    )


def people_faults(batch: pl.DataFrame, known: Known) -> Iterator[str]:
    """What files (`where`, `text`) hold of these texts, and the shapes that are not allowed."""
    if known.words:
        patterns = list(known.words)
        words = batch.select("where", words=words_alone(pl.col("text")))
        found = words.filter(pl.col("words").str.contains_any(patterns))
        for where, text in found.iter_rows():
            what = next(known.words[each] for each in known.words if each in text)
            yield f"{where} : {what} apparaît."
    for where, shapes in zip(batch["where"], shapes_in(batch["text"]), strict=True):
        for kind, bare in dict.fromkeys((kind, _bare(shape)) for kind, shape in shapes):
            if bare not in known.allowed:
                yield f"{where} : {kind} apparaît ({bare[:3]}…)."


def shapes_in(texts: Iterable[str]) -> list[list[tuple[str, str]]]:
    """E-mails, telephones and SIRET of each text, with what they are."""
    frame = pl.Series("text", texts, dtype=pl.String).to_frame()
    every = frame.select(
        pl.col("text").str.extract_all(pattern).alias(kind) for kind, pattern in SHAPES.items()
    )
    return [
        [
            (kind, shape)
            for kind, shapes in row.items()
            for shape in shapes
            if kind != SIRET or is_siret(re.sub(r"\D", "", shape))
        ]
        for row in every.iter_rows(named=True)
    ]


def is_siret(digits: str) -> bool:
    """Whether fourteen digits have the key of a SIRET (Luhn); those of La Poste are apart."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return len(digits) == 14 and any(doubled) and sum(sum(divmod(n, 10)) for n in doubled) % 10 == 0


def _bare(shape: str) -> str:
    """An address or a number without its punctuation and its spaces, +33 read as 0."""
    bare = re.sub(r"[^\w@.+-]" if "@" in shape else r"[^\d+]", "", shape).strip(".").lower()
    return re.sub(r"^\+330?", "0", bare)


def _searched(texts: Iterable[str]) -> Iterator[str]:
    """The first words of each text that is long enough to be known by them."""
    unique = pl.Series("t", sorted(set(texts)), dtype=pl.String).to_frame()
    for words in unique.select(words_alone(pl.col("t")))["t"]:
        first = words.split()[:FIRST_WORDS]
        if len(first) >= FEWEST_WORDS and len(" ".join(first)) >= SHORTEST:
            yield f" {' '.join(first)} "


def _private_texts(private: Path) -> Iterator[tuple[str, list[str]]]:
    """What it is, and the texts of it, file by file."""
    for name in ANSWERS:
        if (private / name).is_file():
            frame = pl.read_parquet(private / name)
            free = [c for c in frame.columns if frame[c].dtype == pl.String and c not in KEYS]
            yield "une réponse libre", _texts(frame, free)
    if (private / "rejets.csv").is_file():
        rejects = pl.read_csv(private / "rejets.csv", infer_schema=False)
        yield "une réponse rejetée", _texts(rejects, ["valeur"])
    for name in LETTERS:
        if (private / name).is_file():
            path = private / name
            read = pl.read_csv(path, infer_schema=False) if path.suffix == ".csv" else None
            frame = pl.read_parquet(path) if read is None else read
            yield "une coordonnée", _texts(frame, CONTACTS)
    for path in private.glob("collecte/*.sqlite"):
        yield "une réponse ou une coordonnée", list(_stored(path))


def _texts(frame: pl.DataFrame, columns: Iterable[str]) -> list[str]:
    known = [name for name in columns if name in frame.columns]
    return [str(text) for name in known for text in frame[name].drop_nulls().unique()]


def _stored(path: Path) -> Iterator[str]:
    """The texts of answers and contacts in a base of our own form."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
        for table, column in (("responses", "answers"), ("people", "details")):
            try:
                rows = base.execute(f"SELECT {column} FROM {table}").fetchall()
            except sqlite3.OperationalError:
                continue  # the other base of the two
            for (row,) in rows:
                yield from (text for text in json.loads(row).values() if isinstance(text, str))
