"""`observatoire questionnaire`: each command on our questionnaires, and what it refuses."""

import json
import os
from pathlib import Path
from shutil import copy, copytree

import polars as pl
import pytest

import observatoire
from reports.questionnaire_verbs import EXPORTS
from survey.questionnaire import load_questionnaire
from survey.schema import check_responses

ROOT = Path(__file__).parents[2]
YEARS = ROOT / "tests" / "survey" / "annees.yml"
INSTRUMENTS = sorted((ROOT / "survey" / "instruments").glob("*.yml"))


def run(*arguments: object) -> int:
    return observatoire.main(["questionnaire", *map(str, arguments)])


def test_a_file_alone_is_verified(capsys):
    assert run(INSTRUMENTS[0]) == run("verifier", INSTRUMENTS[0]) == 0
    first, second = capsys.readouterr().out.split("Temps attendu")[::2]
    assert "Comparabilité" in first and second


def test_two_editions_are_compared(capsys):
    assert run("comparer", 2025, 2026, YEARS) == 0
    said = capsys.readouterr().out.replace("\u202f", " ")
    assert "Réponses changées (3)" in said and "ligne ajoutée : image « Image »" in said
    assert "Séries rompues (5) : outils, lieu, pays, part, souhaits" in said
    assert "L’édition 2025 n’est pas figée" in said


def test_every_questionnaire_of_ours_is_compared_by_default(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert run("comparer", 2026, 2027) == 0
    said = capsys.readouterr().out
    assert all(load_questionnaire(path).title in said for path in INSTRUMENTS)


def test_a_code_that_changed_its_meaning_is_refused(tmp_path, capsys):
    text = YEARS.read_text(encoding="utf-8")
    path = tmp_path / "annees.yml"
    path.write_text(text.replace("{aide: Une aide}", "{aide: Un prêt}"), encoding="utf-8")
    assert run("comparer", 2026, 2027, path) == 2
    said = capsys.readouterr().err.replace("\u202f", " ")
    assert "1 changement à revoir" in said and "« aide » de « souhaits » a changé de sens" in said


def test_an_edition_is_recorded_then_guarded(tmp_path, capsys):
    path = tmp_path / "annees.yml"
    path.write_bytes(YEARS.read_bytes())
    assert run("figer", 2026, path) == 0
    assert (tmp_path / "editions" / "2026" / "annees.json").is_file()
    text = path.read_text(encoding="utf-8").replace("label: Sur place", "label: Ailleurs")
    path.write_text(text, encoding="utf-8")
    assert run("comparer", 2025, 2026, path) == 2
    assert run("figer", 2026, path) == 2
    assert "déjà figée" in capsys.readouterr().err
    assert run("figer", 2024, path) == 2
    assert "Aucun questionnaire" in capsys.readouterr().err


@pytest.mark.parametrize("path", INSTRUMENTS, ids=lambda path: path.stem)
def test_every_form_is_written_the_same_twice(path, tmp_path, capsys):
    for folder in ("a", "b"):
        assert run("exporter", path, "--edition", 2026, "--sortie", tmp_path / folder) == 0
    code = load_questionnaire(path).code
    names = {f"{code}-2026-{made.suffix}" for made in EXPORTS.values()}
    assert {file.name for file in (tmp_path / "a").iterdir()} == names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert "8 fichiers écrits" in capsys.readouterr().out


def test_one_form_alone_and_its_return_address(tmp_path):
    options = ["--edition", 2026, "--sortie", tmp_path, "--format", "surveyjs"]
    assert run("exporter", INSTRUMENTS[0], *options) == 0
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text(encoding="utf-8"))["locale"] == "fr"
    assert run("exporter", INSTRUMENTS[0], *options[:-1], "word") == 2


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_made_up_answers_are_allowed_and_marked(kind, tmp_path):
    path = tmp_path / f"essai.{kind}"
    options = ["--edition", 2026, "--nombre", 20, "--graine", 7, "--sortie", path]
    assert run("generer", INSTRUMENTS[0], *options) == 0
    if kind == "parquet":
        questionnaire = load_questionnaire(INSTRUMENTS[0], 2026)
        check_responses(pl.read_parquet(path), questionnaire)
        assert pl.read_parquet_metadata(path)["contenu"] == "données simulées"
    else:
        assert set(pl.read_csv(path)["nature"]) == {"données simulées"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--nombre", 0, "--sortie", "x.csv"], "--nombre 0"),
        (["--nombre", 5, "--sortie", "x.txt"], ".csv ou .parquet"),
        (["--nombre", "dix", "--sortie", "x.csv"], "attend un nombre entier"),
    ],
)
def test_what_cannot_be_made_up_is_said(options, said, capsys):
    assert run("generer", INSTRUMENTS[0], "--edition", 2026, *options) == 2
    assert said in capsys.readouterr().err


def test_an_edition_without_question_is_said(tmp_path, capsys):
    assert run("exporter", INSTRUMENTS[0], "--edition", 2001, "--sortie", tmp_path) == 2
    assert "aucune question n’est posée dans l’édition 2001" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert run("comparer", 2027, 2026) == 2
    assert "la plus ancienne d’abord" in capsys.readouterr().err


def test_all_editions_are_recorded_or_none(tmp_path, capsys):
    paths = [copy(path, tmp_path / path.name) for path in INSTRUMENTS[:2]]
    copytree(INSTRUMENTS[0].parent / "modules", tmp_path / "modules")
    assert run("figer", 2026, paths[1]) == 0
    record = next((tmp_path / "editions" / "2026").iterdir())
    record.write_text("{}", encoding="utf-8")
    assert run("figer", 2026, *paths) == 2
    assert "n’est pas la trace de" in capsys.readouterr().err
    assert list((tmp_path / "editions" / "2026").iterdir()) == [record]
    assert record.read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize("year", ["0", "-1", "1999", "1000000000000", "2026.0", "２０２６", "an"])
def test_what_is_no_year_is_said(year, capsys):
    assert run("comparer", year, 2026) == 2
    assert "n’est pas une année, de 2000 à 2100" in capsys.readouterr().err


def test_what_is_no_plain_file_is_said(tmp_path, capsys):
    os.mkfifo(tmp_path / "tube.yml")
    for path in (tmp_path, tmp_path / "tube.yml"):
        assert run("verifier", path) == 2
        assert "ce n’est pas un fichier ordinaire" in capsys.readouterr().err
