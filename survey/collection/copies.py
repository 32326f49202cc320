"""What the private folder of a campaign copies of the answers and of the contacts, cut when asked.

Only files that this program wrote are touched: the export and the links of `collecter`, what
`importer` and `redresser` took from that export, the contact columns of the sample. A sampling
frame, or a file that someone put there under another name, is theirs to erase.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

import polars as pl

from survey.errors import SurveyError
from survey.files import replace_file

COLLECTED, LINKS, REMINDERS = "reponses-en-ligne.parquet", "liens.csv", "relances.csv"
ANSWERS = (COLLECTED, "reponses.parquet", "rejets.csv", "reponses-hors-echantillon.csv")
LETTERS = (LINKS, REMINDERS)
SAMPLES = ("echantillon.parquet", "echantillon.csv")
KEYS = ("id", "token")  # of the answers: the identifier of the person
PERSONAL = ("nom", "raison_sociale", "courriel", "telephone", "adresse")

_TURN = Lock()  # two withdrawals at once would each write a file without seeing the other's cut


def forget_person(private: Path, identifier: str, unit: str | None) -> None:
    """Take the answers of a person and, of who was invited, their contact data out of each file.

    The row of the sample stays, without contact data: the unit was drawn, the weighting needs it.
    """

    def answers_left(frame: pl.DataFrame) -> pl.DataFrame:
        keys = [
            pl.col(name).cast(pl.String) == identifier for name in KEYS if name in frame.columns
        ]
        return frame.filter(~pl.any_horizontal(keys).fill_null(False)) if keys else frame

    with _TURN:
        for name in ANSWERS:
            _rewrite(private / name, answers_left)
        if unit is not None:
            for name in LETTERS:
                _rewrite(private / name, lambda frame: frame.filter(pl.col("unite") != unit))
            for name in SAMPLES:
                _rewrite(private / name, lambda frame: without_contacts(frame, unit))


def forget_contacts(private: Path) -> None:
    """Erase the files of links, and the contact columns of the sample."""
    with _TURN:
        for name in LETTERS:
            (private / name).unlink(missing_ok=True)
        for name in SAMPLES:
            _rewrite(private / name, without_contacts)


def forget_answers(private: Path) -> None:
    """Erase the export of the answers and what was taken from it."""
    with _TURN:
        for name in ANSWERS:
            (private / name).unlink(missing_ok=True)


def without_contacts(sample: pl.DataFrame, unit: str | None = None) -> pl.DataFrame:
    """The sample with its contact columns emptied, for this unit or for all."""
    personal = [name for name in PERSONAL if name in sample.columns]
    there = pl.lit(True) if unit is None else pl.col("unite").cast(pl.String) == unit
    return sample.with_columns(pl.when(~there).then(pl.col(personal)).name.keep())


def _rewrite(path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Replace a file by what `change` leaves of it; untouched when that is all of it."""
    if not path.is_file():
        return
    is_parquet = path.suffix == ".parquet"
    try:
        frame = pl.read_parquet(path) if is_parquet else pl.read_csv(path, infer_schema=False)
        left = change(frame)
    except pl.exceptions.PolarsError as error:
        raise SurveyError(
            f"{path} : ce fichier est abîmé, on ne peut y effacer une personne. Effacez-le entier, "
            "puis recommencez."
        ) from error
    if left.equals(frame):
        return

    def write(file: Path) -> None:
        if is_parquet:
            said = pl.read_parquet_metadata(path)
            said.pop("ARROW:schema", None)
            left.write_parquet(file, metadata=said)
        else:
            left.write_csv(file, include_bom=True)

    replace_file(path, write, owner_only=path.stat().st_mode & 0o077 == 0)
