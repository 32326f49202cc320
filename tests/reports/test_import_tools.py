"""A campaign takes in the export of any tool, as its campaign.yml says."""

import polars as pl
import pytest
from odk_exports import export
from round_trips import generated

from reports import pipeline
from survey.campaign import load_campaign
from survey.errors import SurveyError
from survey.formats.limesurvey.reading import write_export
from survey.formats.odk.xlsform import export_xlsform
from survey.formats.paper.keying_template import write_keying_template


def campaign_of(root, more=""):
    folder = root / "campaigns" / "2025" / "entreprises"
    path = folder / "campaign.yml"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    return load_campaign(folder, root)


WRITERS = {
    "export-kobo.csv": ("KoboToolbox", lambda r, q, p: p.write_text(export(r, q), "utf-8")),
    "export-central.csv": (
        "ODK Central",
        lambda r, q, p: p.write_text(export(r, q, tool="central"), "utf-8"),
    ),
    "export-limesurvey.csv": (
        "LimeSurvey",
        lambda r, q, p: write_export(r, q, p, style="code_text", labels=True),
    ),
    "export-saisie.parquet": ("Parquet", lambda r, q, p: r.write_parquet(p)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_only_export_is_found_and_its_tool_said(copied, name):
    campaign = campaign_of(copied)
    campaign.private.mkdir()
    tool, write = WRITERS[name]
    responses = generated(pipeline.questionnaire_of(campaign), 25)
    write(responses, pipeline.questionnaire_of(campaign), campaign.private / name)
    assert pipeline.import_answers(campaign)
    taken = pl.read_parquet(campaign.private / "reponses.parquet")
    assert taken["id"].to_list() == responses["id"].to_list()
    assert tool in (campaign.private / "controle.html").read_text(encoding="utf-8")
    assert not pipeline.import_answers(campaign)


VERSIONS = "export:\n  versions:\n    - {formulaire: v1.xlsx, nom: v1}\n"


def test_versions_of_the_form_are_those_of_the_campaign(copied):
    campaign = campaign_of(copied, VERSIONS)
    questionnaire = pipeline.questionnaire_of(campaign)
    last = questionnaire.questions[-1]
    former = questionnaire.model_copy(update={"questions": questionnaire.questions[:-1]})
    export_xlsform(former, campaign.folder / "v1.xlsx")
    campaign.private.mkdir()
    path = campaign.private / "export-kobo.csv"
    path.write_text(export(generated(questionnaire, 25), questionnaire), encoding="utf-8")
    assert pipeline.import_answers(campaign)
    taken = pl.read_parquet(campaign.private / "reponses.parquet")
    assert last.type == "text"
    assert taken[f"{last.code}__etat"].null_count() == 25
    assert taken["not_offered"].list.len().min() > 0
    assert "À savoir sur ce fichier" in (campaign.private / "controle.html").read_text("utf-8")


def test_a_new_template_holds_no_answer_yet(copied):
    campaign = campaign_of(copied)
    path = copied / "saisie.xlsx"
    write_keying_template(pipeline.questionnaire_of(campaign), path)
    with pytest.raises(SurveyError, match="aucune réponse complète et lisible"):
        pipeline.import_answers(campaign, path)
