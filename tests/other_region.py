"""The project of an invented region, made by replacing what `docs/autre-region.md` lists."""

import re
import shutil
from pathlib import Path

import polars as pl

from reports.pages.writing import read_list

ROOT = Path(__file__).parents[1]
GIVEN = Path(__file__).parent / "reports" / "autre_region"
REFERENCE = Path("data", "reference")
# What no region owns: code lists, and what France and Europe publish.
COMMON = (
    *(f"nomenclature_{name}.csv" for name in ("secteur", "branche", "taille")),
    "comparators.csv",
)
NAME = "Hautes-Brumes"
SAMPLES = {"entreprises": 1200, "habitants": 900}
WRITTEN = (".qmd", ".yml")


def make_project(root: Path, seed: int = 0) -> Path:
    """The whole project with the invented region in place of ours, nothing done yet.

    `seed` is added to those of the simulations: another gives other people, answers and figures.
    """
    ignored = shutil.ignore_patterns(
        "__pycache__", "editions", "reference", "_fragments", "private"
    )
    for name in ("survey", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    shutil.copytree(GIVEN / "reference", root / REFERENCE)
    for name in COMMON:
        shutil.copy(ROOT / REFERENCE / name, root / REFERENCE)
    shutil.copy(GIVEN / "region.yml", root / "survey/instruments/modules/region.yml")
    write_official_items(root)
    write_recommendations(root)
    for population, size in SAMPLES.items():
        write_campaign(root, 2026, population, size, seed)
    write_campaign(root, 2025, "entreprises", SAMPLES["entreprises"], seed)
    write_pages(root)
    return root


def write_official_items(root: Path) -> None:
    """The official questions, with the départements of the invented region in place of ours."""
    items = pl.read_csv(ROOT / REFERENCE / "official_items.csv", infer_schema=False)
    ours = pl.col("bloc") == "INSEE_COG_DEP"
    places = pl.read_csv(root / REFERENCE / "territoires.csv", infer_schema=False)
    departements = places.filter(niveau="departement")
    assert departements.height == 2
    listed = (
        items.filter(ours)
        .head(2)
        .with_columns(
            item=departements["code"],
            libelle=departements["nom"],
            libelle_francais=departements["nom"],
        )
    )
    pl.concat([items.filter(~ours), listed]).write_csv(root / REFERENCE / "official_items.csv")


def write_recommendations(root: Path) -> None:
    """The recommendations that the registries follow, as another CESER would have written them."""
    text = (ROOT / REFERENCE / "preconisations.yml").read_text(encoding="utf-8")
    text = re.sub(r"^source: .*$", f"source: CESER des {NAME}, document inventé", text, flags=re.M)
    (root / REFERENCE / "preconisations.yml").write_text(text, encoding="utf-8")


def write_campaign(root: Path, year: int, population: str, size: int, seed: int) -> None:
    """The campaign of a population with a small sample."""
    place = Path("campaigns", str(year), population, "campaign.yml")
    text = (ROOT / place).read_text(encoding="utf-8")
    text, done = re.subn(r"taille_echantillon: \d+", f"taille_echantillon: {size}", text)
    assert done == 1
    text, done = re.subn(r"graine: (\d+)", lambda found: f"graine: {int(found[1]) + seed}", text)
    assert done == 1
    (root / place.parent).mkdir(parents=True)
    (root / place).write_text(text, encoding="utf-8")


def write_pages(root: Path) -> None:
    """The pages written by hand, their style, and the site's own title."""
    shutil.copytree(ROOT / "reports" / "assets", root / "reports" / "assets")
    edition = ROOT / "reports" / "2026"
    generated = {edition / name for name in read_list(edition)}
    written = [path for path in edition.glob("*.*") if path.suffix in WRITTEN]
    for path in (ROOT / "index.qmd", *(each for each in written if each not in generated)):
        copy = root / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    menu = (ROOT / "_quarto.yml").read_text(encoding="utf-8")
    assert menu.count("Pays de la Loire") == 2
    (root / "_quarto.yml").write_text(menu.replace("Pays de la Loire", NAME), encoding="utf-8")
