import re
from pathlib import Path

import pytest

from survey.campaign import load_campaign, read_settings
from survey.errors import SurveyError
from survey.french import typography

ROOT = Path(__file__).parents[2]
OWN = """
titre: Essai
edition: 2025
population: entreprises
questionnaire: q.yml
indicateurs: i.yml
plan: {taille_echantillon: 100}
redressement:
  non_reponse: {groupes: [taille]}
  marges: marges.csv
  calage: [taille]
"""
DESCRIBED = """
titre: Essai
edition: 2022
population: habitants
donnees: d.csv
plan: {poids: POND}
cibles: [{statistique: moyenne, variable: AGE}]
domaines: [ensemble, REGION, [SEXE, AGE]]
"""


def campaign(folder: Path, text: str):
    (folder / "campaign.yml").write_text(text, encoding="utf-8")
    return load_campaign(folder, folder)


def test_a_survey_of_the_observatory(tmp_path):
    read = campaign(tmp_path, OWN)
    assert (read.edition, read.population) == (2025, "entreprises")
    assert read.private == tmp_path / "private"
    assert read.build == tmp_path / "_build" / "2025" / "entreprises"
    assert read.decisions.redressement.non_reponse.minimum == 10
    assert (read.decisions.seuils.secret, read.decisions.seuils.repondants) == (3, 30)
    assert not read.decisions.simulee


def test_a_described_file(tmp_path):
    decisions = campaign(tmp_path, DESCRIBED).decisions
    assert decisions.plan.poids == "POND"
    assert decisions.domaines == ("ensemble", "REGION", ("SEXE", "AGE"))


def test_a_file_beside_the_decisions_comes_before_one_at_the_root(tmp_path):
    folder = tmp_path / "campagne"
    folder.mkdir()
    (folder / "campaign.yml").write_text(OWN, encoding="utf-8")
    read = load_campaign(folder / "campaign.yml", tmp_path)
    assert read.resolve("q.yml") == tmp_path / "q.yml"
    (folder / "q.yml").touch()
    assert read.resolve("q.yml") == folder / "q.yml"


@pytest.mark.parametrize("path", sorted(ROOT.glob("campaigns/*/*/campaign.yml")), ids=str)
def test_the_campaigns_of_the_project_can_be_read(path):
    read = load_campaign(path.parent, ROOT)
    assert read.decisions.titre
    for name in (read.decisions.questionnaire, read.decisions.indicateurs):
        assert name is None or read.resolve(name).is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN + "couleur: bleu", "« couleur » : clé inconnue"),
        (OWN.replace("titre: Essai\n", ""), "« titre » : clé manquante"),
        (
            OWN.replace("edition: 2025", "edition: bientôt"),
            "« edition » doit être un nombre entier ; lu : « bientôt »",
        ),
        (OWN.replace("100", "0"), "« plan.taille_echantillon » doit dépasser 0 ; lu : 0"),
        (OWN.replace("questionnaire: q.yml\n", ""), "il faut soit « questionnaire »"),
        (DESCRIBED.replace("{poids: POND}", "{}"), "« plan: {poids: …} » et « cibles »"),
        (DESCRIBED.replace("moyenne", "médiane"), "« statistique » vaut « médiane »"),
        (OWN + "seuils: {secret: 2}", "« seuils.secret » doit valoir au moins 3 ; lu : 2"),
        (OWN + "seuils: {repondants: 80}", "il faut secret ≤ repondants ≤ repondants_fragile"),
        (
            OWN + "seuils: {demi_intervalle_fragile: 0.2}",
            "demi_intervalle_fragile ≤ demi_intervalle",
        ),
        (OWN + "simulee: true", "une campagne simulée demande « graine »"),
        (OWN.replace("indicateurs: i.yml\n", ""), "« indicateurs » et « redressement »"),
        ("", "le fichier doit être une suite de clés"),
        ("- a\n- b", "le fichier doit être une suite de clés"),
    ],
)
def test_a_wrong_decision_is_named(tmp_path, text, said):
    with pytest.raises(SurveyError, match=re.escape(typography(said))) as error:
        campaign(tmp_path, text)
    assert f"{tmp_path / 'campaign.yml'}, ligne " in str(error.value)


def test_a_campaign_may_collect_before_its_weighting_is_decided(tmp_path):
    collecting = "titre: Essai\nedition: 2025\npopulation: habitants\nquestionnaire: q.yml\n"
    assert not campaign(tmp_path, collecting).is_weighted
    assert campaign(tmp_path, OWN).is_weighted and campaign(tmp_path, DESCRIBED).is_weighted


def test_every_wrong_decision_is_named_at_once(tmp_path):
    with pytest.raises(SurveyError, match=r"titre(.|\n)*ligne 11\u202f: .*couleur"):
        campaign(tmp_path, OWN.replace("titre: Essai\n", "") + "couleur: bleu")


def test_a_broken_file_is_named_with_its_line(tmp_path):
    with pytest.raises(SurveyError, match=r"campaign.yml, ligne 3 : .*YAML lisible"):
        campaign(tmp_path, "titre: Essai\nplan:\n  a: b: c\n")
    (tmp_path / "campaign.yml").write_bytes("titre: Édition".encode("cp1252"))
    with pytest.raises(SurveyError, match="YAML lisible"):
        load_campaign(tmp_path, tmp_path)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(SurveyError, match=r"campaign.yml : fichier introuvable"):
        load_campaign(tmp_path, tmp_path)
    with pytest.raises(SurveyError, match=r"registre.yml : fichier introuvable"):
        read_settings(tmp_path / "registre.yml")


@pytest.mark.parametrize("folder", ["2026/entreprises", "2025/habitants"])
def test_a_campaign_in_the_folder_of_another_is_refused(tmp_path, folder):
    place = tmp_path / folder
    place.mkdir(parents=True)
    with pytest.raises(SurveyError, match="Accordez-les"):
        campaign(place, OWN)


def test_what_is_calibrated_on_names_the_columns_of_the_sample(tmp_path):
    calibrated = "calage: {taille: [taille], lieu_age: [lieu, age]}"
    decided = campaign(tmp_path, OWN.replace("calage: [taille]", calibrated)).decisions.redressement
    assert decided.calage == {"taille": ("taille",), "lieu_age": ("lieu", "age")}
    assert decided.columns == ("taille", "lieu", "age")
    alone = campaign(tmp_path, OWN).decisions.redressement
    assert alone.calage == {"taille": ("taille",)}


@pytest.mark.parametrize("calibrated", ["calage: []", "calage: {taille: []}", "calage: {}"])
def test_calibration_on_nothing_is_refused(tmp_path, calibrated):
    with pytest.raises(SurveyError, match="calage"):
        campaign(tmp_path, OWN.replace("calage: [taille]", calibrated))


def test_a_sampling_plan_is_read_for_the_draw(tmp_path):
    drawing = "{strates: [[lieu, taille], [taille]], puissance: 0.5}"
    drawn = f"plan: {{taille_echantillon: 100, tirage: {drawing}}}"
    plan = campaign(tmp_path, OWN.replace("plan: {taille_echantillon: 100}", drawn)).decisions.plan
    assert plan.sampling.sample_size == 100
    assert plan.sampling.strata == (("lieu", "taille"), ("taille",))
    assert (plan.sampling.power, plan.sampling.minimum) == (0.5, 2)
    assert campaign(tmp_path, OWN).decisions.plan.sampling is None


def test_a_simulated_campaign_without_a_sampling_plan_is_refused(tmp_path):
    with pytest.raises(SurveyError, match="tirage"):
        campaign(tmp_path, OWN + "simulee: true\ngraine: 1\n")
