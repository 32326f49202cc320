"""Any survey file computed or calibrated from one small description, the SPEC.yml.

`compute_file` writes estimates and `calibrate_file` weights, with full precision. Nothing is
rounded, thresholded or suppressed here: that is the publication's gate, and the summary says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from analysis.calibration import Calibration, CalibrationSpec, calibrate, calibrated_design
from analysis.calibration_margins import USE as MARGINS_USE
from analysis.calibration_report import describe_calibration
from analysis.checks import fault
from analysis.design import Replicates, SurveyDesign
from analysis.estimation import estimate
from analysis.targets import Domain, Target
from reports.computed_remarks import UNPUBLISHED, remarks
from reports.specification import (
    WHOLE,
    Described,
    Plan,
    Specification,
    TargetPart,
)
from reports.specification_reading import read_specification
from reports.specified_rows import SurveyRows, as_names, read_rows, refuse_lists
from reports.survey_file import line_of_row, read_survey_file
from survey.errors import SurveyError
from survey.files import replace_file
from survey.french import integer
from survey.marked import ROWS, shown
from survey.suggestions import suggestion

CALIBRATED = "poids calé"
WEIGHTS = ("poids_initial", "poids_cale", "facteur")
METHODS = {"lineaire": "linear", "raking": "raking", "logit": "logit", "tronque": "truncated"}
STATISTICS = {
    "moyenne": "mean",
    "total": "total",
    "proportion": "share",
    "ratio": "ratio",
    "quantile": "quantile",
    "gini": "gini",
    "part_quantile": "quantile_share",
}
INTERVALS = {"arcsinus": "arcsine", "vraisemblance": "likelihood"}
RESULTS = {
    "domain_type": "domaine_type",
    "domain": "domaine",
    "estimate": "estimation",
    "std_error": "erreur_type",
    "conf_low": "ic_bas",
    "conf_high": "ic_haut",
    "cv": "cv",
    "deff": "deff",
    "df": "ddl",
    "n_respondents": "n",
}
KEYS = {  # the engine's options as a SPEC.yml names them; None = not to be given there
    "lonely": "upe_seule",
    "stratum_size": "fpc",
    "nested": "emboitees",
    "inclusion": "probabilite",
    "rscales": "facteurs",
    "responded": "repondant",
    "response_group": "groupe_reponse",
    "linear": "lineaire",
    "truncated": "tronque",
    "bounds": "bornes",
    "cost": "cout",
    "std_error": "erreur_type",
    "base": None,
    "max_steps": None,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One target: the first columns of its rows in the results, and what the engine estimates."""

    statistic: str
    variable: str
    level: str | None
    target: Target


def compute_file(path: Path, output: Path) -> str:
    """Estimate what a SPEC.yml asks, write the results and say in French what was done.

    The CSV has a row per target, level and domain, in the order of the SPEC.yml; columns
    `statistique, variable, modalite`, then `RESULTS`. Numbers are written with all their digits
    (they read back as the same doubles); what does not exist is an empty cell.

    Raises
    ------
    SurveyError : a fault of the specification, of the file or of the design; nothing is written
    """
    described = read_specification(path)
    refuse_output(described, output)
    if not described.wanted.cibles:
        raise fault(f"{path.name} : aucune cible. Ajouter « cibles: » et ce qu’il faut estimer.")
    rows = read_rows(described)
    asked = asked_targets(described, rows)
    domains = [domain_of(described, index, rows) for index in range(len(described.wanted.domaines))]
    with in_its_words(described):
        rows, calibration = calibrated(described, rows)
        design = design_of(described, rows, calibration)
        cells = estimate(
            rows.table,
            design,
            [each.target for each in asked],
            domains,
            population="",
            edition=0,
            level=described.wanted.niveau,
        )
    results = result_rows(cells, asked)
    write_exact(results, output)
    parts = [f"{integer(rows.table.height)} lignes lues. {design.describe()}"]
    parts += [describe_calibration(calibration, KEYS)] if calibration else []
    parts += remarks(rows, described.wanted, results)
    plural = "s" if results.height > 1 else ""
    count = f"{integer(results.height)} estimation{plural} écrite{plural}"
    parts += [UNPUBLISHED, f"{count} : {output}"]
    return "\n".join(parts)


