"""Time and memory of the import of a large LimeSurvey export of the enterprise questionnaire.

    python benchmarks/import_limesurvey.py [rows]

Writes random valid answers (50 000 rows by default) to a temporary export, imports it in a process
of its own, and prints seconds, peak memory, and the ratio to a bare `polars.read_csv` of the file.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from survey.columns import GIVEN, question_columns, special_codes  # noqa: E402
from survey.formats.limesurvey.reading import read_export, write_export  # noqa: E402
from survey.questionnaire import Question, Questionnaire, load_questionnaire  # noqa: E402
from survey.routing import effective_base, to_polars  # noqa: E402
from survey.schema import check_responses  # noqa: E402

INSTRUMENT = PROJECT / "survey" / "instruments" / "entreprises.yml"


def random_responses(questionnaire: Questionnaire, size: int, seed: int) -> pl.DataFrame:
    """`size` valid answers, options drawn evenly, a tenth blank or don't know."""
    rng = np.random.default_rng(seed)
    start = datetime(2026, 3, 1)
    frame = pl.DataFrame(
        {
            "id": [str(i + 1) for i in range(size)],
            "token": [f"t{i:08d}" for i in range(size)],
            "submitted": [start + timedelta(seconds=60 * i) for i in range(size)],
            "complete": [True] * size,
            "duration_seconds": rng.lognormal(6.5, 0.5, size).round(2),
        },
        schema_overrides={"submitted": pl.Datetime("us")},
    )
    for question in questionnaire.questions:
        frame = with_random_answers(frame, question, questionnaire, rng)
    return frame


def with_random_answers(
    frame: pl.DataFrame, question: Question, questionnaire: Questionnaire, rng: np.random.Generator
) -> pl.DataFrame:
    """`frame` and the columns of one more question, null where routing does not ask it."""

    def shown(item: object = None) -> pl.Expr:
        return to_polars(effective_base(question, item), questionnaire)

    size, columns = frame.height, question_columns(question)
    if question.type in ("single", "grid"):
        items = question.rows or (None,)
        choices = [c for c in columns if c.role == "choice"]
        codes = [option.code for option in question.options if not option.only_if]
        drawn = {
            column.name: pl.Series(draw(codes, special_codes(question), size, rng))
            for column in choices
        }
        frame = frame.with_columns(
            pl.when(shown(item)).then(drawn[column.name]).cast(column.dtype).alias(column.name)
            for item, column in zip(items, choices, strict=True)
        )
        return frame.with_columns(
            pl.lit(None, pl.String).alias(c.name) for c in columns if c.role == "other_text"
        )
    state = columns[0]
    states = pl.Series(draw([GIVEN], special_codes(question), size, rng))
    frame = frame.with_columns(pl.when(shown()).then(states).cast(state.dtype).alias(state.name))
    given = pl.col(state.name) == GIVEN
    if question.type == "multiple":
        always = [at for at, option in enumerate(question.options) if not option.only_if]
        picked = rng.choice(always, size)
        return frame.with_columns(
            pl.when(given & shown(question.option(column.item)))
            .then(pl.Series(picked == at))
            .alias(column.name)
            if column.role == "tick"
            else pl.lit(None, pl.String).alias(column.name)
            for at, column in enumerate(columns[1:])
        )
    low, high = question.minimum or 0, question.maximum or 100
    values = (
        pl.Series(rng.integers(int(low), int(high) + 1, size))
        if question.type == "number"
        else pl.Series(["Une remarque, avec « accents » ;\net deux lignes"] * size)
    )
    name, dtype = columns[1].name, columns[1].dtype
    return frame.with_columns(pl.when(given).then(values).cast(dtype).alias(name))


def draw(codes: list[str], special: list[str], size: int, rng: np.random.Generator) -> np.ndarray:
    """Codes drawn evenly; a tenth of them `NSP` or `NR` where these exist."""
    drawn = rng.choice(codes, size).astype(object)
    if special:
        drawn = np.where(rng.random(size) < 0.1, rng.choice(special, size), drawn)
    return drawn


def timed(function, *arguments) -> tuple[float, float]:
    """Seconds taken by a call, and peak memory of this process since its start, in MB."""
    start = time.perf_counter()
    function(*arguments)
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read_bare(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, separator=";", infer_schema=False)


def child(what: str, path: Path) -> None:
    """What each measured process does: one call, one line of result."""
    if what == "import":
        questionnaire = load_questionnaire(INSTRUMENT, 2026)
        seconds, megabytes = timed(read_export, path, questionnaire)
    else:
        seconds, megabytes = timed(read_bare, path)
    print(seconds, megabytes)


def measure(what: str, path: Path) -> tuple[float, float]:
    command = [sys.executable, __file__, "--child", what, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, megabytes = map(float, output.split())
    return seconds, megabytes


def main(rows: int) -> None:
    questionnaire = load_questionnaire(INSTRUMENT, 2026)
    responses = random_responses(questionnaire, rows, seed=1)
    check_responses(responses, questionnaire)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        writing, _ = timed(write_export, responses, questionnaire, path)
        columns = path.read_text(encoding="utf-8-sig").split("\n", 1)[0].count(";") + 1
        weight = path.stat().st_size / 1e6
        print(f"fichier : {rows} lignes x {columns} colonnes, {weight:.0f} Mo")
        print(f"écriture             : {writing:.2f} s")
        bare, bare_memory = measure("bare", path)
        seconds, memory = measure("import", path)
    print(f"polars.read_csv seul : {bare:.2f} s, {bare_memory:.0f} Mo")
    print(f"import               : {seconds:.2f} s, {memory:.0f} Mo (rapport {seconds / bare:.1f})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
