"""`observatoire collecter`, from the stores to the answers imported, on a small campaign."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

import observatoire
from survey.campaign import load_campaign
from survey.collection.commands import open_collection
from survey.collection.journey import submitted
from survey.collection.pages import consistent, make_form
from survey.generation import generate_responses

ROOT = Path(__file__).parents[2]
CAMPAIGN = """titre: Essai
edition: 2026
population: habitants
simulee: true
questionnaire: habitants.yml
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A campaign of inhabitants that only collects, with a sample of three."""
    monkeypatch.delenv("OBSERVATOIRE_BASE", raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "campaigns" / "2026" / "habitants"
    (folder / "private").mkdir(parents=True)
    questionnaire = ROOT / "survey" / "instruments" / "habitants.yml"
    text = CAMPAIGN.replace("habitants.yml", str(questionnaire))
    (folder / "campaign.yml").write_text(text, encoding="utf-8")
    sample = pl.DataFrame(
        {
            "unite": ["u1", "u2", "u3"],
            "token": ["a1", "b2", "c3"],
            "stratum": ["44", "44", "85"],
            "courriel": ["un@exemple.fr", "deux@exemple.fr", "trois@exemple.fr"],
        }
    )
    sample.write_csv(folder / "private" / "echantillon.csv")
    return folder


def run(capsys, *arguments: object) -> str:
    assert observatoire.main(["collecter", *map(str, arguments)]) == 0
    return capsys.readouterr().out.replace("\u202f", " ")


def test_links_are_given_once_and_followed(folder, capsys):
    assert "Le questionnaire est prêt" in run(capsys, "preparer", folder)
    assert "3 liens personnels donnés" in run(capsys, "inviter", folder)
    assert "0 lien personnel donné" in run(capsys, "inviter", folder)
    links = pl.read_csv(folder / "private" / "liens.csv")
    assert (
        links["lien"].n_unique() == 3
        and (folder / "private" / "liens.csv").stat().st_mode & 0o77 == 0
    )
    assert "3 relances" in run(capsys, "relancer", folder)
    said = run(capsys, "suivre", folder)
    assert "0 réponse complète" in said and "85" in said
    assert "n’avait rien répondu" in run(capsys, "retirer", folder, links["code"][0])
    assert "2 relances" in run(capsys, "relancer", folder)


def test_what_was_answered_is_exported_and_imported(folder, capsys):
    run(capsys, "inviter", folder)
    campaign = load_campaign(folder, folder.parents[2])
    answer_all(campaign)
    said = run(capsys, "exporter", folder)
    assert "3 réponses, dont 3 complètes" in said
    answers = folder / "private" / "reponses-en-ligne.parquet"
    assert answers.stat().st_mode & 0o77 == 0
    assert observatoire.main(["importer", str(folder), str(answers)]) == 0
    taken = pl.read_parquet(folder / "private" / "reponses.parquet")
    assert set(taken["token"]) == {"a1", "b2", "c3"}
    assert "3" in run(capsys, "suivre", folder)
    targets = folder / "cibles.csv"
    targets.write_text("stratum,target\n44,1\n85,1\n", encoding="utf-8")
    assert "85" in run(capsys, "suivre", folder, "--cibles", targets)


def test_nothing_is_weighted_before_it_is_decided(folder, capsys):
    for verb in ("redresser", "estimer"):
        assert observatoire.main([verb, str(folder)]) == 2
        assert "ne dit pas comment redresser" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["retirer", "code-inconnu"], "aucune personne n’a ce code"),
        (["suivre", "--cibles", "absent.csv"], "absent.csv"),
        (["purger"], "date"),
    ],
)
def test_what_cannot_be_done_is_said(folder, capsys, arguments, said):
    assert observatoire.main(["collecter", arguments[0], str(folder), *arguments[1:]]) == 2
    assert said in capsys.readouterr().err


def answer_all(campaign) -> None:
    """Every invited person sends a whole questionnaire."""
    now = datetime(2026, 3, 15, 10, 30)
    with open_collection(campaign) as collecting:
        form = make_form(collecting.questionnaire)
        people = generate_responses(collecting.questionnaire, 3, seed=1).drop("id").to_dicts()
        responses, invited = collecting.stores.responses, collecting.stores.contacts.invited()
        for person, answers in zip(invited, people, strict=True):
            responses.begin(person.identifier, invited=True)
            responses.change(
                person.identifier,
                lambda response, said=answers: submitted(
                    replace(response, answers=consistent(form, said)), form, now
                ),
            )
