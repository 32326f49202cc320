"""Any survey file computed or calibrated from one small description, the SPEC.yml.

`compute_file` writes estimates and `calibrate_file` weights, with full precision. Nothing is
rounded, thresholded or suppressed here: that is the publication's gate, and the summary says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from analysis.calibration import Calibration, CalibrationSpec, calibrate, calibrated_design
from analysis.calibration_margins import USE as MARGINS_USE
from analysis.calibration_report import describe_calibration
from analysis.checks import fault
from analysis.design import Replicates, SurveyDesign
from analysis.estimation import estimate
from reports.computed_remarks import UNPUBLISHED, remarks, unread_margins
from reports.computed_targets import Asked, asked_domains, asked_targets
from reports.specification import WHOLE, Described, Plan, Specification
from reports.specification_reading import read_specification
from reports.specified_cells import refuse_odd
from reports.specified_margins import margin_variables
from reports.specified_rows import SurveyRows, read_rows
from reports.survey_file import line_of_row, read_survey_file
from survey.errors import SurveyError
from survey.files import replace_file
from survey.french import counted
from survey.marked import ROWS, shown, twin

CALIBRATED = twin("poids calé", "new")
WEIGHTS = ("poids_initial", "poids_cale", "facteur")
METHODS = {"lineaire": "linear", "raking": "raking", "logit": "logit", "tronque": "truncated"}
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
        raise fault(f"{path.name} : aucune cible. Ajoutez « cibles: » et ce qu’il faut estimer.")
    rows = read_rows(described)
    asked = asked_targets(described, rows)
    domains = asked_domains(described, rows)
    with in_its_words(described):
        rows, calibration = calibrated(described, rows)
        refuse_negative(calibration)
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
    parts = [f"{counted(rows.table.height, 'ligne lue')}. {shown(design.describe(), KEYS)}"]
    parts += [describe_calibration(calibration, KEYS)] if calibration else []
    parts += remarks(rows, described.wanted, results, design.weight)
    parts += [UNPUBLISHED, f"{counted(results.height, 'estimation écrite')} : {output}"]
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
        raise fault(f"{path.name} : rien à caler. Ajoutez « calage: {{marges: marges.csv}} ».")
    described = replace(described, wanted=only_calibration(described.wanted))
    source = described.beside(described.wanted.donnees)
    rows = read_rows(described)
    whole = read_survey_file(source, path.name)
    refuse_odd(whole, source)
    taken = [name for name in WEIGHTS if name in whole.columns]
    if taken:
        raise fault(
            f"{source} : la colonne « {taken[0]} » existe déjà. Renommez-la, ou repartez du "
            "fichier d’avant le calage."
        )
    initial = rows.table[described.wanted.plan.poids]
    with in_its_words(described):
        rows, calibration = calibrated(described, rows)
    weights = (initial, rows.table[CALIBRATED], calibration.weighted["g_weight"])
    whole = whole.with_columns(**dict(zip(WEIGHTS, weights, strict=True)))
    write_exact(whole.with_columns(pl.selectors.float().fill_nan(None)), output)
    parts = [describe_calibration(calibration, KEYS), *unread_margins(rows)]
    return "\n".join([*parts, f"{counted(whole.height, 'poids écrit')} : {output}"])


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
        raise fault(f"--sortie {output} : ce fichier sert d’entrée. Choisissez un autre nom.")
    if output.is_dir():
        raise fault(f"--sortie {output} : c’est un dossier. Donnez le nom d’un fichier « .csv ».")
    if output.suffix.lower() != ".csv":
        raise fault(
            f"--sortie {output} : les résultats sont un CSV. Choisissez un nom en « .csv »."
        )


def calibrated(described: Described, rows: SurveyRows) -> tuple[SurveyRows, Calibration | None]:
    """The rows with the column `CALIBRATED`, when there is something to calibrate on."""
    part = described.wanted.calage
    if part is None:
        return rows, None
    numeric = margin_variables(rows.margins, numeric=True)
    codes = {name: code for name, code in rows.codes.items() if name not in numeric}
    spec = CalibrationSpec(
        method=METHODS[part.methode],
        bounds=part.bornes,
        weight=described.wanted.plan.poids,
        scale=part.echelle,
        unit=None if part.unite is None else rows.codes[part.unite],
        unit_variables=tuple(codes.get(name, name) for name in part.variables_unite),
        tolerance=part.tolerance,
    )
    margins = rows.margins.with_columns(pl.col("variable").replace(codes))
    calibration = calibrate(rows.table, margins, spec)
    weight = calibration.weighted["calibrated_weight"].alias(CALIBRATED)
    return replace(rows, table=rows.table.with_columns(weight)), calibration


def refuse_negative(calibration: Calibration | None) -> None:
    """Raise on negative calibrated weights, which have no variance."""
    if calibration is not None and calibration.summary.n_negative:
        raise fault(
            f"Calage : poids négatif pour {counted(calibration.summary.n_negative, 'ligne')} ; "
            "une estimation demande des poids positifs. Choisissez « methode: raking », ou "
            "« methode: tronque » avec une borne basse de 0 ou plus."
        )


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
        certainty=rows.flags.get(plan.certitude),
        inclusion=plan.probabilite,
        pps=plan.pps,
        responded=rows.flags.get(plan.repondant),
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
            f"--sortie {output} : écriture impossible. Vérifiez que vous avez le droit d’écrire "
            "là, que le fichier n’est pas ouvert ailleurs, et que le disque n’est pas plein."
        ) from error
