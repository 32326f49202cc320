"""From a campaign's files to published cells: the steps in order, reading and writing at both ends.

Each step runs again only when what it rests on has changed. Microdata stays in the campaign's
`private/` folder; only what passed the disclosure gate is written to `_build/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from analysis.calibration import CalibrationSpec, calibrate
from analysis.design import SurveyDesign
from analysis.indicators import Registry, read_registry
from analysis.nonresponse import (
    adjust_nonresponse,
    response_groups,
    with_represented_sizes,
)
from analysis.publication import published_cells
from analysis.series import with_breaks
from analysis.weighting import WEIGHTS, margin_report, weight_report
from reports.campaigns import campaigns as campaigns
from reports.campaigns import open_campaign as open_campaign
from reports.computed import METHODS
from reports.described import estimate_file, gate_spec
from reports.manifest import NAME, write_manifest
from reports.samples import (
    REFERENCE,
    find_sample,
    read_private,
    read_sample,
    with_cuts,
    with_margins,
)
from reports.steps import Step, code_files, run_step
from survey.campaign import Campaign, read_source
from survey.control import control_page
from survey.errors import ResponseError, SurveyError
from survey.fieldwork import record_outcomes, response_rates, unknown_tokens
from survey.files import write_csv, write_parquet, write_text
from survey.formats.importing import read_answers_file
from survey.formats.intake import Import
from survey.formats.odk.versions import read_form_version
from survey.questionnaire import Questionnaire, load_questionnaire
from survey.reference import (
    calibration_margins,
    code_lists,
    frame_categories,
    load_reference,
    read_margins,
)
from survey.response_quality import shown_quality
from survey.schema import check_responses
from survey.simulation.edition import simulate_edition, write_simulation
from survey.territories import LEVELS, TERRITORY_FILES, load_territories
from survey.written import modules_of

EXPORT = "export*"
STRANGERS = "reponses-hors-echantillon.csv"


def require_simulated(campaign: Campaign) -> None:
    """Refuse to overwrite the files of a real survey with simulated ones."""
    if not campaign.decisions.simulee:
        raise SurveyError(
            f"{campaign.folder} : cette campagne n’est pas simulée (« simulee: false ») ; la "
            "démonstration écraserait ses réponses. Utilisez importer, redresser, estimer, publier."
        )


def require_questionnaire(campaign: Campaign) -> None:
    """Refuse to import or weight a described file: it carries its answers and its weights."""
    if campaign.decisions.donnees:
        raise SurveyError(
            f"{campaign.folder} : cette campagne décrit un fichier qui porte déjà ses poids "
            "(« donnees ») ; rien n’est à importer ni à redresser. Lancez observatoire estimer."
        )


def require_weighting(campaign: Campaign) -> None:
    """Refuse to weight or to estimate before it was decided how."""
    if not campaign.is_weighted:
        raise SurveyError(
            f"{campaign.folder} : campaign.yml ne dit pas comment redresser. Ajoutez "
            "« indicateurs » et « redressement » ; voyez campaigns/2026/entreprises/campaign.yml."
        )


def simulate(campaign: Campaign) -> bool:
    """Write the frame, the sample, the export and the truth of a simulated campaign."""
    require_simulated(campaign)
    decisions, private = campaign.decisions, campaign.private

    def action() -> None:
        region = simulate_edition(
            questionnaire_of(campaign),
            load_reference(campaign.root / REFERENCE, campaign.population),
            load_territories(campaign.root / REFERENCE),
            campaign.edition,
            decisions.graine,
            decisions.plan.sampling,
        )
        write_simulation(region, private)

    inputs = sorted((campaign.root / REFERENCE).glob("*.*"))
    return _run(campaign, "simulation", inputs, [private / "echantillon.parquet"], action)


def import_answers(campaign: Campaign, export: Path | None = None) -> bool:
    """Take in the export of any tool; write `reponses.parquet`, `rejets.csv`, `controle.html`."""
    require_questionnaire(campaign)
    source = export or find_export(campaign)
    outputs = [
        campaign.private / name for name in ("reponses.parquet", "rejets.csv", "controle.html")
    ]

    def action() -> None:
        questionnaire = questionnaire_of(campaign)
        imported = read_answers(campaign, source, questionnaire)
        if imported.responses.is_empty():
            raise ResponseError(
                f"{source.name} : aucune réponse complète et lisible parmi "
                f"{imported.report.rows_read} lignes. Les réponses déjà importées sont gardées."
            )
        check_responses(imported.responses, questionnaire)
        page = control_page(
            imported,
            questionnaire,
            title=f"{campaign.decisions.titre}, édition {campaign.edition}",
            simulated=campaign.decisions.simulee,
        )
        write_parquet(imported.responses, outputs[0], simulated=campaign.decisions.simulee)
        write_csv(imported.rejects, outputs[1], simulated=campaign.decisions.simulee)
        write_text(outputs[2], page)

    return _run(campaign, "importation", [source, *form_files(campaign)], outputs, action)


def read_answers(campaign: Campaign, source: Path, questionnaire: Questionnaire) -> Import:
    """The answers of an export, read as the campaign says (`export:` in campaign.yml)."""
    reading = campaign.decisions.export
    forms = zip(form_files(campaign), reading.versions, strict=True)
    return read_answers_file(
        source,
        questionnaire,
        bare=reading.sans_identifiant,
        versions=[read_form_version(path, questionnaire, form.nom) for path, form in forms],
        names=reading.noms,
    )


def form_files(campaign: Campaign) -> list[Path]:
    """XLSForms of the versions of the form, oldest first."""
    return [campaign.resolve(form.formulaire) for form in campaign.decisions.export.versions]


def weigh(campaign: Campaign) -> bool:
    """Write `poids.parquet` (each step a column) and the tables of what each step did."""
    require_questionnaire(campaign)
    require_weighting(campaign)
    private, build = campaign.private, campaign.build
    inputs = [find_sample(campaign), private / "reponses.parquet"]
    outputs = [private / "poids.parquet", private / STRANGERS]
    outputs += [build / name for name in ("poids.csv", "marges.csv", "groupes.csv", "collecte.csv")]
    decisions = campaign.decisions.redressement
    margins_file = campaign.resolve(decisions.marges)

    def action() -> None:
        sample = with_margins(read_sample(inputs[0]), decisions, campaign.root)
        responses = read_private(inputs[1])
        strangers = unknown_tokens(sample, responses)
        write_csv(strangers.select("id"), outputs[1], simulated=campaign.decisions.simulee)
        complete = responses.filter("complete")["token"].to_list()
        adjusted = adjust_nonresponse(
            sample.with_columns(responded=pl.col("token").is_in(complete)),
            decisions.non_reponse.groupes,
            collapse=decisions.non_reponse.regrouper,
            minimum=decisions.non_reponse.minimum,
        )
        margins = calibration_margins(read_margins(margins_file), tuple(decisions.calage))
        spec = CalibrationSpec(METHODS[decisions.methode], decisions.bornes)
        respondents = with_represented_sizes(adjusted.filter("responded"))
        weighted = calibrate(respondents, margins, spec).weighted
        write_parquet(weighted, outputs[0], simulated=campaign.decisions.simulee)
        tables = (
            weight_report(
                adjusted.join(
                    weighted.select("token", "calibrated_weight"), on="token", how="left"
                ),
                WEIGHTS,
            ).with_columns(pl.col("min", "max").round_sig_figs(3)),  # of one unit: never in full
            guarded(margin_report(weighted, margins, WEIGHTS), campaign.decisions.seuils.secret),
            response_groups(adjusted),
            response_rates(record_outcomes(sample, responses), decisions.non_reponse.groupes[0]),
        )
        for path, table in zip(outputs[2:], tables, strict=True):
            write_csv(table, path, simulated=campaign.decisions.simulee)

    used = [*inputs, margins_file, *territory_files(campaign)]
    return _run(campaign, "redressement", used, outputs, action)


def estimate_campaign(campaign: Campaign) -> bool:
    """Write `estimations.parquet` (private), and what passed the gate as `published.parquet`."""
    if campaign.decisions.donnees:
        estimate_file(campaign)
        return True
    require_weighting(campaign)
    private, build = campaign.private, campaign.build
    inputs = [private / "reponses.parquet", private / "poids.parquet"]
    places = frame_files(campaign)
    outputs = [private / "estimations.parquet", build / "published.parquet"]
    told = [build / name for name in ("non_reponse.csv", "temps.csv")]

    def action() -> None:
        answers, weights = map(read_private, inputs)
        refuse_stale_weights(answers, weights, read_private(private / STRANGERS))
        calibration = tuple(campaign.decisions.redressement.calage)
        questionnaire = questionnaire_of(campaign)
        registry = registry_of(campaign, questionnaire)
        cuts = [cut.frame for cut in registry.domains if cut.frame]
        known = with_cuts(weights, {name: registry.places[name] for name in cuts}, campaign.root)
        design_columns = ("token", "stratum", "represented_size", *WEIGHTS, *calibration)
        rows = answers.join(known.select(*design_columns, *cuts), on="token")
        design = SurveyDesign(
            weight="calibrated_weight",
            stratum="stratum",
            stratum_size="represented_size",
            calibration=calibration,
            design_weight="nonresponse_weight",
        )
        spec = gate_spec(campaign.decisions.seuils)
        estimates, published = published_cells(
            rows, design, registry, questionnaire, spec, campaign.edition
        )
        published = with_breaks(published, registry, every_edition(campaign), campaign.edition)
        write_parquet(estimates, outputs[0], simulated=campaign.decisions.simulee)
        write_parquet(published, outputs[1], simulated=campaign.decisions.simulee)
        tables = shown_quality(answers, questionnaire, campaign.decisions.seuils.secret)
        for path, table in zip(told, tables, strict=True):
            write_csv(table, path, simulated=campaign.decisions.simulee)
        modules = modules_of(campaign.resolve(campaign.decisions.questionnaire))
        used = [*inputs, *places, *decisions_of(campaign), *modules]
        write_manifest(campaign, used, [*outputs[1:], *told])

    written = [*outputs, *told, build / NAME]
    return _run(campaign, "estimation", [*inputs, *places], written, action)


STEPS: dict[str, Callable[[Campaign], bool]] = {
    "simulation": simulate,
    "importation": import_answers,
    "redressement": weigh,
    "estimation": estimate_campaign,
}


def territory_files(campaign: Campaign) -> list[Path]:
    """The tables of the communes and of the places they make up."""
    return [campaign.root / REFERENCE / name for name in TERRITORY_FILES]


def frame_files(campaign: Campaign) -> list[Path]:
    """The tables of what cuts the population by columns of the frame."""
    return [*territory_files(campaign), *code_lists(campaign.root / REFERENCE).values()]


def questionnaire_of(campaign: Campaign) -> Questionnaire:
    """The questionnaire as asked in the campaign's edition."""
    return load_questionnaire(campaign.resolve(campaign.decisions.questionnaire), campaign.edition)


