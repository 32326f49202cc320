"""A file of answers given to a SurveyJS form, read into the frame of answers: no row is lost."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from survey.columns import empty_responses, other_text_column, state_column
from survey.errors import ResponseError
from survey.formats.delimited import file_bytes
from survey.formats.intake import DUPLICATE_ID, DUPLICATE_TOKEN, REJECTS, ROW_REJECTED, masked
from survey.formats.surveyjs.answers import ValueFault, read_answers
from survey.french import typography
from survey.questions import Questionnaire
from survey.schema import violations

TECHNICAL = pl.Schema(
    {
        "id": pl.String,
        "token": pl.String,
        "submitted": pl.Datetime("us"),
        "complete": pl.Boolean,
        "duration_seconds": pl.Float64,
    }
)
POSITION = "ligne"
UNREADABLE = "objet JSON illisible"
SHOWABLE = re.compile(r"[\w+.,-]{1,12}")  # a code or a number: no free text


@dataclass(frozen=True, slots=True)
class SurveyJsImport:
    """Answers taken in and those set aside.

    `responses`: one row per accepted answer, file order: `id` (the key `id` of the object, else its
    position), `token` (the key `token`, else null), `submitted` and `duration_seconds` (null: the
    form keeps neither), `complete` (true), then the columns of `survey.columns`. `rejects`: columns
    of `survey.formats.intake.REJECTS`; `ligne` is the position of the object in the file, from
    1; holds no free text. `unknown_keys`: keys that are none of the questionnaire's, not read.
    """

    responses: pl.DataFrame
    rejects: pl.DataFrame
    unknown_keys: tuple[str, ...]


def read_surveyjs(path: Path, questionnaire: Questionnaire) -> SurveyJsImport:
    """Read the data of a SurveyJS form: a JSON array of objects, or one object a line.

    An object is set aside, with every reason, when a value is unknown, out of bounds, left blank
    though required, or answers what routing does not ask: a form of ours lets none of that through.
    Of answers with the same token (then the same id) the last is kept, among those that are valid.

    Raises
    ------
    ResponseError : the file is not such a file; in French, with the remedy
    """
    rows, rejects, keys, tokens = [], [], set(), []
    for position, data in enumerate(_objects(Path(path)), start=1):
        if not isinstance(data, dict):
            rejects.append(_reject(position, None, UNREADABLE))
            continue
        keys |= data.keys()
        tokens.append(_identifier(data.get("token")))
        answers, faults = read_answers(data, questionnaire)
        key = {"id": _identifier(data.get("id")) or str(position)}
        rejects += [_fault_reject(position, key["id"], fault) for fault in faults]
        if not faults:
            key |= {"token": tokens[-1], "complete": True}
            rows.append({POSITION: position} | key | answers)
    schema = {POSITION: pl.Int64} | TECHNICAL | empty_responses(questionnaire).schema
    frame = pl.DataFrame(rows, schema=schema)
    responses, wrong = _without_duplicates(*_allowed(frame, questionnaire))
    found = pl.concat([pl.DataFrame(rejects, schema=REJECTS, orient="row"), wrong])
    return SurveyJsImport(
        responses.drop(POSITION),
        masked(found, pl.Series(tokens, dtype=pl.String)).sort(POSITION, maintain_order=True),
        tuple(sorted(map(_printable, keys - _known_keys(questionnaire)))),
    )


def holds_surveyjs(content: bytes, questionnaire: Questionnaire) -> bool:
    """Whether a file is JSON whose first objects answer questions of the questionnaire."""
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in (b"[", b"{"):
        return False
    text = content.decode("utf-8-sig", errors="replace")
    whole = _parsed(text)
    items = whole if isinstance(whole, list) else [_parsed(text.split("\n", 1)[0]), whole]
    keys = {key for item in items[:100] if isinstance(item, dict) for key in item}
    return bool(keys & questionnaire.by_code.keys())


def _objects(path: Path) -> list[Any]:
    """What the file holds, one item a person; None for one that cannot be read."""
    # A broken byte becomes half a character, which no answer may hold: its row alone is set aside.
    text = file_bytes(path).decode("utf-8-sig", errors="surrogateescape")
    whole = _parsed(text)
    if isinstance(whole, list):
        return whole
    if isinstance(whole, dict):
        return [whole]
    objects = [_parsed(line) for line in text.split("\n") if line.strip()]
    if not any(isinstance(each, dict) for each in objects):
        raise ResponseError(
            f"{path.name} : ce ne sont pas des réponses de SurveyJS. Un tableau JSON d’objets est "
            "attendu, ou un objet par ligne ; chaque objet est le « survey.data » d’une personne."
        )
    return objects


def _parsed(text: str) -> Any:
    """The value; None when the text is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _identifier(value: Any) -> str | None:
    text = _printable(str(value)).strip() if isinstance(value, str | int) else ""
    return text or None


def _printable(text: str) -> str:
    """`text`, its halves of characters replaced by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _known_keys(questionnaire: Questionnaire) -> set[str]:
    known = {"id", "token", *questionnaire.by_code}
    for question in questionnaire.questions:
        if question.type == "number":
            known.add(state_column(question))
        known |= {other_text_column(question, each.code) for each in question.options if each.other}
    return known


def _allowed(frame: pl.DataFrame, questionnaire: Questionnaire) -> tuple[pl.DataFrame, list[tuple]]:
    """Rows that break no rule of the questionnaire, and a reject for each rule broken."""
    found, _ = violations(frame, questionnaire)
    rejects = [
        _reject(*frame.row(each.row - 1)[:2], each.rule, each.column, each.value) for each in found
    ]
    kept = ~pl.col(POSITION).is_in({reject[0] for reject in rejects})
    return frame.filter(kept), rejects


def _without_duplicates(
    frame: pl.DataFrame, rejects: list[tuple]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The last of the rows that share a token, then an id."""
    for name, cause in (("token", DUPLICATE_TOKEN), ("id", DUPLICATE_ID)):
        repeated = pl.col(name).is_not_null() & ~pl.col(name).is_last_distinct()
        rejects += [
            _reject(*row, cause)
            for row in frame.filter(repeated).select(POSITION, "id").iter_rows()
        ]
        frame = frame.filter(~repeated)
    return frame, pl.DataFrame(rejects, schema=REJECTS, orient="row")


def _fault_reject(position: int, key: str, fault: ValueFault) -> tuple:
    value = fault.value if isinstance(fault.value, str) else json.dumps(fault.value)
    return _reject(position, key, fault.what, fault.column, value)


def _reject(
    position: int, key: str | None, what: str, column: str | None = None, value: str | None = None
) -> tuple:
    """One line of `REJECTS`."""
    if value is not None and not SHOWABLE.fullmatch(value):
        value = f"(texte de {len(value)} caractères)"
    return (position, key, typography(what), column, value, ROW_REJECTED)
