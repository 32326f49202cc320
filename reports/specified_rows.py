"""The rows of a described file, ready for the engine: numbers as numbers, codes as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from analysis.checks import fault, require_columns
from reports.specification import WHOLE, Described, Specification
from reports.specified_cells import (
    as_codes,
    as_flag,
    refuse_infinite,
    refuse_odd,
    refuse_rate,
    refuse_weight,
    without_missing,
)
from reports.specified_margins import margin_variables, read_margins
from reports.survey_file import as_number, read_survey_file
from survey.errors import SurveyError
from survey.marked import twin
from survey.suggestions import suggestion

COLUMN_KEYS = {
    *("poids", "strates", "grappes", "fpc", "certitude", "probabilite"),
    *("repondant", "groupe_reponse"),
}


@dataclass(frozen=True, slots=True)
class SurveyRows:
    """Rows of the file, in order, with the columns that the specification reads.

    `codes` gives the column where each categorical one stands, and `flags` those of yes and no:
    itself, or a twin where the same column is read otherwise too. `margins` is the table of
    `calibrate`, None without calibration, and `unread` the columns of its file that are not used;
    `replicates` names the replicate weights; `missing` counts the cells read as empty because
    `manquants` says so; `namesake`, whether a column of the file is named « ensemble ».
    """

    table: pl.DataFrame
    codes: dict[str, str]
    flags: dict[str, str]
    margins: pl.DataFrame | None
    unread: tuple[str, ...]
    replicates: tuple[str, ...]
    missing: int
    namesake: bool


def read_rows(described: Described) -> SurveyRows:
    """Read the file of a specification and its margins, and check every cell that is to be used.

    Raises
    ------
    SurveyError : file or column missing, no row, text or an infinite value for a number, an empty
        or negative weight; each with its line in the file
    """
    wanted, source = described.wanted, described.beside(described.wanted.donnees)
    table = read_survey_file(source, described.path.name)
    namesake = WHOLE in table.columns
    if table.is_empty():
        raise SurveyError(f"{source} : le fichier n’a aucune ligne de données.")
    require_all(described, table)
    replicates = replicate_names(described, table)
    margins, unread = read_margins(described, table) if wanted.calage else (None, ())
    categories = categorical_columns(wanted, margins)
    flags = tuple(name for name in (wanted.plan.certitude, wanted.plan.repondant) if name)
    numbers = (*plan_numbers(wanted, replicates), *calibration_numbers(wanted, margins))
    numbers = tuple(dict.fromkeys((*numbers, *target_numbers(wanted))))
    used = dict.fromkeys((*numbers, *categories, *flags))
    refuse_patterns(used, described)
    table = table.select(list(used))
    refuse_odd(table, source)
    table, missing = without_missing(table, source, wanted.manquants, numbers)
    refuse_infinite(table, source)
    read = table.with_columns(number_columns(described, table, margins, replicates))
    refuse_rate(read, wanted.plan.fpc, source)
    code_names = {name: twin(name, "code") if name in numbers else name for name in categories}
    others = {*numbers, *categories}
    flag_names = {name: twin(name, "flag") if name in others else name for name in flags}
    made = [as_codes(table, name).alias(copy) for name, copy in code_names.items()]
    made += [as_flag(table, name, source).alias(copy) for name, copy in flag_names.items()]
    table = read.with_columns(table.select(made).get_columns())
    return SurveyRows(table, code_names, flag_names, margins, unread, replicates, missing, namesake)


def number_columns(
    described: Described,
    table: pl.DataFrame,
    margins: pl.DataFrame | None,
    replicates: Iterable[str],
) -> list[pl.Series]:
    """The columns read as numbers: the weight, then what is known where it is positive or not.

    What rests on the calibration alone may be empty on a row of weight 0, which is left out of it.
    """
    wanted, source = described.wanted, described.beside(described.wanted.donnees)

    def read(name: str, remedy: str = "", **options: object) -> pl.Series:
        told = f"Corrigez le fichier, ou choisissez une autre colonne dans {described.path.name}"
        number = as_number(table, name, source, remedy=f"{told}{remedy}.", **options)
        return table.select(number.alias(name)).to_series()

    weight = read(wanted.plan.poids, required=True)
    refuse_weight(weight, source)
    found = {wanted.plan.poids: weight}
    for name in plan_numbers(wanted, replicates):
        found[name] = read(name, required=True)
    modality = ", ou donnez une « modalite » à chacune de ses marges"
    totals = margin_variables(margins, numeric=True)
    for name in calibration_numbers(wanted, margins):
        if name not in found:
            remedy = modality if name in totals else ""
            found[name] = read(name, remedy, required=True, among=weight > 0)
    for name in target_numbers(wanted):
        if name not in found:
            found[name] = read(name)
    return list(found.values())


def refuse_patterns(names: Iterable[str], described: Described) -> None:
    """Raise on a name that the engine would take for a pattern of names."""
    for name in names:
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise fault(
                f"{described.path.name} : le nom de colonne « {name} » se lit comme un motif, qui "
                "désigne plusieurs colonnes. Renommez-la dans le fichier."
            )


def require_all(described: Described, table: pl.DataFrame) -> None:
    """Raise when the file lacks a column that the specification names, with the line that does."""
    wanted = described.wanted
    plan = {key: value for key, value in wanted.plan if key in COLUMN_KEYS}
    places = [(("plan", key), as_names(value)) for key, value in plan.items()]
    if wanted.calage:
        calibration = wanted.calage
        places += [
            (("calage", "echelle"), as_names(calibration.echelle)),
            (("calage", "unite"), as_names(calibration.unite)),
        ]
    places += [(("cibles", i), target.columns) for i, target in enumerate(wanted.cibles)]
    places += [(("domaines", i), as_names(cut)) for i, cut in enumerate(wanted.domaines)]
    for keys, columns in places:
        columns = [name for name in columns if name != WHOLE or keys[0] != "domaines"]
        require_columns(table, columns, described.place(*keys))


def as_names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """A column, several or none, as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def replicate_names(described: Described, table: pl.DataFrame) -> tuple[str, ...]:
    """Columns of the replicate weights: those named, or those that begin as said."""
    part = described.wanted.plan.repliques
    if part is None:
        return ()
    place = described.place("plan", "repliques", "colonnes")
    if not isinstance(part.colonnes, str):
        require_columns(table, part.colonnes, place)
        return part.colonnes
    others = [name for name in table.columns if name != described.wanted.plan.poids]
    found = tuple(name for name in others if name.startswith(part.colonnes))
    if not found:
        remedy = suggestion(part.colonnes, others, "Colonnes")
        raise fault(f"{place} : aucune colonne ne commence par « {part.colonnes} ». {remedy}")
    return found


