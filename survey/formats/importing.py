"""Answers of any tool: the tool is recognised from the file itself, and said in the report.

| file | recognised by |
|---|---|
| LimeSurvey, CSV or VV | codes or texts of the questions above columns, `submitdate` |
| KoboToolbox, ODK Central: CSV, zip of CSV | names of nodes above columns, `_uuid`, `KEY` |
| paper keyed in with our template, workbook or CSV | `numero` above a column |
| our own answers, Parquet or CSV | the columns of `survey.columns` |
| SurveyJS, JSON | keys that are questions |

A workbook (.xlsx) of any of these tools is read like a CSV.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from survey.errors import ResponseError
from survey.formats.answers import NOTES
from survey.formats.delimited import (
    LARGEST,
    Table,
    UnreadableFileError,
    file_bytes,
    parse_delimited,
    refuse_other_kinds,
)
from survey.formats.description import described_json, described_kind, described_table
from survey.formats.intake import (
    DAMAGED_ROW,
    DUPLICATE_ID,
    DUPLICATE_TOKEN,
    FORMULA,
    INCONSISTENT,
    MERGED,
    ROW_REJECTED,
    Import,
    ImportReport,
    Source,
    take_in,
)
from survey.formats.limesurvey.headings import CODE_OF_TITLE
from survey.formats.limesurvey.reading import limesurvey_source
from survey.formats.odk.headings import CENTRAL_MARKS, KOBO_MARKS, tails
from survey.formats.odk.names import form_nodes
from survey.formats.odk.reading import is_repeat, odk_source
from survey.formats.odk.versions import FormVersion
from survey.formats.own_answers import is_own, own_frame, read_own
from survey.formats.paper.keying import heading_code, is_keyed, keyed_source
from survey.formats.surveyjs.reading import UNREADABLE, holds_surveyjs, read_surveyjs
from survey.formats.wording import levelled
from survey.formats.workbook_reading import Sheet, read_workbook, refuse_bomb
from survey.questions import Questionnaire

DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError,
           RuntimeError)  # fmt: skip
# Neither what people attached to answers, nor what macOS and hidden files add to an archive.
TABLE_OF_ZIP = re.compile(r"^(?!(.*/)?(media|__MACOSX)/)(.*/)?[^./][^/]*\.csv$", re.IGNORECASE)
LIMESURVEY_MARKS = {"submitdate", "startlanguage", "lastpage", "startdate", "datestamp"}


@dataclass(frozen=True, slots=True)
class _File:
    """A file opened: its tables by name, and sheets of a workbook by the same names."""

    name: str
    tables: dict[str, Table]
    sheets: dict[str, Sheet] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def read_answers_file(
    path: Path,
    questionnaire: Questionnaire,
    *,
    keep_incomplete: bool = False,
    bare: bool = False,
    versions: Sequence[FormVersion] = (),
    names: Mapping[str, str] | None = None,
) -> Import:
    """Read a file of answers, whatever tool wrote it; `report.tool` says which.

    Parameters
    ----------
    keep_incomplete : take in answers that were not finished
    bare : the file was cleaned and has no identifier; each row counts, its line identifies it
    versions : of KoboToolbox or ODK, what each version of the form offered, oldest first
    names : names in the file that are not ours -> ours (`{"q1": "taille"}`)

    Raises
    ------
    ResponseError : no such file, not a file of answers to this questionnaire; French, with what
        was found in the file and the remedy
    """
    path = Path(path)
    content = file_bytes(path)
    if content.startswith(b"PAR1"):
        return _read_parquet(content, questionnaire, path.name, keep_incomplete=keep_incomplete)
    if holds_surveyjs(content, questionnaire):
        return _from_surveyjs(path, questionnaire)
    opened = _renamed(_open(content, path.name), names or {})
    name, main = _main_table(opened, questionnaire)
    tool = _tool(main, questionnaire)
    if tool == "own":
        source = Source(path.name, "Réponses de l’observatoire", pl.DataFrame(), main.misfits,
                        len(main.headings), main.encoding, main.separator)  # fmt: skip
        frame = own_frame(main, path.name)
        return read_own(frame, questionnaire, source, keep_incomplete=keep_incomplete)
    try:
        match tool:
            case "odk":
                tables = {n: t for n, t in opened.tables.items() if t is main or is_repeat(t)}
                source = odk_source(tables, questionnaire, path.name, versions=versions, bare=bare)
            case "keyed":
                source = keyed_source(main, questionnaire, path.name)
            case _:
                source = limesurvey_source(main, questionnaire, path.name, bare=bare)
    except ResponseError as error:
        raise ResponseError(f"{error}\n{described_table(main)}") from error
    sheet = opened.sheets.get(name)
    source = source if sheet is None else _with_sheet(source, sheet)
    source = replace(source, remarks=(*source.remarks, *opened.remarks))
    return take_in(source, questionnaire, keep_incomplete=keep_incomplete)


def _open(content: bytes, name: str) -> _File:
    """Tables of a file, by what its first bytes say it is."""
    if content.startswith(b"PK"):
        members = refuse_bomb(content, name, LARGEST).namelist()
        if "xl/workbook.xml" in members:
            return _open_workbook(content, name)
        tables = sorted(member for member in members if TABLE_OF_ZIP.search(member))
        if not tables:
            raise ResponseError(
                f"{name} : archive sans fichier CSV. Exportez les réponses en CSV ou en classeur "
                f".xlsx. {described_kind(content)}".rstrip()
            )
        return _open_archive(content, tables, name)
    if kind := described_json(content):
        raise ResponseError(f"{name} : ce n’est pas un fichier de réponses. {kind}")
    try:
        refuse_other_kinds(content, name)
        return _File(name, {name: parse_delimited(content, name, salvage=True)})
    except UnreadableFileError as error:
        raise ResponseError(f"{error} {described_kind(content)}".rstrip()) from error


def _open_archive(content: bytes, members: list[str], name: str) -> _File:
    """The CSV files of a zip."""
    tables, names = {}, Counter(Path(member).name for member in members)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in members:
            short = Path(member).name
            short = short if names[short] == 1 else member
            try:
                part = archive.read(member)
            except DAMAGED as error:
                raise ResponseError(
                    f"{name} : « {short} » est abîmé dans l’archive. Téléchargez-la à nouveau."
                ) from error
            if part.strip():
                tables[short] = parse_delimited(part, f"{name}, {short}", salvage=True)
    return _File(name, tables)


def _open_workbook(content: bytes, name: str) -> _File:
    """The visible sheets of a workbook; hidden ones are told, not read."""
    sheets = read_workbook(content, name)
    shown = {sheet.name: sheet for sheet in sheets if not sheet.hidden}
    if not shown:
        raise ResponseError(
            f"{name} : ce classeur n’a aucune feuille visible remplie. Affichez celle des réponses."
        )
    hidden = [sheet.name for sheet in sheets if sheet.hidden]
    remarks = (f"Feuille(s) masquée(s), non lue(s) : {', '.join(hidden)}.",) if hidden else ()
    tables = {sheet_name: sheet.table for sheet_name, sheet in shown.items()}
    return _File(name, tables, shown, remarks)


def _renamed(opened: _File, names: Mapping[str, str]) -> _File:
    """The file with our names above its columns."""
    if not names:
        return opened
    tables = {
        name: replace(table, headings=tuple(_our_name(text, names) for text in table.headings))
        for name, table in opened.tables.items()
    }
    return replace(opened, tables=tables)


def _our_name(heading: str, names: Mapping[str, str]) -> str:
    """A heading whose first known name is replaced by ours, what follows it being kept."""
    for theirs, ours in names.items():
        rest = heading.strip().removeprefix(theirs)
        if rest != heading.strip() and (not rest or rest[0] in "/[_.:- "):
            return ours + rest
    return heading


def _main_table(opened: _File, questionnaire: Questionnaire) -> tuple[str, Table]:
    """The table that answers most of the questionnaire; the only one of a text file."""
    tables = {name: table for name, table in opened.tables.items() if not is_repeat(table)}
    if not tables:
        tables = opened.tables
    scores = {name: _known(table, questionnaire) for name, table in tables.items()}
    best = max(scores, key=scores.__getitem__)
    rivals = [name for name, score in scores.items() if score and score == scores[best]]
    if len(rivals) > 1:
        raise ResponseError(
            f"{opened.name} : plusieurs tables de réponses ({', '.join(rivals)}). Gardez-en une "
            "seule par fichier."
        )
    return best, tables[best]


def _known(table: Table, questionnaire: Questionnaire) -> int:
    """Number of headings that name something of the questionnaire, in any tool."""
    codes = {heading_code(text).partition("[")[0] for text in table.headings}
    nodes = {node.name for node in form_nodes(questionnaire)}
    last = {tail for text in table.headings for tail in tails(text)}
    return len(codes & questionnaire.by_code.keys()) + len(last & nodes)


def _tool(table: Table, questionnaire: Questionnaire) -> str:
    """Which tool wrote a table."""
    headings = {heading.strip() for heading in table.headings}
    if table.vv:
        return "limesurvey"
    if is_keyed(table):
        return "keyed"
    if headings & (KOBO_MARKS | CENTRAL_MARKS) or is_repeat(table):
        return "odk"
    titles = {CODE_OF_TITLE.get(levelled(heading)) for heading in headings}
    if (headings | titles) & LIMESURVEY_MARKS and "submitdate" in headings | titles:
        return "limesurvey"
    if is_own(table.headings, questionnaire):
        return "own"
    boxes = {f"{node.name}/{option}" for node in form_nodes(questionnaire)
             for option in node.options}  # fmt: skip
    return "odk" if {tail for text in headings for tail in tails(text)} & boxes else "limesurvey"


def _with_sheet(source: Source, sheet: Sheet) -> Source:
    """The source with a note for each row of a workbook that must not be believed as it is."""
    unknown = set(source.unknown)
    headings = sheet.table.headings
    notes = [
        (line, FORMULA, "", heading_code(headings[at])[:60], None, True)
        for line, at in sheet.formulas
        if headings[at] not in unknown
    ]
    notes += [(line, MERGED, "", None, None, True) for line in sorted(sheet.merged)]
    added = pl.DataFrame(notes, schema=NOTES, orient="row")
    return replace(source, notes=pl.concat([source.notes, added]))


def _from_surveyjs(path: Path, questionnaire: Questionnaire) -> Import:
    """Answers to a SurveyJS form."""
    found = read_surveyjs(path, questionnaire)
    rejects = found.rejects.filter(decision=ROW_REJECTED)
    first = rejects.unique("ligne", keep="first", maintain_order=True)
    told = {UNREADABLE: DAMAGED_ROW, DUPLICATE_ID: DUPLICATE_ID, DUPLICATE_TOKEN: DUPLICATE_TOKEN}
    cause = first["motif"].replace_strict(told, default=INCONSISTENT).rename("cause")
    report = ImportReport(
        file=path.name,
        tool="SurveyJS",
        encoding="",
        separator="",
        rows_read=found.responses.height + first.height,
        accepted=found.responses.height,
        rejected=first.height,
        unfinished=0,
        duplicates=int(cause.is_in([DUPLICATE_ID, DUPLICATE_TOKEN]).sum()),
        causes=dict(cause.value_counts().sort("count", "cause", descending=[True, False]).rows()),
        unknown_columns=found.unknown_keys,
        contact_columns=(),
    )
    return Import(found.responses, found.rejects, report)


def _read_parquet(
    content: bytes, questionnaire: Questionnaire, name: str, *, keep_incomplete: bool
) -> Import:
    """Our own answers as Parquet."""
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise ResponseError(f"{name} : ce fichier Parquet est abîmé. Refaites-le.") from error
    if "ligne" not in frame.columns:
        frame = frame.with_row_index("ligne", 1).cast({"ligne": pl.Int64})
    misfits = pl.DataFrame(schema={"ligne": pl.Int64, "cellules": pl.Int64})
    source = Source(
        name, "Réponses de l’observatoire, Parquet", pl.DataFrame(), misfits, frame.width
    )
    return read_own(frame, questionnaire, source, keep_incomplete=keep_incomplete)
