"""A questionnaire made of modules is written back as one file that says the same."""

from pathlib import Path

import pytest

from survey.questionnaire import load_questionnaire
from survey.written import modules_of, to_yaml

HERE = Path(__file__).parent
INSTRUMENTS = HERE.parents[1] / "survey" / "instruments"
PATHS = [HERE / "routage.yml", HERE / "annees.yml", *sorted(INSTRUMENTS.glob("*.yml"))]

MODULE = """module: {name}
lists:
  avis: [{{code: pour, label: Pour}}, {{code: contre, label: Contre}}]
questions:
  - {{code: {name}, theme: t, type: single, text: "{{Structure}} ?", help: Un mot., short: Q,
     options: avis, comparable: {{status: own}}}}
"""
TAKEN = """code: essai
title: Essai
population: entreprises
introduction: Bonjour.
words: {structure: votre entreprise}
themes: {t: Thème}
questions:
  - from: deux
  - {code: own, theme: t, type: single, text: Et ?, help: Un mot., short: Q, options: un.avis,
     comparable: {status: own}}
"""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_one_file_says_the_same_as_the_modules(path, tmp_path):
    questionnaire = load_questionnaire(path)
    (tmp_path / path.name).write_text(to_yaml(questionnaire), encoding="utf-8")
    again = load_questionnaire(tmp_path / path.name)
    assert again.model_dump() == questionnaire.model_dump()  # lines aside


@pytest.mark.parametrize("path", sorted(INSTRUMENTS.glob("*.yml")), ids=lambda path: path.stem)
def test_an_edition_can_be_written_alone(path, tmp_path):
    edition = load_questionnaire(path, 2026)
    (tmp_path / path.name).write_text(to_yaml(edition), encoding="utf-8")
    again = load_questionnaire(tmp_path / path.name, 2026)
    assert again.questions == edition.questions
    assert again.bases == edition.bases
    assert again.introduction == edition.introduction


def test_its_modules_are_those_it_names(tmp_path):
    folder = tmp_path / "modules"
    folder.mkdir()
    for name in ("un", "deux", "trois"):
        (folder / f"{name}.yml").write_text(MODULE.format(name=name), encoding="utf-8")
    path = tmp_path / "essai.yml"
    path.write_text(TAKEN, encoding="utf-8")
    assert load_questionnaire(path).question("deux").text.startswith("Votre entreprise")
    assert modules_of(path) == [folder / "deux.yml", folder / "un.yml"]
