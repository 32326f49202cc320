"""Inviting, watching, exporting, withdrawing, erasing: from one campaign's folder."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from respondents import Respondent, answer_all, visitors
from rich.console import Console
from web_forms import HERE, SHAPES

from survey.campaign import load_campaign
from survey.collection import commands
from survey.collection.export import collected_responses
from survey.collection.invitations import invite, reminders
from survey.collection.monitoring import collection_status, show_status
from survey.collection.pages import make_form
from survey.collection.retention import purge, withdraw
from survey.columns import questionnaire_columns
from survey.errors import SurveyError
from survey.files import SIMULATED
from survey.generation import generate_responses
from survey.schema import check_responses

FORM = make_form(SHAPES)
SAMPLE = pl.DataFrame(
    {
        "unite": [f"u{i}" for i in range(6)],
        "token": [f"nom{i}" for i in range(6)],
        "stratum": ["petites"] * 4 + ["grandes"] * 2,
        "courriel": [f"{i}@exemple.fr" for i in range(6)],
        "departement": ["d"] * 6,
    }
)
CAMPAIGN = """titre: Essai
edition: 2026
population: entreprises
simulee: true
graine: 1
questionnaire: {questionnaire}
indicateurs: indicateurs.yml
collecte: {{debut: 2026-03-09, fin: 2026-05-15, mode: questionnaire en ligne}}
collecteur: {{{online}}}
plan: {{taille_echantillon: 6, tirage: {{strates: [[taille]]}}}}
redressement: {{non_reponse: {{groupes: [taille]}}, marges: m.csv, calage: [a]}}
"""
ONLINE = "adresse: https://enquete.exemple.fr, contacts_jusqu_au: 2026-12-31"


def campaign_in(folder: Path, online: str = ONLINE):
    text = CAMPAIGN.format(questionnaire=HERE / "formes.yml", online=online)
    (folder / "campaign.yml").write_text(text, encoding="utf-8")
    return load_campaign(folder, folder)


def links_of(path: Path) -> dict[str, str]:
    frame = pl.read_csv(path, infer_schema=False)
    return dict(zip(frame["unite"], frame["lien"], strict=True))


@pytest.fixture
def fielded(settings, stores, tmp_path):
    """Six units invited: u0 has sent, u1 has begun, u4 has sent, u5 has withdrawn."""
    links = tmp_path / "private" / "liens.csv"
    assert invite(SAMPLE, stores, settings, links) == 6
    visitor = visitors(settings, SHAPES, stores)
    people = generate_responses(SHAPES, 2, seed=4).to_dicts()
    addresses = links_of(links)
    for unit, person in zip(("u0", "u4"), people, strict=True):
        answer_all(visitor().open(addresses[unit]), person, FORM).send()
    visitor().open(addresses["u1"]).send().send({"taille": "10+"}, action="continuer")
    gone: Respondent = visitor().open(addresses["u5"]).send()
    gone.open("/retrait").send()
    return links


def test_links_are_secret_and_given_once(settings, stores, tmp_path):
    links = tmp_path / "private" / "liens.csv"
    assert invite(SAMPLE.head(4), stores, settings, links) == 4
    first = links_of(links)
    assert oct(links.stat().st_mode)[-3:] == "600"
    assert invite(SAMPLE, stores, settings, links) == 2
    assert oct(links.stat().st_mode)[-3:] == "600"
    both = links_of(links)
    assert both.items() > first.items() and len(set(both.values())) == 6
    assert invite(SAMPLE, stores, settings, links) == 0
    frame = pl.read_csv(links, infer_schema=False)
    assert frame.columns == ["unite", "courriel", "code", "lien"]
    person = stores.contacts.find_unit("u3")
    assert (person.identifier, person.details) == ("nom3", {"courriel": "3@exemple.fr"})
    assert not {file.name for file in links.parent.iterdir()} - {"liens.csv"}


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (SAMPLE.drop("token"), "« token » manque"),
        (SAMPLE.with_columns(unite=pl.lit("a")), "« unite » est vide ou répétée sur 6 lignes"),
        (SAMPLE.with_columns(token=pl.lit(None, pl.String)), "« token » est vide"),
    ],
)
def test_a_sample_that_cannot_be_invited_is_refused(
    local_stores, local_settings, sample, said, tmp_path
):
    with pytest.raises(SurveyError, match=said):
        invite(sample, local_stores, local_settings, tmp_path / "liens.csv")
    assert local_stores.contacts.count() == 0


def test_reminders_leave_out_who_has_sent_or_withdrawn(fielded, stores):
    assert reminders(stores, fielded)["unite"].to_list() == ["u1", "u2", "u3"]
    with pytest.raises(SurveyError, match="Invitez d’abord"):
        reminders(stores, fielded.with_name("autre.csv"))


def test_the_export_is_that_of_the_pipeline(fielded, stores):
    frame = collected_responses(stores.responses, SHAPES)
    expected = {column.name: column.dtype for column in questionnaire_columns(SHAPES)}
    technical = ["id", "token", "submitted", "complete", "duration_seconds"]
    assert frame.columns == technical + list(expected)
    assert {name: frame.schema[name] for name in expected} == expected
    assert frame["token"].to_list() == ["nom0", "nom1", "nom4"]
    assert frame["complete"].to_list() == [True, False, True]
    assert frame["submitted"].is_null().to_list() == [False, True, False]
    check_responses(frame.filter("complete"), SHAPES)
    unfinished = frame.row(1, named=True)
    assert unfinished["taille"] == "10+"
    assert [name for name in expected if unfinished[name] is not None] == ["taille"]
    sent = generate_responses(SHAPES, 2, seed=4).select(list(expected))
    assert frame.filter("complete").select(list(expected)).equals(sent)


def test_visitors_have_no_token_of_the_sample(local_visitor, local_stores):
    local_visitor().open("/").send().send({"taille": "0"}, action="continuer")
    local_visitor().open("/").send()  # begun, nothing said: not an answer
    frame = collected_responses(local_stores.responses, SHAPES)
    assert frame["token"].to_list() == [None] and len(frame["id"][0]) == 32


def test_the_status_counts_by_stratum_against_the_target(fielded, stores):
    targets = pl.DataFrame({"stratum": ["grandes", "petites"], "target": [1, 2]})
    status = collection_status(stores, FORM, SAMPLE, targets)
    assert status.strata.rows() == [("grandes", 2, 1, 1, 0, 1), ("petites", 4, 2, 1, 1, 0)]
    assert status.stops.rows() == [(1, "Profil, suite", 1)]
    assert status.median_minutes == 0
    without = collection_status(stores, FORM, SAMPLE)
    assert without.strata["target"].to_list() == [2, 4]
    opened = collection_status(stores, FORM)
    assert opened.strata["stratum"].to_list() == ["sans invitation"]
    assert opened.total("complete") == 2 and opened.total("unfinished") == 1
    with pytest.raises(SurveyError, match="strates inconnues"):
        collection_status(stores, FORM, SAMPLE, targets.with_columns(stratum=pl.lit("x")))


def test_the_status_reads_as_french(fielded, stores):
    targets = pl.DataFrame({"stratum": ["grandes", "petites"], "target": [1, 2]})
    text = printed(show_status(collection_status(stores, FORM, SAMPLE, targets)))
    assert "2 réponses complètes, 1 en cours, 1 retrait, durée médiane 0,0 minutes." in text
    assert "petites" in text and "50\u202f%" in text and "100\u202f%" in text
    assert "1.\u202fProfil, suite" in text and "Ensemble" in text
    empty = printed(show_status(collection_status(stores, FORM, SAMPLE.clear())))
    assert "sans invitation" in empty


def printed(page) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(page)
    return console.file.getvalue()


def test_answers_are_withdrawn_by_code_link_or_unit(fielded, stores):
    links = links_of(fielded)
    assert withdraw(stores, links["u0"])
    assert withdraw(stores, "u4")
    assert not withdraw(stores, links["u2"].rsplit("/", 1)[1])
    assert [answered.identifier for answered in stores.responses.all()] == ["nom1"]
    with pytest.raises(SurveyError, match="aucune personne"):
        withdraw(stores, "u99")


def test_contacts_then_answers_are_erased_when_the_time_has_come(fielded, stores, settings):
    days = replace(settings, contacts_until=date(2026, 12, 31), answers_until=date(2031, 5, 31))
    last = purge(stores, days, date(2026, 12, 31))
    assert (last.contacts, last.answers) == (None, None)
    assert "n’est pas venue" in str(last)
    first = purge(stores, days, date(2027, 1, 1))
    assert (first.contacts, first.answers) == (6, None)
    assert stores.contacts.count() == 0 and len(stores.responses.all()) == 3
    link = links_of(fielded)["u0"]
    closed = visitors(settings, SHAPES, stores)().open(link.removeprefix(settings.address))
    assert closed.page.status_code == 404
    done = purge(stores, days, date(2031, 6, 1))
    assert (done.contacts, done.answers) == (0, 3) and stores.responses.all() == []
    with pytest.raises(SurveyError, match="aucune date d’effacement"):
        purge(stores, settings, date(2031, 6, 1))


def test_a_campaign_is_collected_from_its_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("OBSERVATOIRE_BASE", raising=False)
    campaign = campaign_in(tmp_path)
    settings = commands.collection_settings(campaign)
    assert settings.is_https and settings.is_simulated and not settings.is_open
    assert (settings.host, settings.name) == ("enquete.exemple.fr", "entreprises_2026")
    assert settings.closes == date(2026, 5, 15) and settings.answers_until is None
    assert "5 pages" in commands.prepare(campaign)
    assert "6 liens personnels donnés" in commands.invite_units(campaign, SAMPLE)
    links = links_of(campaign.private / "liens.csv")
    assert links["u1"].startswith("https://enquete.exemple.fr/r/")
    with commands.open_collection(campaign) as collecting:
        now = datetime.fromisoformat("2026-04-01T10:00:00+00:00")
        visitor = visitors(settings, collecting.questionnaire, collecting.stores, lambda: now)
        person = generate_responses(SHAPES, 1, seed=4).to_dicts()[0]
        answer_all(visitor().open(links["u0"]), person, FORM).send()
    assert "5 relances à envoyer" in commands.write_reminders(campaign)
    assert "1 réponse complète" in printed(commands.show_collection(campaign, SAMPLE))
    frame, path = commands.export_collected(campaign)
    assert pl.read_parquet(path).equals(frame) and frame.height == 1
    assert pl.read_parquet_metadata(path)["contenu"] == SIMULATED
    assert "Les réponses sont effacées" in commands.withdraw_answers(campaign, "u0")
    assert "n’avait rien répondu" in commands.withdraw_answers(campaign, "u1")
    assert "6 contacts" in commands.purge_collection(campaign, date(2027, 1, 1))


def test_one_variable_moves_a_campaign_to_another_base(tmp_path, monkeypatch):
    campaign = campaign_in(tmp_path, f"{ONLINE}, base: 'postgresql://u@h/b'")
    monkeypatch.delenv("OBSERVATOIRE_BASE", raising=False)
    assert commands.collection_settings(campaign).base == "postgresql://u@h/b"
    monkeypatch.setenv("OBSERVATOIRE_BASE", "postgresql://v@h/c")
    assert commands.collection_settings(campaign).contacts_base == "postgresql://v@h/c"


@pytest.mark.parametrize(
    ("online", "said"),
    [
        ("adresse: http://enquete.exemple.fr", "il faut https"),
        ("adresse: https://exemple.fr/enquete", "un nom de machine seul"),
        ("adresse: ftp://localhost", "il faut https"),
        ("acces: tous", "acces"),
    ],
)
def test_a_wrong_decision_is_refused(tmp_path, online, said):
    with pytest.raises(SurveyError, match=said):
        campaign_in(tmp_path, online)
