"""A site is refused for each fault planted in it, and the fault is said."""

import json
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from analysis.disclosure import NUMBERS
from reports.control import (
    check_site,
    is_common,
    leading_digits,
    leaks,
    withheld_numbers,
)
from survey.errors import SurveyError

JSON = '<script type="application/json">'
HIDDEN = 0.178947367244351
SHOWN = 0.336042718930517
DIGITS = "178947367244"
PAGE = """<!doctype html>
<html lang="fr"><head><title>Essai. Données simulées</title>
<link rel="stylesheet" href="site.css"><script type="application/json">null</script></head>
<body><p>Données simulées</p><a href="autre.html#bas">Autre</a> <a href="#ici">Ici</a>
<a href="https://exemple.fr">Ailleurs</a></body></html>"""


def cells() -> pl.DataFrame:
    """Two cells of one indicator: one shown, one withheld."""
    numbers = dict.fromkeys(NUMBERS, 12.0)
    rows = [
        {"domain": "F", **numbers, "estimate": SHOWN, "status": "ok"},
        {"domain": "M", **numbers, "estimate": HIDDEN, "status": "nd"},
    ]
    return pl.DataFrame(rows).select(
        pl.lit("usage").alias("indicator"),
        pl.lit("entreprises").alias("population"),
        pl.lit(2025).alias("edition"),
        pl.lit("sexe").alias("domain_type"),
        "domain",
        pl.lit("share").alias("statistic"),
        *NUMBERS,
        "status",
    )


@pytest.fixture
def campaign(tmp_path):
    made = SimpleNamespace(
        edition=2025,
        folder=tmp_path,
        build=tmp_path / "build",
        private=tmp_path / "private",
        decisions=SimpleNamespace(simulee=True),
    )
    for folder in (made.build, made.private):
        folder.mkdir()
    cells().write_parquet(made.private / "estimations.parquet")
    shown = pl.col("status") == "ok"
    gated = cells().with_columns(pl.when(shown).then(pl.col(NUMBERS)).name.keep())
    gated.write_parquet(made.build / "published.parquet")
    return made


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("index.html", "autre.html"):
        (folder / name).write_text(PAGE, encoding="utf-8")
    return folder


def refused(site, campaign) -> str:
    with pytest.raises(SurveyError) as error:
        check_site(site, [campaign])
    return str(error.value)


def test_a_clean_site_passes(site, campaign):
    (site / "donnees.csv").write_text(
        f"\ufeffdomain,estimate,status\nF,{SHOWN},ok\nM,,nd\n", encoding="utf-8"
    )
    said = check_site(site, [campaign])
    assert said.startswith("2 pages contrôlées")
    assert "1 nombres non diffusés et 0 jetons cherchés : aucun n’apparaît. Ni" in said


def test_only_numbers_that_tell_something_are_withheld(campaign):
    # 12.0, carried by every cell, tells nothing; the shown estimate is public
    assert withheld_numbers([campaign]) == {DIGITS: "2025 usage, sexe M"}


def test_a_simple_fraction_tells_nothing(campaign):
    path = campaign.private / "estimations.parquet"
    shares = pl.when(pl.col("status") == "ok").then("estimate").otherwise(1 / 3)
    pl.read_parquet(path).with_columns(estimate=shares).write_parquet(path)
    assert withheld_numbers([campaign]) == {}


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (HIDDEN, DIGITS),
        (-HIDDEN, DIGITS),
        (1789.47367244351, DIGITS),
        (1.78947367244351e-5, DIGITS),
        (0.5, None),
        (12.0, None),
        (None, None),
    ],
)
def test_the_digits_of_a_number(value, digits):
    assert leading_digits(value) == digits


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("donnees.csv", f"domain,a,estimate\nM,0.5,{HIDDEN}\n"),
        ("donnees.csv", f"domain;estimate\nM;{str(HIDDEN).replace('.', ',')}\n"),
        ("donnees.csv", f"n,estimate\n1200,{1000 * HIDDEN}\n"),
        ("spec.json", json.dumps({"values": [0.25, HIDDEN, 1]}, separators=(",", ":"))),
        ("figure.svg", f'<svg><path d="M12.5,{100 * HIDDEN:.11f}L3"/></svg>'),
        ("page.html", PAGE.replace("Autre<", f"{100 * HIDDEN:.12f} %<".replace(".", ","))),
        ("page.html", PAGE.replace("<p>", f'<p data-x="{HIDDEN}">')),
        ("dossier/meta.yml", f"valeur: {HIDDEN}\n"),
    ],
    ids=lambda value: value[:40].split("\n")[0],
)
def test_a_withheld_number_is_found_wherever_it_is(site, campaign, name, content):
    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_text(content, encoding="utf-8")
    said = refused(site, campaign)
    assert f"{name} : un nombre non diffusé apparaît (2025 usage, sexe M)" in said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('lang="fr"', 'lang="en"', "index.html : la langue de la page n’est pas le français"),
        ("<title>Essai. Données simulées</title>", "", "index.html : la page n’a pas de titre"),
        ("Essai. Données simulées", "Essai", "la mention « données simulées » manque"),
        ("<p>Données simulées</p>", "", "la mention « données simulées » manque"),
        ("autre.html#bas", "perdue.html", "index.html : lien sans cible (perdue.html)"),
        ("Autre</a>", "nan %</a>", "une valeur brute apparaît (« nan »)"),
        ("Autre</a>", "None</a>", "une valeur brute apparaît (« None »)"),
        ('href="site.css"', 'href="//exemple.org/a.css"', "demande un fichier à un autre site"),
        ("<p>", '<img src="https://exemple.org/a.png"><p>', "(https://exemple.org/a.png)"),
        (JSON, '<script src="https://exemple.org/a.js">', "(https://exemple.org/a.js)"),
    ],
)
def test_a_fault_of_a_page_is_said(site, campaign, before, after, said):
    assert before in PAGE
    (site / "index.html").write_text(PAGE.replace(before, after), encoding="utf-8")
    assert said in refused(site, campaign)


