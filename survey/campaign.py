"""What was decided for one edition and one population, and where its files live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from survey.errors import SurveyError
from survey.form_faults import form_error
from survey.sampling import SamplingPlan
from survey.source import Source
from survey.typed import refuse_commands
from survey.yaml_lines import LOADER, DuplicateKeyError, read_yaml


class _Decision(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fieldwork(_Decision):
    """When and how answers were collected."""

    debut: date
    fin: date
    mode: str


class DescribedForm(_Decision):
    """One version of a form of KoboToolbox or ODK: its XLSForm, its name in the export.

    Without `nom`, the name is the version that the XLSForm gives itself.
    """

    formulaire: str
    nom: str | None = None


class ExportReading(_Decision):
    """What the export does not say itself.

    `versions` of the form, oldest first; `noms` in the file that are not those of the
    questionnaire; `sans_identifiant`: a file that was cleaned, each row of which counts.
    """

    versions: tuple[DescribedForm, ...] = ()
    noms: dict[str, str] = {}
    sans_identifiant: bool = False


class OnlineForm(_Decision):
    """Our own web questionnaire: its public address, who may answer, what is kept until when.

    `acces`: `lien` (personal links) or `ouvert` (anyone). `base` is an SQLAlchemy address when
    answers are not kept in `private/`; OBSERVATOIRE_BASE stands before it. `contacts_jusqu_au` and
    `reponses_jusqu_au` are the last days they are kept.
    """

    adresse: str = "http://localhost:8000"
    acces: Literal["lien", "ouvert"] = "lien"
    base: str | None = None
    contacts_jusqu_au: date | None = None
    reponses_jusqu_au: date | None = None

    @model_validator(mode="after")
    def _reachable(self) -> OnlineForm:
        address = urlsplit(self.adresse)
        is_local = address.hostname in {"localhost", "127.0.0.1"}
        if address.scheme not in ({"http", "https"} if is_local else {"https"}):
            raise ValueError(
                "« adresse » du collecteur : il faut https:// (http:// sur sa machine)"
            )
        if not address.hostname or address.path.strip("/") or address.query or address.fragment:
            raise ValueError(
                "« adresse » du collecteur : un nom de machine seul, comme https://enquete.exemple.fr"
            )
        return self


class Drawing(_Decision):
    """How the sample is drawn from the frame; see `survey.sampling.SamplingPlan`.

    `strates`: crossings of columns of the frame, from the finest to the coarsest, the first that
    holds `plus_petite` units. `minimum` units a stratum, `puissance` of the allocation, codes by
    column of the units all drawn (`exhaustives`).
    """

    strates: Annotated[tuple[tuple[str, ...], ...], Field(min_length=1)]
    plus_petite: Annotated[int, Field(ge=1)] = 1
    minimum: Annotated[int, Field(ge=1)] = 2
    puissance: Annotated[float, Field(gt=0)] = 1.0
    exhaustives: dict[str, tuple[str, ...]] = {}


class Plan(_Decision):
    """The sampling plan: either drawn by the observatory, or described by columns of the file.

    `taille_echantillon` is a number of units, drawn as `tirage` says. `poids`, `strates` and `fpc`
    name columns of a file that already carries its weights; `fpc` is the population size of the
    stratum.
    """

    taille_echantillon: Annotated[int, Field(gt=0)] | None = None
    tirage: Drawing | None = None
    poids: str | None = None
    strates: str | None = None
    fpc: str | None = None

    @property
    def sampling(self) -> SamplingPlan | None:
        """The plan as the sampling wants it; None when the observatory draws no sample."""
        if self.tirage is None or self.taille_echantillon is None:
            return None
        return SamplingPlan(
            self.taille_echantillon,
            self.tirage.strates,
            smallest=self.tirage.plus_petite,
            minimum=self.tirage.minimum,
            power=self.tirage.puissance,
            certainty=self.tirage.exhaustives,
        )


class NonResponse(_Decision):
    """Response groups: combinations of `groupes`; columns of `regrouper` are given up, in order,
    where a group has fewer than `minimum` respondents.
    """

    groupes: tuple[str, ...]
    regrouper: tuple[str, ...] = ()
    minimum: Annotated[int, Field(ge=1)] = 10


class Weighting(_Decision):
    """How the design weight becomes the final one: non-response, then `calage` on `marges`.

    `marges` is a table `variable, modalite, total`; `calage` names the variables kept, each with
    the columns of the sample that it crosses (a variable alone is a column of that name). `methode`
    is that of the calibration, `bornes` those of the ratio of the final weight to the former.
    """

    non_reponse: NonResponse
    marges: str
    calage: Annotated[
        dict[str, Annotated[tuple[str, ...], Field(min_length=1)]], Field(min_length=1)
    ]
    methode: Literal["lineaire", "raking", "logit", "tronque"] = "raking"
    bornes: tuple[float, float] | None = None

    @field_validator("calage", mode="before")
    @classmethod
    def _columns_of_their_name(cls, value: Any) -> Any:
        names = value if isinstance(value, list) else ()
        return {name: (name,) for name in names} if names else value

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the sample that weighting needs, besides those of the design."""
        crossed = [name for columns in self.calage.values() for name in columns]
        return tuple(dict.fromkeys([*self.non_reponse.groupes, *crossed]))


