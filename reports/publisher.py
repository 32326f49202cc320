"""Who publishes the site: the identity that French law asks a public site to state.

Read from `editeur` in `data/reference/region.yml`. What is not decided yet is absent there, told as
missing by the pages, and refused by `observatoire controler` for a real edition.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from survey.campaign import Campaign, read_settings
from survey.errors import SurveyError

REGION = Path("data/reference/region.yml")
UNDECIDED = {
    "site": "l’adresse publique du site",
    "directeur_publication": "la directrice ou le directeur de la publication",
    "delegue_donnees": "le contact du délégué à la protection des données",
    "hebergeur": "l’hébergeur",
}
_REASONS = {
    "extra_forbidden": "clé inconnue",
    "missing": "clé manquante",
    "string_type": "un texte est attendu",
    "date_from_datetime_parsing": "une date est attendue, comme 2026-11-24",
    "literal_error": "valeur refusée ; permis : conforme, partiellement conforme, non conforme",
}
_EXAMPLE = "Voyez les exemples en commentaire sous « editeur » dans data/reference/region.yml."
Words = Annotated[str, Field(min_length=1)]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Host(_Fact):
    """Who hosts the site."""

    nom: Words
    adresse: Words
    telephone: Words


class Audit(_Fact):
    """A formal audit of the site: `taux` is the share of the criteria of RGAA that it meets."""

    date: date
    organisme: Words
    taux: Annotated[float, Field(ge=0, le=1)]


class Accessibility(_Fact):
    """The state that the declaration of accessibility tells, and since when."""

    etat: Literal["conforme", "partiellement conforme", "non conforme"]
    etablie: date
    audit: Audit | None = None

    @model_validator(mode="after")
    def _earned(self) -> Accessibility:
        least = {"conforme": 1.0, "partiellement conforme": 0.5, "non conforme": 0.0}[self.etat]
        if least and (self.audit is None or self.audit.taux < least):
            raise ValueError(
                f"« {self.etat} » demande un audit d’au moins {least:.0%} des critères "
                "(« audit: {date: …, organisme: …, taux: …} ») ; sans lui, écrivez « non conforme »"
            )
        return self


class Publisher(_Fact):
    """The publisher; `site` is the public address, without a slash at its end."""

    nom: Words
    nom_court: Words
    statut: Words
    adresse: Words
    telephone: Words
    courriel: Words
    page: Words
    accessibilite: Accessibility
    site: str | None = None
    directeur_publication: Words | None = None
    delegue_donnees: Words | None = None
    hebergeur: Host | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Publisher:
        for address in (self.site, self.page):
            parts = urlsplit(address or "https://exemple.fr")
            if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
                raise ValueError(f"« {address} » : une adresse https:// est attendue")
        if self.site and self.site.endswith("/"):
            raise ValueError("« site » : retirez la barre à la fin de l’adresse")
        return self

    @property
    def undecided(self) -> tuple[str, ...]:
        """Keys still to be filled before the site may go online."""
        return tuple(key for key in UNDECIDED if getattr(self, key) is None)

    def address(self, page: str) -> str:
        """Absolute address of a page or file of the site; relative while none is decided."""
        return f"{self.site}/{page}" if self.site else page


def read_publisher(root: Path) -> Publisher:
    """The publisher of the site whose project is at `root`.

    Raises
    ------
    SurveyError : the key `editeur` is missing or one of its facts is not as it should be
    """
    path = root / REGION
    content = (read_settings(path) or {}).get("editeur")
    if not isinstance(content, dict):
        raise SurveyError(
            f"{path} : la clé « editeur » manque. Elle dit qui publie : nom, nom_court, statut, "
            f"adresse, telephone, courriel, page, accessibilite. {_EXAMPLE}"
        )
    try:
        return Publisher.model_validate(content)
    except ValidationError as error:
        faults = " ; ".join(_said(fault) for fault in error.errors())
        raise SurveyError(f"{path} : {faults}. {_EXAMPLE}") from error


def publisher_faults(publisher: Publisher) -> list[str]:
    """What forbids to put a real edition online, a line each."""
    return [
        f"data/reference/region.yml : « editeur: {key} » manque ; la loi demande {UNDECIDED[key]}."
        if key != "site"
        else f"data/reference/region.yml : « editeur: site » manque ({UNDECIDED[key]})."
        for key in publisher.undecided
    ]


def check_publisher(root: Path, editions: Iterable[Campaign]) -> str:
    """What remains to be decided before the site may go online, in French; nothing when all is.

    Raises
    ------
    SurveyError : something remains and an edition is real
    """
    publisher = read_publisher(root)
    if not publisher.undecided:
        return ""
    if any(not campaign.decisions.simulee for campaign in editions):
        faults = "\n  ".join(publisher_faults(publisher))
        raise SurveyError(f"Le site ne peut pas être mis en ligne :\n  {faults}\n{_EXAMPLE}")
    listed = ", ".join(UNDECIDED[key] for key in publisher.undecided)
    return (
        f"À décider avant une édition réelle (data/reference/region.yml, « editeur ») : {listed}."
    )


def _said(fault: dict) -> str:
    key = ".".join(("editeur", *(str(part) for part in fault["loc"])))
    if fault["type"] == "value_error":
        return f"« {key} » : {fault['ctx']['error']}"
    refused = f"valeur refusée ({fault.get('input')!r})"
    return f"« {key} » : {_REASONS.get(fault['type'], refused)}"