def test_a_real_survey_needs_no_mention(site, campaign):
    campaign.decisions.simulee = False
    for name in ("index.html", "autre.html"):
        text = PAGE.replace(" Données simulées", "").replace("Données simulées", "Bonjour")
        (site / name).write_text(text, encoding="utf-8")
    assert "2 pages" in check_site(site, [campaign])


def test_a_withheld_row_may_carry_no_number(site, campaign):
    (site / "d.csv").write_text("domain,estimate,status\nF,0.4,ok\nM,0.2,secret\n", "utf-8")
    assert "d.csv, ligne 3 : secret avec estimate" in refused(site, campaign)


def test_a_published_file_that_skipped_the_gate_stops_all(site, campaign):
    cells().write_parquet(campaign.build / "published.parquet")
    with pytest.raises(SurveyError):
        check_site(site, [campaign])


def test_what_is_not_there_is_said(site, campaign, tmp_path):
    with pytest.raises(SurveyError, match="aucun site ici"):
        check_site(tmp_path / "vide", [campaign])
    (campaign.private / "estimations.parquet").unlink()
    with pytest.raises(SurveyError, match=r"estimations\.parquet : fichier introuvable"):
        check_site(site, [campaign])


def test_a_token_of_the_sample_is_found(site, campaign):
    tokens = pl.DataFrame({"token": ["kT7-wq9xLm2", "zz81kkaaQw0"]})
    tokens.write_parquet(campaign.private / "echantillon.parquet")
    assert "2 jetons" in check_site(site, [campaign])
    (site / "donnees.csv").write_text("id,token\n1,kT7-wq9xLm2\n", encoding="utf-8")
    assert "le jeton d’une unité" in refused(site, campaign)


def test_a_file_that_is_never_published_is_refused(site, campaign):
    (site / "reponses.sqlite").write_bytes(b"SQ")
    assert "reponses.sqlite" in refused(site, campaign)


def test_a_parquet_file_that_tells_too_much_is_refused(site, campaign):
    told = cells().with_columns(status=pl.Series(["ok", "nd"]))
    told.write_parquet(site / "resultats.parquet")
    assert "resultats.parquet" in refused(site, campaign)


def test_a_real_edition_must_not_be_called_simulated(site, campaign):
    campaign.decisions.simulee = False
    assert "d’une campagne réelle" in refused(site, campaign)


def test_many_faults_are_counted_and_the_first_listed(site, campaign):
    links = "".join(f'<a href="perdue-{rank}.html">x</a>' for rank in range(24))
    (site / "autre.html").write_text(PAGE.replace("</body>", links + "</body>"), encoding="utf-8")
    said = refused(site, campaign)
    assert "(24 défauts)" in said and "perdue-19" in said and "perdue-20" not in said
    assert said.endswith("… et 4 autres défauts.")


def test_the_front_page_speaks_of_the_last_edition_that_has_pages(site, campaign):
    edition = site / "reports" / "2026"
    edition.mkdir(parents=True)
    real = PAGE.replace("Données simulées", "")
    (edition / "autre.html").write_text(real, encoding="utf-8")
    measured = SimpleNamespace(**vars(campaign) | {"edition": 2026})
    measured.decisions = SimpleNamespace(simulee=False)
    with pytest.raises(SurveyError, match=r"\n  index\.html : la page dit"):
        check_site(site, [campaign, measured])
    for name in ("index.html", "autre.html"):
        (site / name).write_text(real, encoding="utf-8")
    assert "3 pages" in check_site(site, [campaign, measured])


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("a,0.3074185079624068,b", "307418507962"),
        ("part : 0,3074185079624068 %", "307418507962"),
        ("5,0.0012345678901234567,7", "123456789012"),
        ("2026,21313.123456789", "213131234567"),
        ("x;12,0987654321098;y", "120987654321"),
    ],
)
def test_a_long_number_is_known_by_its_first_digits(text, digits):
    assert len(list(leaks(text, Path("d.csv"), {digits: "cellule"}))) == 1
    assert list(leaks(text, Path("d.csv"), {"999999999999": "cellule"})) == []


def test_a_fraction_that_many_cells_share_tells_nothing():
    assert is_common(1 / 30) and is_common(32.00000000000068)
    assert not is_common(0.3074185079624068)
    where = Path("d.csv")
    assert list(leaks(f"{1 / 30}", where, {"333333333333": "cellule"})) == []
    assert len(list(leaks("0.3074185079624068", where, {"307418507962": "cellule"}))) == 1
