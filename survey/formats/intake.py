"""What becomes of the answers of a file, whatever tool wrote it: nothing lost, nothing guessed.

An importer turns its file into a `Source`: canonical cells (`survey.formats.fields`) and technical
columns. Here rows are set aside or taken in, with a report:

- row with a wrong number of cells, damaged, empty, without identifier, with an unreadable date: set
  aside;
- unfinished: set aside, unless `keep_incomplete`; blanks are then `NR`;
- unknown code, unreadable or out-of-bounds number, required question left blank: row set aside;
- answer to a question routing does not ask, to an option not offered, text beside an « Autre »
  not chosen: value erased, row kept;
- exclusive option ticked with others: answer erased (`NR`), row kept; set aside when required;
- same token (then same id) twice: the complete one, then the latest submitted (`submitted`, else
  `datestamp`), then the last line is kept, among rows that are valid.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from survey.columns import NOT_OFFERED
from survey.errors import QuestionnaireError
from survey.formats.answers import NOTES, read_questions
from survey.questions import Questionnaire

ROW_REJECTED, VALUE_ERASED, NOT_TAKEN = "ligne écartée", "valeur effacée", "ligne non reprise"

EMPTY_ROW = "ligne vide"
WRONG_WIDTH = "nombre de cellules différent de l’en-tête"
DAMAGED_ROW = "ligne abîmée"
NO_ID = "identifiant absent"
UNREADABLE_DATE = "date d’envoi illisible"
UNFINISHED = "réponse non terminée"
FORMULA = "formule dans une cellule"
MERGED = "cellules fusionnées"
INCONSISTENT = "réponse contraire au questionnaire"
REVIEWED = "réponse refusée dans l’outil de collecte"
DUPLICATE_TOKEN = "doublon du jeton"
DUPLICATE_ID = "doublon de l’identifiant"

# A code, a number, a date, or what `survey.formats.answers` says of a free text.
SHOWABLE = (
    r"^([\w+.,-]{1,12}|[\w+-]{1,12}(, [\w+-]{1,12})*|\d{4}-\d{2}-\d{2}[ \d:]*"
    r"|\(texte de .* caractères\))$"
)

# What no identifier of a tool is: an address, words, a telephone number.
CONTACT = r"[@\s]|^(0|\+?33)\d{9}$"

BARE = (
    "Le fichier ne porte ni identifiant ni date d’envoi : le numéro de ligne sert d’identifiant, "
    "toutes les réponses comptent comme terminées."
)

TECHNICAL = pl.Schema(
    {
        "ligne": pl.Int64,
        "id": pl.String,
        "token": pl.String,
        "submitted": pl.Datetime("us"),
        "complete": pl.Boolean,
        "duration_seconds": pl.Float64,
        "datestamp": pl.Datetime("us"),
        "unread_date": pl.String,
    }
)
KEPT = ("ligne", "id", "token", "submitted", "complete", "duration_seconds", "datestamp")
# Names of the columns that stand beside the answers; no question may be called so.
RESERVED = {*TECHNICAL, NOT_OFFERED}

REJECTS = pl.Schema(
    {
        "ligne": pl.Int64,
        "id": pl.String,
        "motif": pl.String,
        "colonne": pl.String,
        "valeur": pl.String,
        "decision": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file turned into canonical cells, before anything is judged.

    Parameters
    ----------
    tool : what wrote the file, in French: « LimeSurvey, CSV »
    rows : one row per well-formed row of the file
        `TECHNICAL` (`id` "" where absent; `unread_date`: the text of a date that could not be
        read), `cell:<field>` for every field of the questionnaire, and `not_offered` where needed
    misfits : the other rows: `ligne`, `cellules` (cells found; 0 = empty row, null = damaged)
    width : cells that a row should have
    id_column, date_column : names of these columns in the file
    ticks : what a box may hold
    notes : what the importer itself noted (`NOTES`)
    tables : rows of other tables of the file (`REJECTS`), listed and not taken in
    remarks : what whoever imports must know about the file
    """

    file: str
    tool: str
    rows: pl.DataFrame
    misfits: pl.DataFrame
    width: int
    encoding: str = ""
    separator: str = ""
    unknown: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    id_column: str = "id"
    date_column: str = "date"
    ticks: str = "1 ou 0"
    notes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NOTES))
    tables: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECTS))
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did; all counts are rows of the file.

    `rows_read` = `accepted` + `rejected`; `causes` counts rejected rows by their first cause;
    `unfinished` counts rows without date of submission, kept or not. `other_rows` counts rows of
    other tables of the file. `encoding` and `separator` are empty where the file is no text.
    """

    file: str
    tool: str
    encoding: str
    separator: str
    rows_read: int
    accepted: int
    rejected: int
    unfinished: int
    duplicates: int
    causes: dict[str, int]
    unknown_columns: tuple[str, ...]
    contact_columns: tuple[str, ...]
    other_rows: int = 0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """Answers taken in, cells and rows that were not, and counts.

    `responses`: one row per accepted answer, file order: `id`, `token` (null when the file has
    none), `submitted` (null: unfinished or undated), `complete`, `duration_seconds`, then the
    columns of `survey.columns`, and `not_offered` where the file mixes versions of a form that
    do not offer the same. `rejects`: `REJECTS`, by line; holds neither token nor contact data nor
    free text.
    """

    responses: pl.DataFrame
    rejects: pl.DataFrame
    report: ImportReport


def take_in(
    source: Source, questionnaire: Questionnaire, *, keep_incomplete: bool = False
) -> Import:
    """Answers, rejects and report of a source.

    Raises
    ------
    QuestionnaireError : a question has the name of a technical column
    """
    refuse_reserved(questionnaire, RESERVED)
    cells = [name for name in source.rows.columns if name.startswith("cell:")]
    blank = pl.all_horizontal(pl.col("id", *cells) == "", pl.col("token", "submitted").is_null())
    blank &= pl.col("unread_date").is_null()
    filled = source.rows.filter(~blank)
    notes = technical_notes(filled, source, keep_incomplete=keep_incomplete)
    rows = filled.join(notes, on="ligne", how="anti", maintain_order="left").drop("unread_date")
    answers, answer_notes = read_questions(rows, questionnaire, source.ticks)
    own_notes = source.notes.join(rows, on="ligne", how="semi")
    return conclude(source, filled, answers, pl.concat([notes, own_notes, answer_notes]))


def conclude(
    source: Source, filled: pl.DataFrame, answers: pl.DataFrame, notes: pl.DataFrame
) -> Import:
    """Import of typed `answers` (with `KEPT`), once rows noted as fatal and duplicates are out.

    `filled`: the rows of the source that hold something.
    """
    valid = answers.join(notes.filter("fatal"), on="ligne", how="anti", maintain_order="left")
    accepted, duplicates = drop_duplicates(valid)
    notes = pl.concat([notes, duplicates])
    rejects = build_rejects(notes, filled, source)
    report = summarise(source, accepted, rejects, notes, int((~filled["complete"]).sum()))
    listed = pl.concat([rejects.drop("cause"), source.tables])
    return Import(ordered(accepted), listed, report)


def ordered(accepted: pl.DataFrame) -> pl.DataFrame:
    """Columns as `Import.responses` has them; `not_offered` last, only where it says something."""
    responses = accepted.drop("ligne", "datestamp")
    if NOT_OFFERED not in responses.columns:
        return responses
    withheld = responses[NOT_OFFERED]
    responses = responses.drop(NOT_OFFERED)
    return responses.with_columns(withheld) if withheld.list.len().sum() else responses


def bare_technical(cells: pl.DataFrame) -> pl.DataFrame:
    """`TECHNICAL` of a file that has no such columns: the line is the identifier of a row."""
    empty = pl.all_horizontal(pl.col("^cell:.*$") == "")
    known = {
        "ligne": pl.col("ligne"),
        "id": pl.when(empty).then(pl.lit("")).otherwise(pl.col("ligne").cast(pl.String)),
        "complete": pl.lit(True),
    }
    return cells.select(
        known.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in TECHNICAL.items()
    )


def refuse_reserved(questionnaire: Questionnaire, names: set[str]) -> None:
    """Refuse a questionnaire that names a question like a technical column."""
    if reserved := names & questionnaire.by_code.keys():
        raise QuestionnaireError(
            f"{questionnaire.code} : code de question réservé par l’outil de collecte ou par "
            f"l’import : {', '.join(sorted(reserved))}. Choisissez un autre code."
        )


def technical_notes(rows: pl.DataFrame, source: Source, *, keep_incomplete: bool) -> pl.DataFrame:
    """Rows set aside before their answers are looked at, one note a row."""
    no_id, undated = pl.col("id") == "", pl.col("unread_date").is_not_null()
    unfinished = ~pl.col("complete") & (not keep_incomplete)
    cause = (
        pl.when(no_id)
        .then(pl.lit(NO_ID))
        .when(undated)
        .then(pl.lit(UNREADABLE_DATE))
        .when(unfinished)
        .then(pl.lit(UNFINISHED))
    )
    date_is_why = undated & ~no_id
    return (
        rows.select(
            "ligne",
            cause=cause,
            detail=pl.when(date_is_why)
            .then(pl.lit(" (attendu : 2026-03-15 10:30:00)"))
            .otherwise(pl.lit("")),
            colonne=pl.when(no_id)
            .then(pl.lit(source.id_column))
            .otherwise(pl.lit(source.date_column)),
            valeur=pl.when(date_is_why).then("unread_date"),
            fatal=pl.lit(True),
        )
        .drop_nulls("cause")
        .match_to_schema(NOTES)
    )


def drop_duplicates(answers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per token, then one per id; notes name the line that is kept, never the token."""
    ranked = answers.sort(
        "complete",
        pl.coalesce("submitted", "datestamp"),
        "ligne",
        descending=True,
        nulls_last=True,
    ).select("ligne", "id", "token")
    notes = []
    for key, cause in (("token", DUPLICATE_TOKEN), ("id", DUPLICATE_ID)):
        kept_line = pl.col("ligne").first().over(key)
        extra = ranked.filter(pl.col(key).is_not_null()).with_columns(kept=kept_line)
        extra = extra.filter(pl.col("ligne") != pl.col("kept"))
        ranked = ranked.join(extra, on="ligne", how="anti", maintain_order="left")
        notes.append(
            extra.select(
                "ligne",
                cause=pl.lit(cause),
                detail=pl.format(" (la réponse gardée est celle de la ligne {})", "kept"),
                colonne=pl.lit(key),
                valeur=pl.lit(None, pl.String),
                fatal=pl.lit(True),
            )
        )
    kept = answers.join(ranked, on="ligne", how="semi", maintain_order="left")
    return kept, pl.concat(notes)