class Thresholds(_Decision):
    """When an estimate is fragile or withheld; widths and half-widths are shares in [0, 1].

    `largeur_relative_fragile` is the width of an interval over the share or its complement, the
    rarer; no width up to `largeur_sure` is too large for it. `protection` is the width that the
    interval of a `secret` share keeps for an outsider; `dominance` the part of a total above which
    one unit makes it `secret`. Sources of the rules: docs/diffusion.md.
    """

    protection: Annotated[float, Field(gt=0, le=1)] = 0.20
    dominance: Annotated[float, Field(gt=0, le=1)] = 0.85
    secret: Annotated[int, Field(ge=3)] = 3
    repondants: Annotated[int, Field(ge=1)] = 30
    demi_intervalle: Annotated[float, Field(gt=0, lt=1)] = 0.15
    repondants_fragile: Annotated[int, Field(ge=1)] = 50
    demi_intervalle_fragile: Annotated[float, Field(gt=0, lt=1)] = 0.10
    cv: Annotated[float, Field(gt=0)] = 0.35
    cv_fragile: Annotated[float, Field(gt=0)] = 0.20
    largeur_relative_fragile: Annotated[float, Field(gt=0)] = 1.30
    largeur_sure: Annotated[float, Field(ge=0, lt=1)] = 0.05

    @model_validator(mode="after")
    def _ordered(self) -> Thresholds:
        counts = self.secret <= self.repondants <= self.repondants_fragile
        if not counts or self.demi_intervalle_fragile > self.demi_intervalle:
            raise ValueError(
                "« seuils » : il faut secret ≤ repondants ≤ repondants_fragile et "
                "demi_intervalle_fragile ≤ demi_intervalle"
            )
        return self


class TargetSpec(_Decision):
    """One statistic asked of a file described by its columns alone."""

    statistique: Literal["proportion", "moyenne", "total"]
    variable: str


