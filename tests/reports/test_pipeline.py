import json
import shutil

import polars as pl
import pytest

from analysis.disclosure import NUMBERS, assert_gated
from reports import pipeline
from reports.steps import digest
from reports.summaries import weighting_summary
from survey.campaign import load_campaign
from survey.errors import SurveyError
from survey.french import typography


def campaign_of(root, year=2025):
    return load_campaign(root / "campaigns" / str(year) / "entreprises", root)


def edit(root, before: str, after: str):
    """The campaign once a decision has changed."""
    path = root / "campaigns" / "2025" / "entreprises" / "campaign.yml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    return campaign_of(root)


def run(campaign) -> dict[str, bool]:
    return {name: step(campaign) for name, step in pipeline.STEPS.items()}


def test_a_campaign_runs_once_and_again_only_for_a_change(copied):
    campaign = campaign_of(copied)
    assert set(run(campaign).values()) == {True}
    assert set(run(campaign).values()) == {False}
    changed = edit(copied, "repondants: 30", "repondants: 31")
    assert run(changed)["estimation"]
    (changed.private / "poids.parquet").unlink()
    assert run(changed) == {
        "simulation": False,
        "importation": False,
        "redressement": True,
        "estimation": False,  # the same weights again
    }


def test_weights_sum_to_the_official_total_at_each_margin(estimated):
    campaign = campaign_of(estimated)
    weights = pl.read_parquet(campaign.private / "poids.parquet")
    margins = pl.read_csv(
        estimated / "data/reference/marges_entreprises.csv", schema_overrides={"modalite": str}
    )
    for variable, rows in margins.group_by("variable"):
        summed = weights.group_by(variable[0]).agg(pl.col("calibrated_weight").sum())
        compared = rows.join(summed, left_on="modalite", right_on=variable[0], how="inner")
        if variable[0] in campaign.decisions.redressement.calage:
            assert compared.height == rows.height
            gap = (compared["calibrated_weight"] / compared["total"] - 1).abs().max()
            assert gap < 1e-6
    total = margins.filter(variable="departement_secteur")["total"].sum()
    assert weights["calibrated_weight"].sum() == pytest.approx(total, rel=1e-6)
    sample = pl.read_parquet(campaign.private / "echantillon.parquet")
    assert sample["design_weight"].sum() == pytest.approx(total, rel=1e-9)
    assert weights["nonresponse_weight"].sum() == pytest.approx(total, rel=1e-9)


def test_tables_say_what_each_step_did(estimated):
    build = campaign_of(estimated).build
    steps = pl.read_csv(build / "poids.csv")
    assert steps["step"].to_list() == list(pipeline.WEIGHTS)
    margins = pl.read_csv(build / "marges.csv", schema_overrides={"category": pl.String})
    assert margins["calibrated_weight_gap"].abs().max() < 1e-6
    assert margins["nonresponse_weight_gap"].abs().max() > 0.01
    response = pl.read_csv(build / "collecte.csv")
    assert response["n_sampled"].sum() == 3000
    assert response["n_complete"].sum() == steps.filter(step="calibrated_weight")["n"].item()


@pytest.mark.parametrize("year", [2025, 2026])
def test_what_is_published_passed_the_gate(estimated, year):
    campaign = campaign_of(estimated, year)
    published = pl.read_parquet(campaign.build / "published.parquet")
    assert_gated(published)
    statuses = dict(published["status"].value_counts().rows())
    assert statuses["nd"] > 100 and statuses["ok"] > 1000 and statuses["fragile"] > 100
    withheld = published.filter(pl.col("status").is_in(["nd", "secret"]))
    assert withheld.select(pl.col(NUMBERS).is_not_null().any()).row(0) == (False,) * len(NUMBERS)
    estimates = pl.read_parquet(campaign.private / "estimations.parquet")
    key = ["indicator", "domain_type", "domain"]
    assert estimates.join(withheld, on=key, how="semi")["estimate"].is_not_null().any()
    shown = published.filter(pl.col("status") == "ok", statistic="share")
    assert shown["n_respondents"].min() >= campaign.decisions.seuils.repondants_fragile
    assert shown.select((pl.col("conf_low") >= 0) & (pl.col("conf_high") <= 1)).to_series().all()


def test_the_truth_of_the_simulation_is_found_again(estimated):
    campaign = campaign_of(estimated, 2026)
    published = pl.read_parquet(campaign.build / "published.parquet")
    use = published.filter(indicator="usage_ia", domain="ensemble").row(0, named=True)
    truth = pl.read_parquet(campaign.private / "verite.parquet")
    tools = [name for name in truth.columns if name.startswith("technologies__")]
    assert len(tools) == 8
    share = truth.select(pl.any_horizontal(pl.col(tools) == "oui").fill_null(False).mean()).item()
    assert use["estimate"] == pytest.approx(share, abs=4 * use["std_error"])