def every_edition(campaign: Campaign) -> Questionnaire:
    """The questionnaire with the questions of all editions."""
    return load_questionnaire(campaign.resolve(campaign.decisions.questionnaire))


def registry_of(campaign: Campaign, questionnaire: Questionnaire) -> Registry:
    """The indicators and domains that the campaign's edition can measure."""
    source = read_source(campaign.resolve(campaign.decisions.indicateurs))
    territories = load_territories(campaign.root / REFERENCE)
    places = {level: territories.labels(level) for level in LEVELS}
    places |= frame_categories(campaign.root / REFERENCE)
    every = every_edition(campaign)
    return read_registry(source, questionnaire, every, places, campaign.edition)


def refuse_stale_weights(
    answers: pl.DataFrame, weights: pl.DataFrame, strangers: pl.DataFrame
) -> None:
    """Raise when the weights were made for other answers than those taken in since."""
    complete = answers.filter("complete", ~pl.col("id").is_in(strangers["id"].to_list()))
    if set(complete["token"]) != set(weights["token"]):
        raise SurveyError(
            "Les poids ne sont pas ceux de ces réponses, importées depuis. Relancez observatoire "
            "redresser, puis estimer."
        )


def guarded(margins: pl.DataFrame, smallest: int) -> pl.DataFrame:
    """The table of margins without what fewer than `smallest` respondents of a category weigh."""
    few = pl.col("n_respondents") < smallest
    told = [name for name in margins.columns if name not in ("variable", "category", "total")]
    return margins.with_columns(pl.when(~few).then(pl.col(told)).name.keep())


