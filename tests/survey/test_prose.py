"""Conditions in French."""

from functools import cache
from pathlib import Path

import pytest

from survey.prose import asked_if, population_label, to_french
from survey.questionnaire import load_questionnaire
from survey.routing import parse

NNBSP = "\u202f"


@cache
def questionnaire():
    return load_questionnaire(Path(__file__).parent / "routage.yml")


def plain(text: str) -> str:
    return text.replace(NNBSP, " ")


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        (
            'taille in ("1-9", "10-49")',
            "« Taille » est « 1 à 9 salariés » ou « 10 à 49 salariés »",
        ),
        ('taille != "0"', "« Taille » n’est pas « Aucun salarié »"),
        (
            'not taille in ("0", NSP)',
            "« Taille » n’est ni « Aucun salarié » ni « Ne sait pas »",
        ),
        ("any(outils) = oui", "au moins une ligne de « Outils » est à « Oui »"),
        ("not any(outils) = oui", "aucune ligne de « Outils » n’est à « Oui »"),
        ("all(outils) = non", "toutes les lignes de « Outils » sont à « Non »"),
        ("not all(outils) = non", "au moins une ligne de « Outils » n’est pas à « Non »"),
        ("outils.image = oui", "la ligne « Image » de « Outils » est à « Oui »"),
        ("count(outils = oui) >= 2", "au moins 2 lignes de « Outils » sont à « Oui »"),
        ("count(outils = oui) > 1", "plus d’une ligne de « Outils » est à « Oui »"),
        ("not count(outils = oui) >= 2", "moins de 2 lignes de « Outils » sont à « Oui »"),
        ("count(outils = oui) = 0", "aucune ligne de « Outils » n’est à « Oui »"),
        ("services has trad", "« Services » comprend « Traduction »"),
        ("not services has trad", "« Services » ne comprend pas « Traduction »"),
        ("effectif >= 10", "« Effectif » est d’au moins 10 personnes"),
        ("not effectif >= 10", "« Effectif » est de moins de 10 personnes"),
        ("effectif = 2.5", "« Effectif » est de 2,5 personnes"),
        ("answered(effectif)", "une réponse a été donnée à « Effectif »"),
        ("utilisatrices", "l’on fait partie des entreprises utilisant l’IA"),
        ("not utilisatrices", "l’on ne fait pas partie des entreprises utilisant l’IA"),
        (
            "utilisatrices or grandes",
            "l’on fait partie des entreprises utilisant l’IA ou des entreprises de 10 salariés "
            "ou plus",
        ),
        (
            "utilisatrices and effectif > 3",
            "l’on fait partie des entreprises utilisant l’IA et « Effectif » est de plus de 3 "
            "personnes",
        ),
        (
            'taille = "0" and (services has trad or services has spam)',
            "« Taille » est « Aucun salarié » et (« Services » comprend « Traduction » ou "
            "« Services » comprend « Filtre »)",
        ),
        (
            'taille = "0" and effectif > 3 or services has trad',
            "soit « Taille » est « Aucun salarié » et « Effectif » est de plus de 3 personnes, "
            "soit « Services » comprend « Traduction »",
        ),
        (
            'not (taille = "0" or services has trad)',
            "« Taille » n’est pas « Aucun salarié » et « Services » ne comprend pas « Traduction »",
        ),
        (
            'taille in ("0", "1-9") and effectif > 3',
            "« Taille » est « Aucun salarié » ou « 1 à 9 salariés », et « Effectif » est de plus "
            "de 3 personnes",
        ),
    ],
)
def test_prose(text, prose):
    said = to_french(parse(text), questionnaire())
    assert plain(said) == prose
    assert f"«{NNBSP}" in said or "l’on" in said


def test_whole_sentences_and_population():
    assert asked_if(parse("ensemble"), questionnaire()) == "Posée à tous les répondants."
    assert asked_if(parse("grandes"), questionnaire()) == (
        "Posée aux entreprises de 10 salariés ou plus."
    )
    assert plain(asked_if(parse("effectif > 3"), questionnaire())) == (
        "Posée si « Effectif » est de plus de 3 personnes."
    )
    both = parse("utilisatrices and grandes")
    assert population_label(both, questionnaire()) == (
        "entreprises utilisant l’IA et de 10 salariés ou plus"
    )