def test_nothing_private_is_built(estimated):
    for year in (2025, 2026):
        campaign = campaign_of(estimated, year)
        names = {path.name for path in campaign.build.rglob("*") if path.is_file()}
        assert names == {
            *("published.parquet", "manifeste.json"),
            *("poids.csv", "marges.csv", "groupes.csv", "collecte.csv"),
            *("non_reponse.csv", "temps.csv"),
        }
        sample = pl.read_parquet(campaign.private / "echantillon.parquet")
        secret = {*sample["token"].head(50), *sample["unite"].head(50)}
        for path in campaign.build.glob("*.[cj]*"):
            text = path.read_text(encoding="utf-8")
            assert not [word for word in secret if word in text], path
        published = pl.read_parquet(campaign.build / "published.parquet")
        assert not {"token", "unite", "design_weight"} & set(published.columns)


def test_the_manifest_names_every_file_by_its_digest(estimated):
    campaign = campaign_of(estimated)
    manifest = json.loads((campaign.build / "manifeste.json").read_text(encoding="utf-8"))
    assert manifest["donnees_simulees"] is True
    assert manifest["commande"] == "observatoire estimer campaigns/2025/entreprises"
    named = manifest["entrees"] | manifest["code"] | manifest["sorties"]
    outputs = ("published.parquet", "non_reponse.csv", "temps.csv")
    assert {f"_build/2025/entreprises/{name}" for name in outputs} == set(manifest["sorties"])
    assert "campaigns/2025/entreprises/private/poids.parquet" in manifest["entrees"]
    assert "survey/routing.py" in manifest["code"]
    assert {name: digest(estimated / name) for name in named} == named


def test_the_same_decisions_give_the_same_bytes(estimated, copied):
    campaign = campaign_of(copied)
    run(campaign)
    for name in ("published.parquet", "marges.csv", "collecte.csv"):
        assert digest(campaign.build / name) == digest(campaign_of(estimated).build / name), name


def test_the_rejects_and_the_control_page_are_in_french(estimated):
    private = campaign_of(estimated).private
    rejects = pl.read_csv(private / "rejets.csv", infer_schema=False)
    expected = ["ligne", "id", "motif", "colonne", "valeur", "decision", "nature"]
    assert rejects.columns == expected
    assert rejects["nature"].unique().to_list() == ["données simulées"]
    assert rejects.height > 0
    page = (private / "controle.html").read_text(encoding="utf-8")
    assert '<html lang="fr"' in page and "onnées simulées" in page


def test_the_campaign_chooses_how_weights_are_calibrated(estimated, copied):
    private = copied / "campaigns" / "2025" / "entreprises" / "private"
    shutil.copytree(campaign_of(estimated).private, private)
    logit = "taille_marge]\n  methode: logit\n  bornes: [0.2, 4]"
    pipeline.weigh(edit(copied, "taille_marge]", logit))
    weights = pl.read_parquet(private / "poids.parquet")
    ratio = weights["calibrated_weight"] / weights["nonresponse_weight"]
    assert ratio.is_between(0.2, 4).all()
    before = pl.read_parquet(campaign_of(estimated).private / "poids.parquet")
    assert weights["calibrated_weight"].sum() == pytest.approx(before["calibrated_weight"].sum())
    assert (weights["calibrated_weight"] - before["calibrated_weight"]).abs().max() > 0.01


def test_a_real_survey_is_never_overwritten(copied):
    campaign = edit(copied, "simulee: true", "simulee: false")
    with pytest.raises(SurveyError, match="n’est pas simulée"):
        pipeline.simulate(campaign)
    assert not campaign.private.exists()


def test_no_campaign_here(tmp_path):
    with pytest.raises(SurveyError, match="aucune campagne ici"):
        pipeline.campaigns(tmp_path)


def test_what_is_missing_is_said_with_what_to_do(copied):
    campaign = campaign_of(copied)
    with pytest.raises(SurveyError, match=r"aucun export .* observatoire importer"):
        pipeline.import_answers(campaign)
    with pytest.raises(SurveyError, match=r"nulle\.csv : fichier introuvable"):
        pipeline.import_answers(campaign, copied / "nulle.csv")
    with pytest.raises(SurveyError, match=r"echantillon\.parquet : fichier introuvable"):
        pipeline.weigh(campaign)
    with pytest.raises(SurveyError, match=r"reponses\.parquet : fichier introuvable"):
        pipeline.estimate_campaign(campaign)


