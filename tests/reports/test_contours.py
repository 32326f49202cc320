"""Contours: those of the reference, those the user points to, and what is wrong with a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.contours import contours, read_contours
from survey.errors import SurveyError

ROOT = Path(__file__).parents[2]
NAMES = {"a": "Alpha", "b": "Bêta"}
RING = [[0, 47], [0, 48], [1, 48], [1, 47], [0, 47]]


def feature(code="a", kind="Polygon", ring=RING, **properties):
    coordinates = {"Polygon": [ring], "MultiPolygon": [[ring]]}.get(kind, ring)
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"code": code, **properties}, "geometry": geometry}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_contours_come_in_the_order_asked_under_our_names(tmp_path):
    file = collection(
        feature("b", "MultiPolygon", nom="AUTRE"), feature("hors-region"), feature("a")
    )
    found = read_contours(write(tmp_path / "ign.geojson", file), NAMES)
    said = [(one["properties"]["code"], one["properties"]["nom"]) for one in found["features"]]
    assert said == [("a", "Alpha"), ("b", "Bêta")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "fichier illisible"),
        ("[1]", "FeatureCollection"),
        (collection(), "FeatureCollection"),
        (collection({"type": "Feature", "properties": {"siren": "a", "nom": "b"}}), "siren, nom"),
        (collection(feature("a")), "sans contour pour Bêta"),
        (collection(feature("a"), feature("a"), feature("b")), "deux fois"),
        (collection(feature("a", "Point"), feature("b")), "type « Point »"),
        (collection(feature("a", ring=[[355000, 6689000]] * 4), feature("b")), "Lambert 93"),
        (collection(feature("a", ring=RING[:3]), feature("b")), "moins de trois côtés"),
    ],
)
def test_a_faulty_file_says_what_to_mend(tmp_path, content, message):
    path = write(tmp_path / "ign.geojson", content)
    with pytest.raises(SurveyError, match=message) as error:
        read_contours(path, NAMES)
    assert "ign.geojson" in str(error.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(SurveyError, match=r"rien\.geojson : fichier de contours introuvable"):
        read_contours(tmp_path / "rien.geojson", NAMES)


def project(folder, region):
    reference = folder / "data" / "reference"
    reference.mkdir(parents=True)
    write(reference / "region.yml", region)
    return folder


def test_the_region_names_a_file_by_level(tmp_path):
    root = project(tmp_path, "code: '00'\ncontours:\n  epci: epci.geojson\n")
    write(tmp_path / "epci.geojson", collection(feature("a"), feature("b")))
    asked = tuple(NAMES.items())
    assert len(contours(root, "epci", asked)["features"]) == 2
    assert contours(root, "zone_emploi", asked) is None
    assert contours(root, "departement", asked) is None


@pytest.mark.parametrize("named", ["contours: epci.geojson", "contours: {commune: x.geojson}"])
def test_an_unknown_level_is_refused(tmp_path, named):
    with pytest.raises(SurveyError, match=r"niveau de territoire.*departement, epci, zone_emploi"):
        contours(project(tmp_path, named), "epci", tuple(NAMES.items()))


def test_the_reference_has_its_departements():
    names = (("44", "Loire-Atlantique"), ("53", "Mayenne"))
    assert len(contours(ROOT, "departement", names)["features"]) == 2
    with pytest.raises(SurveyError, match="sans contour pour Ailleurs"):
        contours(ROOT, "departement", (("99", "Ailleurs"),))
