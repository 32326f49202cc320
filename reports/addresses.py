"""Where each page of an edition stands, for ever, from the folder of the edition; no suffix."""

from __future__ import annotations

from survey.errors import SurveyError

_READABLE = {"+": "-ou-plus", "_": "-", " ": "-"}


def indicator_page(population: str, code: str) -> str:
    """`indicateurs/entreprises-usage-ia`; its data and images share this address."""
    return f"indicateurs/{slug(population)}-{slug(code)}"


def sector_page(population: str, domain: str) -> str:
    """`secteurs/entreprises-jz`."""
    return f"secteurs/{slug(population)}-{slug(domain)}"


def territory_page(level: str, code: str) -> str:
    """`territoires/zone-emploi-5216`."""
    return f"territoires/{slug(level)}-{slug(code)}"


def population_page(population: str) -> str:
    """`secteur-public`."""
    return slug(population)


def questionnaire_page(population: str) -> str:
    """`questionnaires/secteur-public`; a question has the anchor `question-` and its code."""
    return f"questionnaires/{slug(population)}"


def slug(code: str) -> str:
    """A code as part of an address: lower case, letters, digits and hyphens.

    Raises
    ------
    SurveyError : the code has an accent or a sign that an address would not keep
    """
    text = code.lower()
    for sign, written in _READABLE.items():
        text = text.replace(sign, written)
    if not text.replace("-", "").isalnum() or not text.isascii():
        raise SurveyError(
            f"« {code} » ne peut pas faire l’adresse d’une page : attendu, des lettres sans "
            "accent, des chiffres, des tirets."
        )
    return text
