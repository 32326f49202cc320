"""The rows of a described file, ready for the engine: numbers as numbers, codes as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.checks import fault, require_columns
from reports.specification import WHOLE, Described, Plan, Specification
from reports.survey_file import as_number, is_parquet, read_survey_file, where
from survey.errors import SurveyError
from survey.french import integer
from survey.suggestions import suggestion

MARGIN_HEADINGS = {"variable": "variable", "modalite": "category", "total": "total"}
MARGIN_OPTIONS = {"erreur_type": "std_error", "cout": "cost"}


@dataclass(frozen=True, slots=True)
class SurveyRows:
    """Rows of the file, in order, with the columns that the specification reads.

    `codes` gives the column where each categorical one stands: itself, or a copy where the same
    column is read as numbers too. `margins` is the table of `calibrate`, None without calibration;
    `replicates` names the replicate weights; `missing` counts the cells read as empty because
    `manquants` says so.
    """

    table: pl.DataFrame
    codes: dict[str, str]
    margins: pl.DataFrame | None
    replicates: tuple[str, ...]
    missing: int


def read_rows(described: Described) -> SurveyRows:
    """Read the file of a specification and its margins, and check every cell that is to be used.

    Raises
    ------
    SurveyError : file or column missing, no row, text or an infinite value for a number, an empty
        or negative weight; each with its line in the file
    """
    wanted, source = described.wanted, described.beside(described.wanted.donnees)
    table = read_survey_file(source, described.path.name)
    if table.is_empty():
        raise SurveyError(f"{source} : le fichier n’a aucune ligne de données.")
    require_all(described, table)
    replicates = replicate_names(described, table)
    margins = read_margins(described, table) if wanted.calage else None
    categories = categorical_columns(wanted, margins)
    design_numbers = plan_numbers(wanted, margins, replicates)
    numbers = dict.fromkeys((*design_numbers, *target_numbers(wanted)))
    flags = [name for name in (wanted.plan.certitude, wanted.plan.repondant) if name]
    table = table.select(list(dict.fromkeys((*numbers, *categories, *flags))))
    refuse_lists(table, source)
    table, missing = without_missing(described, table)
    totals = margin_variables(margins, numeric=True)
    modality = f"{named(described)}, ou donnez une « modalite » à chacune de ses marges"
    converted = [
        as_number(
            table,
            name,
            source,
            required=name in design_numbers,
            described_in=modality if name in totals else named(described),
        )
        for name in numbers
    ]
    converted += [as_flag(described, table, name) for name in flags]
    codes = {name: f"{name} (modalités)" if name in numbers else name for name in categories}
    while any(copy in table.columns for name, copy in codes.items() if copy != name):
        codes = {name: copy if copy == name else f"{copy} " for name, copy in codes.items()}
    copies = [pl.col(name).alias(copy) for name, copy in codes.items() if copy != name]
    table = table.with_columns(*converted, *copies)
    refuse_infinite(described, table, list(numbers))
    refuse_weight(described, table)
    refuse_rate(described, table)
    return SurveyRows(table, codes, margins, replicates, missing)


def named(described: Described) -> str:
    """The name of the specification, for a message."""
    return described.path.name


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


FLAGS = dict.fromkeys(("true", "vrai", "oui", "yes", "1", "1.0"), True)
FLAGS |= dict.fromkeys(("false", "faux", "non", "no", "0", "0.0"), False)
COLUMN_KEYS = {
    *("poids", "strates", "grappes", "fpc", "certitude", "probabilite"),
    *("repondant", "groupe_reponse"),
}


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
    found = tuple(name for name in table.columns if name.startswith(part.colonnes))
    if not found:
        remedy = suggestion(part.colonnes, table.columns, "Colonnes")
        raise fault(f"{place} : aucune colonne ne commence par « {part.colonnes} ». {remedy}")
    return found


def read_margins(described: Described, table: pl.DataFrame) -> pl.DataFrame:
    """The margins of a specification, as `calibrate` wants them.

    The file has `variable`, `modalite` (empty = total of a numeric variable) and `total`, perhaps
    `erreur_type` and `cout`. A variable must be a column of the survey.
    """
    path = described.beside(described.wanted.calage.marges)
    margins = read_survey_file(path, named(described), "calage, marges")
    require_columns(margins, tuple(MARGIN_HEADINGS), f"{path.name} (marges de calage)")
    place = f"{described.place('calage', 'marges')}, {path.name}"
    if margins.is_empty():
        raise fault(f"{path} : aucune marge. Écrire une ligne par total connu.")
    empty = margins["variable"].is_null()
    if empty.any():
        raise fault(f"{where(path, empty.arg_max())} : « variable » est vide ; la compléter.")
    variables = margins["variable"].cast(pl.String).unique(maintain_order=True)
    require_columns(table, variables.to_list(), place)
    headings = MARGIN_HEADINGS | {k: v for k, v in MARGIN_OPTIONS.items() if k in margins.columns}
    texts = [pl.col(name).cast(pl.String) for name in ("variable", "modalite")]
    numbers = [
        as_number(margins, name, path, required=name == "total", described_in=named(described))
        for name in headings
        if name not in ("variable", "modalite")
    ]
    return margins.select(*texts, *numbers).rename(headings)


def margin_variables(margins: pl.DataFrame | None, *, numeric: bool) -> tuple[str, ...]:
    """Variables of the margins: those held as a numeric total, or those with categories."""
    if margins is None:
        return ()
    kept = margins.filter(pl.col("category").is_null() == numeric)
    return tuple(kept["variable"].unique(maintain_order=True))


def plan_numbers(
    wanted: Specification, margins: pl.DataFrame | None, replicates: Iterable[str]
) -> tuple[str, ...]:
    """Columns that must hold a number on every row."""
    plan, calibration = wanted.plan, wanted.calage
    single = (plan.poids, plan.probabilite, calibration.echelle if calibration else None)
    names = (name for name in single if name is not None)
    numeric = margin_variables(margins, numeric=True)
    return tuple(dict.fromkeys((*names, *plan.fpc, *replicates, *numeric)))


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


def refuse_lists(table: pl.DataFrame, source: Path) -> None:
    """Raise on a column of a Parquet file that holds lists, records or bytes."""
    strange = (pl.Binary, pl.Object)
    wrong = [name for name, kind in table.schema.items() if kind.is_nested() or kind in strange]
    if wrong:
        raise fault(
            f"{source} : la colonne « {wrong[0]} » n’est faite ni de nombres ni de textes "
            f"({table.schema[wrong[0]]}). La convertir, ou la retirer du fichier."
        )


def without_missing(described: Described, table: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The rows with null for what stands for a missing value, and how many such cells there were.

    What does is `manquants`, else « NA » in a CSV, as R writes it; and NaN in a Parquet file.
    """
    source = described.beside(described.wanted.donnees)
    marks = described.wanted.manquants
    if marks is None:
        marks = () if is_parquet(source) else ("NA",)
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    if not texts or not marks:
        return table.with_columns(pl.selectors.float().fill_nan(None)), 0
    is_mark = pl.col(texts).is_in(marks)
    count = table.select(pl.sum_horizontal(is_mark.sum())).item()
    cleaned = pl.when(~is_mark).then(pl.col(texts)).name.keep()
    return table.with_columns(cleaned, pl.selectors.float().fill_nan(None)), int(count)