def build_rejects(notes: pl.DataFrame, filled: pl.DataFrame, source: Source) -> pl.DataFrame:
    """`REJECTS` and `cause`, by line; a row set aside keeps only the reasons for it."""
    set_aside = notes.filter("fatal").select("ligne").unique()
    erased = notes.filter(~pl.col("fatal")).join(set_aside, on="ligne", how="anti")
    of_cells = (
        pl.concat([notes.filter("fatal"), erased])
        .join(filled.select("ligne", "id"), on="ligne", how="left")
        .with_columns(
            motif=pl.col("cause") + pl.col("detail"),
            decision=pl.when("fatal").then(pl.lit(ROW_REJECTED)).otherwise(pl.lit(VALUE_ERASED)),
        )
    )
    empty = source.rows.join(filled, on="ligne", how="anti")
    found = pl.col("cellules")
    of_rows = pl.concat(
        [empty.select("ligne", cellules=pl.lit(0, pl.Int64)), source.misfits]
    ).with_columns(
        cause=pl.when(found.is_null())
        .then(pl.lit(DAMAGED_ROW))
        .when(found == 0)
        .then(pl.lit(EMPTY_ROW))
        .otherwise(pl.lit(WRONG_WIDTH)),
        decision=pl.lit(ROW_REJECTED),
    )
    told = pl.format(" ({} au lieu de {})", found, pl.lit(source.width))
    of_rows = of_rows.with_columns(
        motif=pl.col("cause")
        + pl.when(found > 0)
        .then(told)
        .when(found.is_null())
        .then(pl.lit(" (octets illisibles, ou guillemet jamais refermé)"))
        .otherwise(pl.lit(""))
    )
    rejects = pl.concat([of_cells, of_rows], how="diagonal").select(*REJECTS, "cause")
    return masked(rejects, filled["token"]).sort("ligne", maintain_order=True)


