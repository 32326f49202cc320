"""Nothing but data knows the region: an invented one builds its whole site, and ours is nowhere."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from lxml import html
from pypdf import PdfReader

from survey.questionnaire import load_questionnaire
from tests.other_region import NAME, ROOT, SAMPLES, make_project
from tests.page_claims import site_faults
from tests.places import place_named
from tests.planted import SIGN, plant

SEED = int(os.environ.get("GRAINE", "0"))  # another region each: GRAINE=7 pytest …
PUBLISHED = {".html", ".csv", ".json", ".jsonld", ".svg", ".xml", ".js", ".css", ".txt", ".yml"}


def run(root: Path, *arguments: str) -> str:
    """What a verb of the command line says, run in a project with our own renderer."""
    folders = os.environ["PATH"].split(os.pathsep)
    without = os.pathsep.join(each for each in folders if not (Path(each) / "quarto").exists())
    done = subprocess.run(
        [sys.executable, str(ROOT / "observatoire.py"), *arguments],
        cwd=root,
        env=os.environ | {"PATH": without, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """The project of the invented region, from the simulation to the site; scripts typed in it."""
    made = make_project(tmp_path_factory.mktemp("autre_region") / "projet", SEED)
    assert plant(made) > 1000
    run(made, "demo")
    return made


def test_the_site_is_complete_and_passes_its_control(root):
    assert "aucun n’apparaît" in run(root, "controler")
    places = pl.read_csv(root / "data/reference/territoires.csv", infer_schema=False)
    assert places.height == 11
    folder = root / "_site/reports/2026/territoires"
    for level, code in places.select("niveau", "code").iter_rows():
        assert (folder / f"{level.replace('_', '-')}-{code}.html").is_file()
    assert len(list((root / "_site").rglob("*.html"))) > 140


def test_every_page_says_which_region_it_is(root):
    pages = sorted((root / "_site").rglob("*.html"))
    lacking = [path for path in pages if NAME not in path.read_text(encoding="utf-8")]
    assert pages and lacking == []
    front = (root / "_site" / "index.html").read_text(encoding="utf-8")
    assert f"Qui utilise l’intelligence artificielle dans les {NAME}" in front
    place = root / "_site/reports/2026/territoires/departement-96.html"
    assert "Ombrelune" in place.read_text(encoding="utf-8")


def test_our_region_is_nowhere_in_the_site(root):
    assert place_named("un établissement Ligérien") and place_named("à Nantes, ou ailleurs")
    files = [path for path in (root / "_site").rglob("*") if path.suffix in PUBLISHED]
    assert len(files) > 500
    found = {
        path.relative_to(root).as_posix(): place
        for path in files
        if (place := place_named(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_no_sentence_is_contradicted_by_the_data_beside_it(root):
    assert site_faults(root / "_site/reports/2026") == []


def test_what_is_printed_is_of_the_region(root):
    folder = root / "_site/reports/2026"
    report = " ".join(page.extract_text() for page in PdfReader(folder / "rapport.pdf").pages)
    assert NAME in report and not place_named(report)
    summaries = sorted((folder / "territoires").glob("*.pdf"))
    assert summaries
    for path in summaries:
        text = " ".join(page.extract_text() for page in PdfReader(path).pages)
        assert NAME in text and not place_named(text), path.name


def test_the_margins_of_the_region_are_met(root):
    for population in SAMPLES:
        weights = pl.read_parquet(root / f"campaigns/2026/{population}/private/poids.parquet")
        margins = pl.read_csv(
            root / f"data/reference/marges_{population}.csv", schema_overrides={"modalite": str}
        )
        totals = margins.group_by("variable").agg(pl.col("total").sum())["total"].unique()
        assert weights["calibrated_weight"].sum() == pytest.approx(totals.item())


def test_the_four_questionnaires_ask_about_the_places_of_the_region(root):
    for path in sorted((root / "survey" / "instruments").glob("*.yml")):
        found = load_questionnaire(path, 2026)
        assert NAME in found.introduction
        assert not place_named(found.model_dump_json()), path.name
        if path.stem in SAMPLES:
            offered = found.question("departement").options
            assert [option.label for option in offered] == ["Ombrelune", "Rivesable"]


RUNS = re.compile(r"\s*(?:javascript|vbscript|data):", re.I)


def test_what_is_typed_stays_text(root):
    """A script planted in every text is read on the pages, and runs on none."""
    pages = sorted((root / "_site").rglob("*.html"))
    read = {path.name for path in pages if SIGN in html.parse(path).getroot().text_content()}
    assert len(read) > 100 and "mentions-legales.html" in read
    found = {path.name: running for path in pages if (running := _running(path))}
    assert found == {}
    for path in (root / "_site").rglob("*.svg"):
        assert not _running(path), path.name


def _running(path: Path) -> list[str]:
    """What an element of a page or an image would run."""
    said = []
    for element in html.parse(path).getroot().iter():
        if not isinstance(element.tag, str):
            continue
        said += [f"{element.tag} {name}" for name in element.attrib if name.startswith("on")]
        said += [value for value in element.attrib.values() if RUNS.match(value)]
        if element.tag == "img" and element.get("src") == "x":
            said.append("img")
        if element.tag == "script" and "src" not in element.attrib:
            json.loads(element.text)
            said += [] if element.get("type", "").endswith("json") else ["script"]
    return said