def as_flag(described: Described, table: pl.DataFrame, name: str) -> pl.Expr:
    """A column of yes and no as a Boolean: true, vrai, oui, yes, 1 and their opposites."""
    source = described.beside(described.wanted.donnees)
    word = pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase()
    flag = word.replace_strict(FLAGS, default=None, return_dtype=pl.Boolean)
    wrong = table.select(flag.is_null()).to_series()
    if wrong.any():
        row = wrong.arg_max()
        found = table[name][row]
        raise fault(
            f"{where(source, row)}, colonne « {name} » : "
            f"{'cellule vide' if found is None else f'« {found} »'} n’est ni vrai ni faux. Écrire "
            "true ou false, oui ou non, ou 1 ou 0, sur chaque ligne."
        )
    return flag.alias(name)


def refuse_infinite(described: Described, table: pl.DataFrame, numbers: list[str]) -> None:
    """Raise on the first infinite number (a Parquet file may hold some)."""
    source = described.beside(described.wanted.donnees)
    infinite = table.select(pl.col(numbers).is_infinite().fill_null(False))
    for name in numbers:
        if infinite[name].any():
            raise fault(
                f"{where(source, infinite[name].arg_max())}, colonne « {name} » : valeur infinie "
                f"({integer(infinite[name].sum())} en tout). La corriger ou la laisser vide."
            )


def refuse_weight(described: Described, table: pl.DataFrame) -> None:
    """Raise on an empty or negative weight, and when all are zero."""
    plan: Plan = described.wanted.plan
    source, weight = described.beside(described.wanted.donnees), table[plan.poids]
    for what, wrong in (("vide", weight.is_null()), ("négatif", (weight < 0).fill_null(False))):
        if wrong.any():
            row = wrong.arg_max()
            more = f" ({integer(wrong.sum())} lignes)" if wrong.sum() > 1 else ""
            raise fault(
                f"{where(source, row)}, colonne « {plan.poids} » : poids {what}{more}. Corriger "
                "ces poids, ou écarter ces lignes du fichier."
            )
    if not 0 < weight.sum() < float("inf"):
        raise fault(
            f"{source}, colonne « {plan.poids} » : la somme des poids est "
            f"{'infinie' if weight.sum() else 'nulle'}. Vérifier que c’est bien la colonne des "
            "poids."
        )


def refuse_rate(described: Described, table: pl.DataFrame) -> None:
    """Raise on a population size under 1: a sampling rate, or a size of another sign."""
    source = described.beside(described.wanted.donnees)
    for name in described.wanted.plan.fpc:
        wrong = table[name] < 1
        if wrong.any():
            row = wrong.arg_max()
            raise fault(
                f"{where(source, row)}, colonne « {name} » : {table[name][row]:g} n’est pas un "
                "effectif. « fpc » est le nombre d’unités dans la population, et non un taux de "
                "sondage."
            )
