"""Shared modules, words, and the introduction part by part."""

from pathlib import Path

import pytest

from survey.errors import QuestionnaireError
from survey.questionnaire import load_questionnaire
from survey.written import modules_of

MODULE = """module: commun
lists:
  accord:
    - {code: oui, label: "{Structure} est d’accord"}
    - {code: non, label: Non}
questions:
  - code: usage
    theme: usages
    type: single
    text: "{Structure} utilise-t-{elle} l'IA ?"
    help: Pour {structure}.
    short: Usage
    options: accord
    comparable: {status: own}
  - code: aide
    theme: usages
    type: text
    base: usage = oui
    text: Quelle aide ?
    help: Librement.
    short: Aide
    comparable: {status: own}
"""
MAIN = """code: essai
title: Essai
population: associations
introduction: Environ {minutes} minutes.
words: {structure: votre association, elle: elle}
themes: {usages: Usages, fin: Fin}
questions:
  - from: commun.usage
  - from: commun.aide
    theme: fin
    help: En peu de mots.
  - code: accord
    theme: fin
    type: single
    text: Êtes-vous d’accord ?
    help: Une réponse.
    short: Accord
    options: commun.accord
    comparable: {status: own}
"""
INTRODUCTION = """introduction:
  who: Le CESER vous interroge.
  why: Pour savoir.
  length: Environ {minutes} minutes.
  confidentiality: Vos réponses restent secrètes.
  rights: Vous pouvez les faire effacer.
  contact: Écrivez-nous.
  retention: Gardées cinq ans.
"""


def load(folder: Path, main: str = MAIN, module: str = MODULE):
    (folder / "modules").mkdir(exist_ok=True)
    (folder / "modules" / "commun.yml").write_text(module, encoding="utf-8")
    path = folder / "essai.yml"
    path.write_text(main, encoding="utf-8")
    return load_questionnaire(path)


def refused(folder: Path, main: str = MAIN, module: str = MODULE) -> str:
    with pytest.raises(QuestionnaireError) as error:
        load(folder, main, module)
    return str(error.value).replace("\u202f", " ")


def test_a_question_is_taken_from_a_module_in_the_words_of_the_questionnaire(tmp_path):
    found = load(tmp_path)
    usage = found.question("usage")
    assert usage.text == "Votre association utilise-t-elle l’IA\u202f?"
    assert usage.help == "Pour votre association."
    assert usage.option("oui").label == "Votre association est d’accord"
    assert found.where("usage") == "modules/commun.yml, ligne 7, question « usage »"


def test_other_keys_of_the_entry_replace_those_of_the_module(tmp_path):
    aide = load(tmp_path).question("aide")
    assert (aide.theme, aide.help, aide.base) == ("fin", "En peu de mots.", "usage = oui")


def test_a_list_of_a_module_serves_a_question_of_the_questionnaire(tmp_path):
    assert [o.code for o in load(tmp_path).question("accord").options] == ["oui", "non"]


PLACES = """module: lieux
words: {elle: elle, ici: en Ombrelune}
lists:
  accord: [{code: oui, label: "Oui, {ici}"}, {code: non, label: Non}]
"""
BORROWING = MODULE.replace("options: accord", "options: lieux.accord")


def test_a_module_lends_its_list_to_another_and_its_words_to_the_questionnaire(tmp_path):
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "lieux.yml").write_text(PLACES, encoding="utf-8")
    main = MAIN.replace("elle: elle}", "from: lieux}")
    found = load(tmp_path, main, BORROWING)
    assert [option.label for option in found.question("usage").options] == [
        "Oui, en Ombrelune",
        "Non",
    ]
    named = {path.stem for path in modules_of(tmp_path / "essai.yml")}
    assert named == {"commun", "lieux"}
    own = load(tmp_path, main.replace("from: lieux", "from: lieux, ici: ici"), BORROWING)
    assert own.question("usage").options[0].label == "Oui, ici"