def calibrate_file(path: Path, output: Path) -> str:
    """Calibrate the weights a SPEC.yml names; write the file again with them, and sum it up.

    The CSV has the rows of the file in order and its columns, then `WEIGHTS`: the weight before,
    the weight after and their ratio, with all their digits.

    Raises
    ------
    SurveyError : a fault of the specification, of the file or of the margins, or margins that
        cannot be met; nothing is written
    """
    described = read_specification(path)
    refuse_output(described, output)
    if described.wanted.calage is None:
        raise fault(f"{path.name} : rien à caler. Ajouter « calage: {{marges: marges.csv}} ».")
    described = replace(described, wanted=only_calibration(described.wanted))
    source = described.beside(described.wanted.donnees)
    rows = read_rows(described)
    whole = read_survey_file(source, path.name)
    refuse_lists(whole, source)
    taken = [name for name in WEIGHTS if name in whole.columns]
    if taken:
        raise fault(
            f"{source} : la colonne « {taken[0]} » existe déjà. La renommer, ou repartir du "
            "fichier d’avant le calage."
        )
    initial = rows.table[described.wanted.plan.poids]
    with in_its_words(described):
        rows, calibration = calibrated(described, rows)
    final = rows.table[CALIBRATED]
    factor = calibration.weighted["g_weight"]
    write_exact(
        whole.with_columns(**dict(zip(WEIGHTS, (initial, final, factor), strict=True))), output
    )
    parts = [
        describe_calibration(calibration, KEYS),
        f"{integer(whole.height)} poids écrits : {output}",
    ]
    return "\n".join(parts)


def only_calibration(wanted: Specification) -> Specification:
    """The specification without what calibration does not read."""
    plan = Plan(poids=wanted.plan.poids)
    return wanted.model_copy(update={"plan": plan, "cibles": (), "domaines": (WHOLE,)})


def refuse_output(described: Described, output: Path) -> None:
    """Raise when the results would replace a file they come from, or are not a CSV."""
    wanted = described.wanted
    names = [wanted.donnees, *([wanted.calage.marges] if wanted.calage else [])]
    inputs = [described.path, *(described.beside(name) for name in names)]
    if output.resolve() in [each.resolve() for each in inputs]:
        raise fault(f"--sortie {output} : ce fichier sert d’entrée. Choisir un autre nom.")
    if output.is_dir():
        raise fault(f"--sortie {output} : c’est un dossier. Donner le nom d’un fichier « .csv ».")
    if output.suffix.lower() != ".csv":
        raise fault(f"--sortie {output} : les résultats sont un CSV. Choisir un nom en « .csv ».")


def asked_targets(described: Described, rows: SurveyRows) -> list[Asked]:
    """Every target, a share a level and a quantile an order; raises on what is asked twice."""
    found: list[Asked] = []
    known: set[tuple[str, str, str | None]] = set()
    for index, part in enumerate(described.wanted.cibles):
        place = described.place("cibles", index)
        refuse_empty(part, rows, place)
        made = shares(part, rows, place) if part.statistique == "proportion" else numbers(part)
        for each in made:
            name = (each.statistic, each.variable, each.level)
            if name in known:
                raise fault(
                    f"{place} : {each.statistic} de « {each.variable} » est demandé deux fois. "
                    "N’en garder qu’un."
                )
            known.add(name)
        found += made
    return found


def refuse_empty(part: TargetPart, rows: SurveyRows, place: str) -> None:
    """Raise when a column of a target has no value at all."""
    for name in part.columns:
        if rows.table[name].null_count() == rows.table.height:
            raise fault(f"{place} : la colonne « {name} » est vide. Retirer cette cible.")


def numbers(part: TargetPart) -> list[Asked]:
    """The targets of a statistic of numbers; one an order for quantiles."""
    statistic = STATISTICS[part.statistique]
    made = []
    for order in part.p or (None,):
        level = None if order is None else repr(order)
        target = Target(
            part.label if order is None else f"{part.label} (p = {level})",
            pl.col(part.columns[0]),
            statistic,
            denominator=pl.col(part.columns[1]) if statistic == "ratio" else None,
            order=order,
        )
        made.append(Asked(part.statistique, part.label, level, target))
    return made


def shares(part: TargetPart, rows: SurveyRows, place: str) -> list[Asked]:
    """One target a level of the variable, in order; the one of `modalite` when it is given."""
    column = rows.codes[part.variable]
    levels = rows.table[column].drop_nulls().unique().sort()
    texts = levels.cast(pl.String).to_list()
    if part.modalite is not None and part.modalite not in texts:
        remedy = suggestion(part.modalite, texts, "Modalités")
        raise fault(
            f"{place} : « {part.variable} » n’a pas de modalité « {part.modalite} ». {remedy}"
        )
    interval = INTERVALS.get(part.intervalle, part.intervalle)
    return [
        Asked(
            part.statistique,
            part.variable,
            text,
            Target(f"{part.variable} = {text}", pl.col(column) == level, interval=interval),
        )
        for level, text in zip(levels, texts, strict=True)
        if part.modalite in (None, text)
    ]