def test_two_exports_must_be_told_apart(copied):
    campaign = campaign_of(copied)
    campaign.private.mkdir()
    for name in ("export-limesurvey.csv", "export-limesurvey-2.csv"):
        (campaign.private / name).write_text("id;token\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="2 exports"):
        pipeline.import_answers(campaign)


@pytest.mark.parametrize(
    ("before", "after", "step", "said"),
    [
        ("marges_entreprises.csv", "nulle.csv", "redressement", "nulle.csv : ce fichier"),
        ("departement_secteur:", "zut:", "redressement", "marges inconnues : zut"),
        ("[departement, taille_marge]", "[zut]", "redressement", "colonne « zut » absente"),
        ("groupes: [taille,", "groupes: [zut,", "redressement", "colonne « zut » absente"),
        ("indicators/entreprises.yml", "nulle.yml", "estimation", "nulle.yml : fichier introu"),
        ("instruments/entreprises.yml", "nulle.yml", "importation", "nulle.yml : fichier introu"),
    ],
)
def test_a_decision_that_cannot_be_followed_is_said(estimated, copied, before, after, step, said):
    private = copied / "campaigns" / "2025" / "entreprises" / "private"
    private.symlink_to(campaign_of(estimated).private, target_is_directory=True)
    changed = edit(copied, before, after)
    stamps = {path: path.read_bytes() for path in (private / "etapes").glob("*.json")}
    try:
        with pytest.raises(SurveyError) as error:
            pipeline.STEPS[step](changed)
        assert typography(said) in typography(str(error.value))
    finally:
        for path, content in stamps.items():
            path.write_bytes(content)


def test_a_described_file_is_neither_imported_nor_weighted(copied):
    folder = copied / "campaigns" / "exemple"
    folder.mkdir()
    (folder / "campaign.yml").write_text(
        "titre: E\nedition: 2022\npopulation: h\ndonnees: d.csv\nplan: {poids: P}\n"
        "cibles: [{statistique: total, variable: A}]\n",
        encoding="utf-8",
    )
    campaign = load_campaign(folder, copied)
    for step in (pipeline.import_answers, pipeline.weigh):
        with pytest.raises(SurveyError, match="porte déjà ses poids"):
            step(campaign)


def test_published_shares_are_those_of_the_final_weights_and_of_eurostats_base(estimated):
    campaign = campaign_of(estimated, 2026)
    answers = pl.read_parquet(campaign.private / "reponses.parquet")
    weights = pl.read_parquet(campaign.private / "poids.parquet")
    rows = answers.join(weights.select("token", "calibrated_weight"), on="token")
    published = pl.read_parquet(campaign.build / "published.parquet").filter(domain="ensemble")
    tools = pl.col("^technologies__.*$")
    user = pl.any_horizontal(tools == "oui").fill_null(False)
    # an enterprise without internet uses no AI; « NSP » or « NR » on the grid leaves it unknown
    non_user = pl.all_horizontal(tools == "non").fill_null(False) | (pl.col("internet") == "non")
    known = rows.filter(user | non_user)
    weight = pl.col("calibrated_weight")
    share = known.select((weight * user).sum() / weight.sum()).item()
    cell = published.filter(indicator="usage_ia").row(0, named=True)
    assert cell["estimate"] == pytest.approx(share, rel=1e-12)
    assert cell["n_respondents"] == known.height
    assert known.filter(internet="non").height > 0


def test_weights_made_for_other_answers_are_refused(copied):
    campaign = campaign_of(copied)
    run(campaign)
    path = campaign.private / "reponses.parquet"
    pl.read_parquet(path).head(800).write_parquet(path)
    with pytest.raises(SurveyError, match="Relancez observatoire redresser"):
        pipeline.estimate_campaign(campaign)


def test_answers_out_of_the_sample_are_counted_and_kept(copied):
    campaign = campaign_of(copied)
    run(campaign)
    path = campaign.private / "echantillon.parquet"
    sample = pl.read_parquet(path)
    weighted = pl.read_parquet(campaign.private / "poids.parquet")
    lost = weighted["token"].head(3).to_list()
    sample.filter(~pl.col("token").is_in(lost)).write_parquet(path)
    assert pipeline.weigh(campaign)
    assert pl.read_csv(campaign.private / pipeline.STRANGERS).height == 3
    assert "3 réponses dont le jeton" in weighting_summary(campaign)
    assert pipeline.estimate_campaign(campaign)


def test_a_sample_may_come_as_csv_and_its_faults_are_named(copied):
    campaign = campaign_of(copied)
    run(campaign)
    parquet = campaign.private / "echantillon.parquet"
    sample = pl.read_parquet(parquet)
    parquet.unlink()
    sample.write_csv(parquet.with_suffix(".csv"))
    before = pl.read_parquet(campaign.private / "poids.parquet")
    assert pipeline.weigh(campaign)
    after = pl.read_parquet(campaign.private / "poids.parquet")
    assert (after["calibrated_weight"] - before["calibrated_weight"]).abs().max() < 1e-9
    sample.drop("stratum").write_csv(parquet.with_suffix(".csv"))
    with pytest.raises(SurveyError, match="stratum"):
        pipeline.weigh(campaign)
    parquet.write_bytes(b"PAR1 abc")
    with pytest.raises(SurveyError, match="abîmé"):
        pipeline.weigh(campaign)


def test_an_export_without_any_good_answer_keeps_the_former_ones(copied, tmp_path):
    campaign = campaign_of(copied)
    run(campaign)
    export = pipeline.find_export(campaign)
    header = export.read_text(encoding="utf-8-sig").split("\n", 1)[0]
    (tmp_path / "vide.csv").write_text(header + "\n", encoding="utf-8")
    kept = digest(campaign.private / "reponses.parquet")
    with pytest.raises(SurveyError, match="déjà importées sont gardées"):
        pipeline.import_answers(campaign, tmp_path / "vide.csv")
    assert digest(campaign.private / "reponses.parquet") == kept
