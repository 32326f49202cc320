"""The errors found after publication, as `data/errata.yml` tells them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from survey.campaign import read_settings
from survey.errors import SurveyError

FILE = Path("data/errata.yml")


class Erratum(BaseModel):
    """One error: where it was, what was written, what is right.

    `page` is an address from the folder of the edition, without suffix; `titre` its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    edition: int
    page: Annotated[str, Field(pattern=r"^[\w./-]+$")]
    titre: str
    faux: str
    juste: str


def read_errata(root: Path) -> tuple[Erratum, ...]:
    """The errata, most recent first.

    Raises
    ------
    SurveyError : the file is missing, or an entry lacks a key, has another, or a date is no date
    """
    content = read_settings(root / FILE)
    try:
        found = TypeAdapter(tuple[Erratum, ...]).validate_python(content or ())
    except ValidationError as error:
        said = {"missing": "clé manquante", "extra_forbidden": "clé inconnue"}
        faults = " ; ".join(
            f"entrée {int(fault['loc'][0]) + 1}, « {fault['loc'][-1]} » : "
            f"{said.get(fault['type'], 'valeur refusée')}"
            if fault["loc"]
            else "une liste est attendue, « [] » quand il n’y a pas d’erreur"
            for fault in error.errors()
        )
        raise SurveyError(
            f"{root / FILE} : {faults}. Clés d’une entrée : {', '.join(Erratum.model_fields)}."
        ) from error
    return tuple(sorted(found, key=lambda each: each.date, reverse=True))
