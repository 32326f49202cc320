"""How often a nominal 95 % interval of a share holds the true share, method by method.

Run at the root of the project; five minutes on one core, the same numbers each time:

    OPENBLAS_NUM_THREADS=1 python benchmarks/coverage_of_intervals.py [--tirages 200]

Shares of 0.5, 2, 10 and 40 % are estimated on about 30, 100 and 300 respondents: in textbook
samples (`DESIGNS`), where each run has its own population, and in the four surveys of 2026, with
their own strata, census classes, response, response groups and raking, where a domain is a
département, a class, or both crossed (`BANDS`: how many respondents). Printed for each case:
coverage, mean width in points, misses of intervals above and below the truth, in %; then, for each
method, its worst and best case. A cell without an interval counts as a miss.

An exact method covers more than 99 % where few positives are expected: the number of positives is
whole, and with p n = 1 the chance of none is already 37 %. Such cases are marked *: fewer than
`FEW` positives are expected in an effective sample.

Not done: item non-response, biased response; a domain whose true share is 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from analysis.calibration import CalibrationSpec, calibrate
from analysis.checks import Floats
from analysis.design import SurveyDesign
from analysis.estimation import WHOLE, Domain, Target, estimate
from analysis.intervals import share_interval
from analysis.nonresponse import adjust_nonresponse, with_represented_sizes
from reports.computed import METHODS
from survey.campaign import Campaign, load_campaign
from survey.reference import calibration_margins, load_reference, margin_columns
from survey.sampling import draw_by_plan
from survey.simulation.fieldwork import draw_outcomes
from survey.simulation.frames import COUNT, build_cells, list_units
from survey.simulation.model import SimulationModel, load_model
from survey.territories import load_territories

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data" / "reference"
SHARES, SIZES = (0.005, 0.02, 0.1, 0.4), (30, 100, 300)
TARGETS = [Target(str(share), pl.col(str(share))) for share in SHARES]
SEED, LEVEL = 2026, 0.95
BANDS = {30: (30, 49), 100: (70, 149), 300: (200, 499)}  # respondents of the domains of a survey
CROSSED = {
    "secteur_public": ("departement", "classe", "categorie"),
    "associations": ("departement", "activite", "taille"),
    "habitants": ("departement", "age_groupe", "sexe"),
    "entreprises": ("departement", "secteur", "taille_marge"),
}
FEW, ENOUGH = 5, 200  # positives expected; cells under which a case is not told
KEPT = (
    *("case", "size", "indicator", "domain", "run", "truth", "estimate", "std_error", "df"),
    *("df_whole", "df_satterthwaite", "n_respondents", "population_size", "kish"),
)
SPREAD = 0.5  # standard deviation of the log-odds between the classes of a column


def samples(design: str, size: int, runs: int) -> tuple[pl.DataFrame, SurveyDesign]:
    """`runs` samples of one of `DESIGNS`, stacked, with the true share of each run."""
    rng = np.random.default_rng([SEED, size, *design.encode()])
    strata, options = DESIGNS[design](size)
    parts = []
    for stratum, (drawn, population, units, factor) in enumerate(strata):
        columns = {}
        for share in SHARES:
            # Clustered units differ: their shares follow a Beta law of correlation 0.03.
            odds = np.full((runs, units), min(share * factor, 0.95))
            if units > 1:
                odds = rng.beta(odds * 32, (1 - odds) * 32)
            whole = rng.binomial(population, odds.mean(axis=1))
            if units > 1:
                each = drawn // units
                answers = rng.random((runs, units, each)) < odds[:, :, None]
                whole = np.full(runs, population * min(share * factor, 0.95))
            else:
                count = rng.hypergeometric(whole, population - whole, drawn)
                answers = np.arange(drawn) < count[:, None]
            columns[str(share)] = answers.ravel()
            columns[f"true {share}"] = np.repeat(whole, drawn)
        parts.append(
            pl.DataFrame(columns).with_columns(
                run=np.repeat(np.arange(runs), drawn),
                unit=np.tile(np.repeat(np.arange(units), drawn // units), runs),
                stratum=pl.lit(stratum),
                N=pl.lit(population),
                weight=pl.lit(population / drawn),
            )
        )
    return pl.concat(parts), SurveyDesign("weight", stratum=("run", "stratum"), **options)


DRAWN = {"stratum_size": "N"}
# For each stratum: rows drawn, population, primary units, share over the common one.
DESIGNS: dict[str, Callable[[int], tuple[list[tuple[int, int, int, float]], dict]]] = {
    "aléatoire simple": lambda n: ([(n, 100 * n, 1, 1)], DRAWN),
    "poids 1 à 25": lambda n: ([(n // 3, n * k, 1, 1) for k in (2, 10, 50)], DRAWN),
    "poids 1 à 25, parts liées": lambda n: (
        [(n // 3, n * k, 1, f) for k, f in ((2, 2), (10, 1.5), (50, 0.87))],
        DRAWN,
    ),
    "moitié recensée": lambda n: ([(n // 2, n // 2, 1, 1), (n // 2, 10 * n, 1, 1)], DRAWN),
    "taux de 80 %": lambda n: ([(n, n * 5 // 4, 1, 1)], DRAWN),
    "4 degrés de liberté": lambda n: (
        [(n // 6 * 3, 50 * n, 3, 1), (n // 6 * 3, 50 * n, 3, 1)],
        {"cluster": "unit"},
    ),
}


def textbook(runs: int) -> Iterator[pl.DataFrame]:
    """The cells of every design of `DESIGNS`."""
    for design in DESIGNS:
        for size in SIZES:
            frame, plan = samples(design, size, runs)
            cut = Domain("run", ("run",))
            found = estimate(frame, plan, TARGETS, [cut], population=design, edition=2026)
            wholes = (
                frame.unique(["run", "stratum"])
                .group_by("run")
                .agg(pl.col("^true .*$").sum() / pl.col("N").sum())
            )
            truth = wholes.unpivot(index="run", variable_name="indicator", value_name="truth")
            truth = truth.with_columns(pl.col("indicator").str.strip_prefix("true "))
            yield (
                with_sizes(found, frame, ("run",), plan)
                .join(
                    truth.with_columns(domain=pl.col("run").cast(pl.String)),
                    on=["indicator", "domain"],
                )
                .with_columns(
                    case=pl.lit(design), size=pl.lit(size), run=pl.lit(0), df_whole=pl.col("df")
                )
            )


def with_sizes(
    found: pl.DataFrame, frame: pl.DataFrame, by: tuple[str, ...], plan: SurveyDesign
) -> pl.DataFrame:
    """Estimates with Kish's effective size and Satterthwaite's degrees of freedom of each domain.

    The latter are (Σ v)² / Σ v² / d over the strata, v the variance from each (without what the
    margins explain) and d its primary units less one.
    """
    name = pl.concat_str([pl.col(each).cast(pl.String) for each in by], separator=" x ")
    weight, strata = pl.col(plan.weight), list(plan.strata)
    rows = frame.with_columns(domain=name)
    kish = rows.group_by("domain").agg(kish=weight.sum() ** 2 / (weight**2).sum())
    unit = [*strata, plan.clusters[0]] if plan.clusters else []
    drawn = (pl.struct(unit).n_unique() if unit else pl.len()).alias("drawn")
    drawn = frame.group_by(strata).agg(drawn)
    parts = []
    for share in map(str, SHARES):
        mean = (weight * pl.col(share)).sum().over("domain") / weight.sum().over("domain")
        scored = rows.with_columns(z=weight * (pl.col(share) - mean))
        if unit:
            scored = scored.group_by("domain", *unit).agg(pl.col("z").sum())
        moments = scored.group_by("domain", *strata).agg(
            z=pl.col("z").sum(), zz=(pl.col("z") ** 2).sum()
        )
        n = pl.col("drawn")
        v = (pl.col("zz") - pl.col("z") ** 2 / n) * n / (n - 1)
        moments = moments.join(drawn, on=strata).filter(n > 1).with_columns(v=v)
        parts.append(
            moments.group_by("domain").agg(
                df_satterthwaite=pl.col("v").sum() ** 2 / (pl.col("v") ** 2 / (n - 1)).sum(),
                indicator=pl.lit(share),
            )
        )
    satterthwaite = pl.concat(parts).with_columns(pl.col("df_satterthwaite").fill_nan(None))
    return found.join(kish, on="domain", how="left").join(
        satterthwaite, on=["domain", "indicator"], how="left"
    )


def classes(frame: pl.DataFrame, columns: tuple[str, ...], share: float) -> Floats:
    """The chance of a yes of each unit, on average `share`, unequal between classes."""
    score = np.zeros(frame.height)
    for column in columns:
        codes = frame[column].cast(pl.String).rank("dense").to_numpy() - 1
        effects = np.random.default_rng([SEED, *column.encode()]).normal(0, SPREAD, codes.max() + 1)
        score += effects[codes]
    counts = frame[COUNT].to_numpy() if COUNT in frame.columns else np.ones(frame.height)
    odds = np.exp(score)
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        chance = odds / (odds + np.exp(-middle))
        low, high = (middle, high) if np.average(chance, weights=counts) < share else (low, middle)
    return chance


def surveyed(population: str, runs: int) -> pl.DataFrame:
    """The cells of one of the surveys of 2026, from the draw to the estimate, `runs` times."""
    campaign = load_campaign(ROOT / "campaigns" / "2026" / population, ROOT)
    model, reference = load_model(population), load_reference(DATA, population)
    territories = load_territories(DATA)
    frame = build_cells(population, reference, territories)
    if not model.temoins:
        frame = list_units(frame, territories, seed=1)
    columns = CROSSED[population]
    chances = {f"true {share}": classes(frame, columns, share) for share in SHARES}
    if not model.temoins:
        rng = np.random.default_rng(SEED)
        chances = {name: rng.random(frame.height) < each for name, each in chances.items()}
    frame = frame.with_columns(**{name: pl.Series(each) for name, each in chances.items()})
    cuts = [*((name,) for name in columns), *((columns[0], name) for name in columns[1:])]
    margins = calibration_margins(reference.margins, tuple(campaign.decisions.redressement.calage))
    counted = frame if model.temoins else frame.with_columns(pl.lit(1).alias(COUNT))
    truth = pl.concat(true_shares(counted, cut) for cut in cuts)
    parts = []
    for run in range(runs):
        rows, plan = weighed(frame, campaign, model, margins, run)
        domains = [WHOLE, *(Domain(" x ".join(cut), cut) for cut in cuts)]
        found = estimate(rows, plan, TARGETS, domains, population=population, edition=2026)
        whole = found.filter(domain_type=WHOLE.domain_type)["df"][0]
        for cut in cuts:
            mine = found.filter(domain_type=" x ".join(cut))
            parts.append(
                with_sizes(mine, rows, cut, plan).with_columns(
                    run=pl.lit(run), df_whole=pl.lit(whole)
                )
            )
    cells = pl.concat(parts).join(truth, on=["indicator", "domain_type", "domain"])
    n = pl.col("n_respondents")
    size = pl.coalesce(pl.when(n.is_between(*band)).then(size) for size, band in BANDS.items())
    return cells.with_columns(case=pl.lit(population), size=size).filter(
        pl.col("size").is_not_null(), pl.col("truth") > 0
    )


def true_shares(frame: pl.DataFrame, cut: tuple[str, ...]) -> pl.DataFrame:
    """The true share of every target in every domain of a cut."""
    name = pl.concat_str([pl.col(each).cast(pl.String) for each in cut], separator=" x ")
    wholes = frame.group_by(domain=name).agg(
        (pl.col(f"true {share}") * pl.col(COUNT)).sum().alias(str(share)) / pl.col(COUNT).sum()
        for share in SHARES
    )
    told = wholes.unpivot(index="domain", variable_name="indicator", value_name="truth")
    return told.with_columns(domain_type=pl.lit(" x ".join(cut)))


def weighed(
    frame: pl.DataFrame, campaign: Campaign, model: SimulationModel, margins: pl.DataFrame, run: int
) -> tuple[pl.DataFrame, SurveyDesign]:
    """The respondents of one run, with their weights and answers, and their design."""
    decisions = campaign.decisions
    truths = [f"true {share}" for share in SHARES]
    if model.temoins:
        cells = [name for name in frame.columns if name not in (*truths, COUNT)]
        chances = frame.select(*cells, *truths)
        sample = draw_by_plan(frame.drop(truths), decisions.plan.sampling, run, counts=COUNT).join(
            chances, on=cells, how="left", maintain_order="left"
        )
    else:
        sample = draw_by_plan(frame, decisions.plan.sampling, run)
    rng = np.random.default_rng([SEED, run])
    sample = sample.with_columns(
        pl.Series(str(share), sample[truth].cast(pl.Float64).to_numpy() > rng.random(sample.height))
        for share, truth in zip(SHARES, truths, strict=True)
    )
    adjustment = decisions.redressement
    outcomes = margin_columns(draw_outcomes(sample, model, run), adjustment.calage).with_columns(
        responded=pl.col("outcome") == "complet"
    )
    groups = adjustment.non_reponse
    adjusted = adjust_nonresponse(
        outcomes, groups.groupes, collapse=groups.regrouper, minimum=groups.minimum
    )
    spec = CalibrationSpec(METHODS[adjustment.methode], adjustment.bornes)
    rows = calibrate(with_represented_sizes(adjusted.filter("responded")), margins, spec).weighted
    return rows, SurveyDesign(
        weight="calibrated_weight",
        stratum="stratum",
        stratum_size="represented_size",
        calibration=tuple(adjustment.calage),
        design_weight="nonresponse_weight",
    )


def candidates(cells: pl.DataFrame) -> dict[str, tuple[Floats, Floats]]:
    """The intervals of every method: its name, its cap, its degrees of freedom."""
    columns = cells.select(pl.col(pl.Float64, pl.Int64).cast(pl.Float64).fill_null(np.nan))
    number = {name: columns[name].to_numpy() for name in columns.columns}
    own = number["df"]
    satterthwaite = number["df_satterthwaite"]
    freedom = {
        "": own,
        ", ddl du plan": number["df_whole"],
        ", ddl de Satterthwaite": np.where(np.isnan(satterthwaite), own, satterthwaite),
    }
    cell = {
        "estimate": number["estimate"],
        "n_respondents": number["n_respondents"],
        "effective": number["kish"],
        "sampled": np.ones(cells.height),
        "level": LEVEL,
        "population": number["population_size"],
    }
    variance = number["std_error"] ** 2
    spread = number["estimate"] * (1 - number["estimate"])
    least = np.maximum(variance, spread / number["n_respondents"])
    found = {}
    for method in ("logit", "wilson", "beta"):
        found[method] = share_interval(**cell, variance=variance, df=own, method=method)
        capped = share_interval(**cell, variance=least, df=own, method=method)
        found[f"{method}, au plus n"] = capped
    for words, df in freedom.items():
        found[f"capped{words}"] = share_interval(**cell, variance=variance, df=df, method="capped")
    return found


def table(cells: pl.DataFrame) -> pl.DataFrame:
    """One row a case and method: coverage, mean width, misses; `few` where positives are few."""
    rows, truth = [], pl.col("truth")
    for method, (low, high) in candidates(cells).items():
        bounds = {"low": pl.Series(low).fill_nan(2.0), "high": pl.Series(high).fill_nan(-1.0)}
        told = cells.with_columns(**bounds, method=pl.lit(method))
        rows.append(
            told.group_by("case", "indicator", "size", "method").agg(
                cells=pl.len(),
                few=(truth * pl.min_horizontal("kish", "n_respondents")).mean() < FEW,
                coverage=100 * truth.is_between("low", "high").mean(),
                width=100 * (pl.col("high") - pl.col("low")).mean(),
                above=100 * (truth < pl.col("low")).mean(),
                below=100 * (truth > pl.col("high")).mean(),
            )
        )
    order = ["case", pl.col("indicator").cast(pl.Float64), "size"]
    return pl.concat(rows).filter(pl.col("cells") >= ENOUGH).sort(order, maintain_order=True)


def summary(told: pl.DataFrame) -> pl.DataFrame:
    """One row a method: worst and best case, how many out of 94 to 99 %, mean width."""
    coverage, few = pl.col("coverage"), pl.col("few")
    return told.group_by("method", maintain_order=True).agg(
        cases=pl.len(),
        least=coverage.min(),
        most=coverage.max(),
        under_94=(coverage < 94).sum(),
        over_99=((coverage > 99) & ~few).sum(),
        over_99_few=((coverage > 99) & few).sum(),
        width=pl.col("width").mean(),
    )


def simulate(runs: int) -> pl.DataFrame:
    """Every cell of every case; textbook samples are quick, and drawn ten times as often."""
    parts = [*textbook(10 * runs), *(surveyed(population, runs) for population in CROSSED)]
    return pl.concat((part.select(KEPT) for part in parts), how="vertical_relaxed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tirages", type=int, default=200, help="échantillons par enquête")
    told = table(simulate(parser.parse_args().tirages))
    shown = told.filter(pl.col("method").is_in(["logit", "wilson", "beta", "capped"]))
    print(
        f"{'cas':26} {'p':>5} {'n':>4} {'méthode':8} couverture largeur  ratés au-dessus, dessous"
    )
    for row in shown.rows(named=True):
        print(
            f"{row['case']:26} {row['indicator']:>5} {row['size']:4} {row['method']:8} "
            f"{row['coverage']:9.1f}{'*' if row['few'] else ' '} {row['width']:7.2f} "
            f"{row['above']:9.1f} {row['below']:8.1f}"
        )
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=60, float_precision=1):
        print(summary(told))


if __name__ == "__main__":
    main()