def decisions_of(campaign: Campaign) -> list[Path]:
    """What was decided, as files: the campaign, its questionnaire, indicators and margins."""
    decisions = campaign.decisions
    named = [decisions.questionnaire, decisions.indicateurs]
    named += [decisions.redressement.marges] if decisions.redressement else []
    return [campaign.folder / "campaign.yml", *(campaign.resolve(name) for name in named if name)]


def find_export(campaign: Campaign) -> Path:
    """The export to take in: the only one of `private/`."""
    found = sorted(campaign.private.glob(EXPORT))
    if len(found) != 1:
        what = "aucun export" if not found else f"{len(found)} exports"
        raise SurveyError(
            f"{campaign.private} : {what} « {EXPORT} ». Indiquez le fichier : "
            "observatoire importer CAMPAGNE EXPORT."
        )
    return found[0]


def _run(
    campaign: Campaign,
    name: str,
    inputs: Sequence[Path],
    outputs: Sequence[Path],
    action: Callable[[], None],
) -> bool:
    """Run a step of a campaign unless nothing it rests on has changed."""
    models = sorted((campaign.root / "survey").rglob("*.yml"))
    code = code_files(campaign.root, ("survey", "analysis"))
    own = (campaign.root / "reports" / "pipeline.py", campaign.root / "reports" / "manifest.py")
    step = Step(
        stamp=campaign.private / "etapes" / f"{name}.json",
        inputs=(*decisions_of(campaign), *inputs, *models, *code, *own),
        outputs=tuple(outputs),
    )
    return run_step(step, campaign.root, action)