def test_a_whole_module_is_taken_in_its_order(tmp_path):
    start = MAIN.index("  - from: commun.usage")
    end = MAIN.index("  - code: accord")
    found = load(tmp_path, f"{MAIN[:start]}  - from: commun\n{MAIN[end:]}")
    assert [q.code for q in found.questions] == ["usage", "aide", "accord"]


def test_the_introduction_tells_how_long_it_takes(tmp_path):
    found = load(tmp_path)
    assert found.introduction == f"Environ {round(found.minutes())} minutes."
    whole = load(tmp_path, MAIN.replace("introduction: Environ {minutes} minutes.\n", INTRODUCTION))
    assert whole.introduction.count("\n") == 6
    assert "Écrivez-nous." in whole.introduction and "{minutes}" not in whole.introduction


FAULTS = [
    (
        MAIN.replace("commun.usage", "comun.usage"),
        MODULE,
        "essai.yml, ligne 8, question « comun.usage » : module « comun » introuvable dans "
        "« modules ». Vouliez-vous écrire « commun » ?",
    ),
    (
        MAIN.replace("commun.usage", "commun.usages"),
        MODULE,
        "question « usages » absente du module « commun ». Vouliez-vous écrire « usage » ?",
    ),
    (
        MAIN.replace("- from: commun.usage", "- from: commun\n    short: Autre"),
        MODULE,
        "« short » ne peut pas valoir pour toutes les questions du module « commun ».",
    ),
    (
        MAIN,
        MODULE.replace("short: Usage", "shorter: Usage"),
        "modules/commun.yml, ligne 12, question « usage » : clé « shorter » inconnue.",
    ),
    (
        MAIN,
        MODULE.replace("{structure}.", "{entreprise}."),
        "modules/commun.yml, ligne 11, question « usage » : mot « {entreprise} » inconnu.",
    ),
    (
        MAIN,
        BORROWING,
        "modules/commun.yml, ligne 13, question « usage » : module « lieux » introuvable dans",
    ),
    (
        MAIN.replace("elle: elle}", "elle: elle, from: commun}"),
        MODULE,
        "essai.yml, ligne 5 : le module « commun » n’a pas de mots.",
    ),
    (
        MAIN.replace("elle: elle}", "from: commun}"),
        MODULE.replace("lists:", "words: {elle: ''}\nlists:"),
        "modules/commun.yml, ligne 2 : « elle » est vide ou n’est pas un texte.",
    ),
    (MAIN, MODULE.replace("module: commun", "module: autre"), "Écrire « module: commun »."),
    (MAIN, MODULE.replace("lists:", "listes:"), "clé « listes » inconnue."),
    (
        MAIN,
        "module: commun\nquestions: [",
        "essai.yml : 1 erreur.\nmodules/commun.yml, ligne 3, colonne 1",
    ),
    (
        MAIN.replace("  - code: accord", "  - code: usage"),
        MODULE,
        "code « usage » déjà pris ligne 7 de modules/commun.yml.",
    ),
    (
        MAIN.replace("introduction: Environ {minutes} minutes.\n", INTRODUCTION).replace(
            "  contact: Écrivez-nous.\n", ""
        ),
        MODULE,
        "« contact » manque. Ajouter la clé « contact ».",
    ),
]


@pytest.mark.parametrize(("main", "module", "expected"), FAULTS)
def test_faults_are_told_where_they_are_written(tmp_path, main, module, expected):
    assert expected in refused(tmp_path, main, module)


def test_own_faults_come_before_those_of_modules(tmp_path):
    lines = refused(
        tmp_path,
        MAIN.replace("short: Accord", "shrt: Accord"),
        MODULE.replace("short: Usage", "shorter: Usage"),
    ).splitlines()
    assert lines[1].startswith("essai.yml") and lines[-1].startswith("modules/commun.yml")