def masked(rejects: pl.DataFrame, tokens: pl.Series) -> pl.DataFrame:
    """Rejects without what may be a token, a free text, a name, an address or a telephone number.

    A shifted row puts any of these under any heading. `tokens`: those of the file.
    """
    known, value, identifier = tokens.drop_nulls().to_list(), pl.col("valeur"), pl.col("id")
    private = ~value.str.contains(SHOWABLE) | value.str.contains(r"\d{8}") | value.is_in(known)
    contact = identifier.str.contains(CONTACT) | identifier.is_in(known)
    return rejects.with_columns(
        id=pl.when(contact).then(pl.lit("(identifiant masqué)")).otherwise(identifier),
        valeur=pl.when(private).then(pl.lit("(valeur masquée)")).otherwise(value),
    )


def summarise(
    source: Source,
    accepted: pl.DataFrame,
    rejects: pl.DataFrame,
    notes: pl.DataFrame,
    unfinished: int,
) -> ImportReport:
    """Counts of an import."""
    rejected = rejects.filter(pl.col("decision") == ROW_REJECTED).unique("ligne", keep="first")
    causes = rejected.group_by("cause").len().sort("len", "cause", descending=[True, False])
    duplicates = notes.filter(pl.col("cause").is_in([DUPLICATE_TOKEN, DUPLICATE_ID]))
    return ImportReport(
        file=source.file,
        tool=source.tool,
        encoding=source.encoding,
        separator=source.separator,
        rows_read=source.rows.height + source.misfits.height,
        accepted=accepted.height,
        rejected=rejected.height,
        unfinished=unfinished,
        duplicates=duplicates.height,
        causes=dict(causes.iter_rows()),
        unknown_columns=source.unknown,
        contact_columns=source.contact,
        other_rows=source.tables.height,
        remarks=source.remarks,
    )