def domain_of(described: Described, index: int, rows: SurveyRows) -> Domain:
    """`ensemble`, a column, or several columns crossed."""
    cut = described.wanted.domaines[index]
    if cut == WHOLE:
        return Domain(WHOLE)
    names = as_names(cut)
    columns = tuple(rows.codes[name] for name in names)
    if rows.table.select(pl.any_horizontal(pl.col(columns).is_null()).all()).item():
        raise fault(
            f"{described.place('domaines', index)} : aucune ligne n’a de valeur pour "
            f"{' x '.join(names)}. Retirer ce découpage."
        )
    return Domain(" x ".join(names), columns)


def calibrated(described: Described, rows: SurveyRows) -> tuple[SurveyRows, Calibration | None]:
    """The rows with the column `CALIBRATED`, when there is something to calibrate on."""
    part = described.wanted.calage
    if part is None:
        return rows, None
    if CALIBRATED in rows.table.columns:
        raise fault(f"la colonne « {CALIBRATED} » existe déjà dans le fichier ; la renommer.")
    spec = CalibrationSpec(
        method=METHODS[part.methode],
        bounds=part.bornes,
        weight=described.wanted.plan.poids,
        scale=part.echelle,
        unit=None if part.unite is None else rows.codes[part.unite],
        unit_variables=tuple(rows.codes.get(name, name) for name in part.variables_unite),
        tolerance=part.tolerance,
    )
    # A variable read both as a number and as codes has its codes in a column of its own.
    standing = pl.col("variable").replace(rows.codes)
    margins = rows.margins.with_columns(
        variable=pl.when(pl.col("category").is_null()).then("variable").otherwise(standing)
    )
    calibration = calibrate(rows.table, margins, spec)
    weight = calibration.weighted["calibrated_weight"].alias(CALIBRATED)
    return replace(rows, table=rows.table.with_columns(weight)), calibration


def design_of(
    described: Described, rows: SurveyRows, calibration: Calibration | None
) -> SurveyDesign:
    """The plan of a specification as the engine's, calibration included."""
    plan = described.wanted.plan
    if plan.repliques is not None:
        part = plan.repliques
        made = Replicates(rows.replicates, part.echelle, part.facteurs, part.mse, part.ddl)
        return SurveyDesign(weight=plan.poids, replicates=made)
    design = SurveyDesign(
        weight=plan.poids,
        stratum=tuple(rows.codes[name] for name in plan.strates) or None,
        cluster=tuple(rows.codes[name] for name in plan.grappes) or None,
        stratum_size=plan.fpc or None,
        nested=plan.emboitees,
        lonely=plan.upe_seule,
        certainty=plan.certitude,
        inclusion=plan.probabilite,
        pps=plan.pps,
        responded=plan.repondant,
        response_group=None if plan.groupe_reponse is None else rows.codes[plan.groupe_reponse],
    )
    if calibration is None:
        return design
    return replace(calibrated_design(design, calibration), weight=CALIBRATED)


@contextmanager
def in_its_words(described: Described) -> Iterator[None]:
    """Give an error of the engine the name of the SPEC.yml, its keys, and the lines of the file."""
    try:
        yield
    except SurveyError as error:
        marked, place, wanted = error.args[0], described.path.name, described.wanted
        of_margins = wanted.calage and marked.startswith(MARGINS_USE)
        source = described.beside(wanted.calage.marges if of_margins else wanted.donnees)
        if ROWS in marked:
            place = f"{place} ({source.name})"
        message = shown(marked, KEYS, lambda row: line_of_row(source, row - 1))
        raise fault(f"{place} : {message}", type(error)) from error


def result_rows(cells: pl.DataFrame, asked: Sequence[Asked]) -> pl.DataFrame:
    """The engine's cells under the columns of the results, in their order."""
    names = pl.DataFrame(
        {
            "indicator": [each.target.indicator for each in asked],
            "statistic": [each.target.statistic for each in asked],
            "statistique": [each.statistic for each in asked],
            "variable": [each.variable for each in asked],
            "modalite": [each.level for each in asked],
        },
        schema_overrides={"modalite": pl.String},
    )
    joined = cells.join(names, on=["indicator", "statistic"], how="left", maintain_order="left")
    return joined.rename(RESULTS).select("statistique", "variable", "modalite", *RESULTS.values())


def write_exact(frame: pl.DataFrame, output: Path) -> None:
    """Write a CSV whose numbers read back as they were; the file appears whole or not at all."""
    try:
        replace_file(output, frame.write_csv)
    except OSError as error:
        raise fault(
            f"--sortie {output} : écriture impossible. Vérifier que le dossier existe, que le "
            "fichier n’est pas ouvert ailleurs, et que le disque n’est pas plein."
        ) from error