class CampaignFile(_Decision):
    """The content of a `campaign.yml`: a survey of the observatory, or any file with weights.

    A survey may be collected before `indicateurs` and `redressement` are decided.
    """

    titre: str
    edition: int
    population: str
    simulee: bool = False
    graine: int | None = None
    source: str | None = None
    questionnaire: str | None = None
    indicateurs: str | None = None
    collecte: Fieldwork | None = None
    export: ExportReading = ExportReading()
    collecteur: OnlineForm | None = None
    plan: Plan = Plan()
    redressement: Weighting | None = None
    seuils: Thresholds = Thresholds()
    donnees: str | None = None
    cibles: tuple[TargetSpec, ...] = ()
    domaines: tuple[str | tuple[str, ...], ...] = ("ensemble",)

    @model_validator(mode="after")
    def _one_kind(self) -> CampaignFile:
        described = self.donnees and self.plan.poids and self.cibles
        if not self.questionnaire and not described:
            raise ValueError(
                "il faut soit « questionnaire » (puis « indicateurs » et « redressement »), "
                "soit « donnees », « plan: {poids: …} » et « cibles »"
            )
        if (self.indicateurs is None) != (self.redressement is None) and not described:
            raise ValueError("« indicateurs » et « redressement » vont ensemble")
        drawn = self.graine is not None and self.plan.sampling is not None
        if self.simulee and self.redressement and not drawn:
            raise ValueError(
                "une campagne simulée demande « graine » et "
                "« plan: {taille_echantillon: …, tirage: {strates: …}} »"
            )
        return self


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign: its decisions, its folder and the root of the project."""

    decisions: CampaignFile
    folder: Path
    root: Path

    @property
    def edition(self) -> int:
        """Year of the edition."""
        return self.decisions.edition

    @property
    def population(self) -> str:
        """Population surveyed, as named in results."""
        return self.decisions.population

    @property
    def is_weighted(self) -> bool:
        """Whether it is decided, or given, how answers are weighted: else it only collects."""
        return self.decisions.redressement is not None or self.decisions.donnees is not None

    @property
    def private(self) -> Path:
        """Folder of frames, answers and weights; ignored by git."""
        return self.folder / "private"

    @property
    def build(self) -> Path:
        """Folder of what may be published; disposable."""
        return self.root / "_build" / str(self.edition) / self.population

    def resolve(self, name: str) -> Path:
        """Path of a file named in the decisions: beside `campaign.yml`, else from the root."""
        beside = self.folder / name
        return beside if beside.exists() else self.root / name


def load_campaign(folder: Path, root: Path) -> Campaign:
    """Read `campaign.yml` of a folder (or the file itself).

    Raises
    ------
    SurveyError : no such file, YAML that cannot be read, unknown or missing decision
    """
    path = folder if folder.suffix in {".yml", ".yaml"} else folder / "campaign.yml"
    if not path.is_file():
        raise SurveyError(
            f"{path} : fichier introuvable. Indiquez le dossier d’une campagne, "
            "par exemple campaigns/2026/entreprises."
        )
    source = read_source(path)
    try:
        decisions = CampaignFile.model_validate(source.raw)
    except ValidationError as error:
        raise form_error(error, source, CampaignFile) from error
    refuse_wrong_folder(decisions, path)
    return Campaign(decisions, path.parent, root)


def refuse_wrong_folder(decisions: CampaignFile, path: Path) -> None:
    """Raise where `campaigns/2027/entreprises` says it is another edition or population.

    Its results would be written over theirs. Folders that are not named by a year are free.
    """
    year, population = path.resolve().parent.parts[-2:]
    said = (str(decisions.edition), decisions.population)
    if year.isdigit() and (year, population) != said:
        raise SurveyError(
            f"{path} : « edition » et « population » disent {said[0]} et {said[1]}, le dossier dit "
            f"{year} et {population}. Accordez-les."
        )


def read_settings(path: Path) -> Any:
    """The content of a YAML file that a campaign rests on (see `read_source`)."""
    return read_source(path).raw


def read_source(path: Path) -> Source:
    """A YAML file that a campaign rests on, with the line of each value.

    Raises
    ------
    SurveyError : no such file, YAML that cannot be read, a key written twice, or a text that would
        command a page (`survey.typed`), with its line
    """
    if not path.is_file():
        raise SurveyError(f"{path} : fichier introuvable. Vérifiez son nom dans campaign.yml.")
    try:
        text = path.read_text(encoding="utf-8")
        _, lines = read_yaml(text)
        source = Source.of_file(str(path), lines, yaml.load(text, LOADER))
    except DuplicateKeyError as error:
        key, line, first = error.args
        raise SurveyError(
            f"{path}, ligne {line} : la clé « {key} » est déjà ligne {first}. Gardez-en une."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", ligne {mark.line + 1}" if mark else ""
        raise SurveyError(
            f"{path}{where} : ce fichier n’est pas un YAML lisible. "
            "Vérifiez les retraits et les deux-points."
        ) from error
    refuse_commands(source)
    return source
