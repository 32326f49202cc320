"""True contours of territories: those of `data/reference`, or a file the user points to.

`region.yml` may name a GeoJSON file by level, from the root of the project:

    contours:
      epci: data/contours/epci.geojson
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from analysis.outlines import GeoJson, outer_rings
from survey.campaign import read_settings
from survey.errors import SurveyError

REGION = Path("data/reference/region.yml")
DEPARTEMENTS = Path("data/reference/departements.geojson")
LEVELS = ("departement", "epci", "zone_emploi")
SHAPES = ("Polygon", "MultiPolygon")
HINT = "Exportez la couche en GeoJSON, en degrés (WGS 84), avec une colonne « code »."


@cache
def contours(root: Path, level: str, names: tuple[tuple[str, str], ...]) -> GeoJson | None:
    """The contours of the territories of a level (`names`: code and name of each), checked.

    Those that `region.yml` names, else for départements those that come with the reference, when
    there are; None otherwise. Other territories of the file are left out: it may hold the country.

    Raises
    ------
    SurveyError : the file cannot be read, is not in degrees, or lacks a territory
    """
    named = read_settings(root / REGION).get("contours") or {}
    if not isinstance(named, Mapping) or (unknown := sorted(set(named) - set(LEVELS))):
        found = named if not isinstance(named, Mapping) else ", ".join(unknown)
        raise SurveyError(
            f"{REGION}, « contours » : « {found} » n’est pas un niveau de territoire. Niveaux : "
            f"{', '.join(LEVELS)} ; chacun suivi du chemin d’un fichier GeoJSON."
        )
    if level in named:
        return read_contours(root / str(named[level]), dict(names))
    if level == "departement" and (root / DEPARTEMENTS).is_file():
        return read_contours(root / DEPARTEMENTS, dict(names))
    return None


def read_contours(path: Path, names: Mapping[str, str]) -> GeoJson:
    """The contours of the territories `names` (name by code) in a GeoJSON file, in that order.

    Raises
    ------
    SurveyError : as `contours`
    """
    found: dict[str, dict[str, Any]] = {}
    for feature in _features(path):
        code = str((feature.get("properties") or {}).get("code", ""))
        if code not in names:
            continue
        if code in found:
            raise SurveyError(f"{path} : le code {code} figure deux fois. Fusionnez ses contours.")
        _check_shape(path, feature, names[code])
        found[code] = {
            "properties": {"code": code, "nom": names[code]},
            "geometry": feature["geometry"],
        }
    lost = [name for code, name in names.items() if code not in found]
    if lost:
        others = f" et {len(lost) - 3} autres" if len(lost) > 3 else ""
        raise SurveyError(
            f"{path} : sans contour pour {', '.join(lost[:3])}{others}. La propriété « code » de "
            "chaque contour doit être celle de data/reference/territoires.csv, écrite en texte "
            f"(SIREN d’une intercommunalité, code Insee d’un département). {HINT}"
        )
    return {"type": "FeatureCollection", "features": [found[code] for code in names]}


def _features(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise SurveyError(
            f"{path} : fichier de contours introuvable. Corrigez « contours » dans {REGION} ; le "
            "chemin part de la racine du projet."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SurveyError(
            f"{path} : fichier illisible (JSON, en UTF-8, attendu). {HINT}"
        ) from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not features:
        raise SurveyError(f"{path} : une « FeatureCollection » GeoJSON est attendue. {HINT}")
    first = features[0].get("properties") or {} if isinstance(features[0], dict) else {}
    if "code" not in first:
        raise SurveyError(
            f"{path} : la propriété « code » manque ; trouvées : {', '.join(first) or 'aucune'}. "
            f"Renommez celle qui porte le code. {HINT}"
        )
    return [feature for feature in features if isinstance(feature, dict)]


def _check_shape(path: Path, feature: Mapping[str, Any], name: str) -> None:
    kind = (feature.get("geometry") or {}).get("type")
    if kind not in SHAPES:
        raise SurveyError(
            f"{path} : le contour de {name} est de type « {kind} » ; attendu : "
            f"{' ou '.join(SHAPES)}. {HINT}"
        )
    for ring in outer_rings(feature):
        for longitude, latitude, *_ in ring:
            if not (abs(longitude) <= 180 and abs(latitude) <= 90):
                raise SurveyError(
                    f"{path} : les coordonnées de {name} ({longitude:.0f}, {latitude:.0f}) ne sont "
                    f"pas des degrés ; le fichier est sans doute en Lambert 93. {HINT}"
                )
        if len(ring) < 4:
            raise SurveyError(f"{path} : le contour de {name} a moins de trois côtés. {HINT}")