def plan_numbers(wanted: Specification, replicates: Iterable[str]) -> tuple[str, ...]:
    """Columns of the plan that must hold a number on every row."""
    plan = wanted.plan
    names = (plan.poids, *as_names(plan.probabilite), *plan.fpc, *replicates)
    return tuple(dict.fromkeys(names))


def calibration_numbers(wanted: Specification, margins: pl.DataFrame | None) -> tuple[str, ...]:
    """Columns that must hold a number on every row that is calibrated."""
    if wanted.calage is None:
        return ()
    names = (*as_names(wanted.calage.echelle), *margin_variables(margins, numeric=True))
    return tuple(dict.fromkeys(names))


def target_numbers(wanted: Specification) -> tuple[str, ...]:
    """Columns that targets read as numbers; a cell may be empty."""
    numeric = (each for each in wanted.cibles if each.statistique != "proportion")
    return tuple(dict.fromkeys(name for target in numeric for name in target.columns))


def categorical_columns(wanted: Specification, margins: pl.DataFrame | None) -> tuple[str, ...]:
    """Columns read as codes, never as numbers."""
    plan, calibration = wanted.plan, wanted.calage
    shares = [each.variable for each in wanted.cibles if each.statistique == "proportion"]
    cuts = [name for cut in wanted.domaines if cut != WHOLE for name in as_names(cut)]
    names = [*plan.strates, *plan.grappes, *as_names(plan.groupe_reponse), *shares, *cuts]
    if calibration is not None:
        names += as_names(calibration.unite)
    return tuple(dict.fromkeys((*names, *margin_variables(margins, numeric=False))))
