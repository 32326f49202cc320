"""The pages by sector and by territory: what they claim, what they keep silent, where they lead."""

import csv
import io
import re
from dataclasses import replace

import polars as pl
import pytest
import yaml

from analysis.disclosure import NUMBERS
from analysis.profiles import ABOVE, BELOW
from analysis.prose import Fact, Setting
from analysis.wording import Noun
from reports.control import RAW_VALUES
from reports.edition import open_edition
from reports.pages import sectors, territories
from reports.pages.kinds import KINDS
from reports.pages.profile import MAIN, judged_cells, tiers
from reports.pages.profile_csv import DOMAIN, tables_of
from reports.pages.profile_figures import figure_reading, gap_words
from survey.errors import SurveyError
from survey.territories import load_territories

LEVELS = ("departement", "type_commune", "epci", "zone_emploi")
HEAVIEST = 150_000
WRONG = re.compile(r"\b(de|à) les? |\bque (en|à|un|aucun)\b|None|\bnan\b|\{[a-z]|\.\.| ,(?!\d)")
TURNS = (
    "Plus souvent que dans l’ensemble de la région",
    "cette part atteint",
    "cette part n’est que",
    "reviennent plus souvent",
    "l’indicateur «",
    "fois plus que dans la région",
)


def hidden(cells: pl.DataFrame, where: pl.Expr, status: str = "nd") -> pl.DataFrame:
    """The cells with those of `where` withheld."""
    numbers = [pl.when(~where).then(pl.col(name)).alias(name) for name in NUMBERS]
    return cells.with_columns(
        *numbers, status=pl.when(where).then(pl.lit(status)).otherwise("status")
    )


@pytest.fixture(scope="module")
def editions(estimated):
    """Enterprises, with one EPCI shown and one withheld; as no frame has communes yet, copies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(estimated)
        open_edition.cache_clear()
        edition = open_edition(2026)
        open_edition.cache_clear()
    own = edition.cells.filter(~pl.col("domain_type").is_in(LEVELS[1:]))
    places = load_territories(estimated / "data" / "reference").of("epci").head(2)
    first = own.filter(
        domain_type="departement", domain=own.filter(domain_type="departement")["domain"][0]
    )
    copies = [
        first.with_columns(domain_type=pl.lit("epci"), domain=pl.lit(code), label=pl.lit(name))
        for code, name in places.select("code", "nom_court").iter_rows()
    ]
    copies[1] = hidden(copies[1], pl.lit(True))
    return {"entreprises": replace(edition, cells=pl.concat([own, *copies]))}


@pytest.fixture(scope="module")
def pages(editions):
    """Every page, by address."""
    drafts = territories.pages(editions)
    every = [*sectors.pages(editions), *(draft() for draft in drafts)]
    return {page.address: page for page in every}


def parts(page):
    """Front matter and body of a page."""
    _, front, body = page.text.split("---\n", 2)
    return yaml.safe_load(front), body


def prose(page):
    """What a reader reads outside figures, tables and lists of communes."""
    _, body = parts(page)
    return re.sub(r"```\{=html\}.*?```", " ", body, flags=re.S)


def epci(editions, position):
    cells = editions["entreprises"].cells.filter(domain_type="epci")
    return f"territoires/epci-{cells['domain'].unique(maintain_order=True)[position]}"


def test_every_domain_has_its_page(editions, pages):
    edition = editions["entreprises"]
    codes = edition.cells.filter(domain_type="secteur")["domain"].unique().str.to_lowercase()
    assert {f"secteurs/entreprises-{code}" for code in codes} <= pages.keys()
    places = load_territories(edition.campaign.root / "data" / "reference").places
    found = [address for address in pages if address.startswith("territoires/")]
    assert len(found) == places.filter(pl.col("niveau").is_in(LEVELS)).height > 100
    assert {sectors.pages, territories.pages} <= set(KINDS)


def test_the_same_words_name_no_two_figures_of_a_page(pages):
    for address, page in pages.items():
        labels = re.findall(r'role="region" aria-label="([^"]*)"', page.text)
        assert len(labels) == len(set(labels)), address


def test_the_hub_leads_to_every_sector(pages):
    hub = pages["secteurs/index"].text
    for address in pages:
        if address.startswith("secteurs/entreprises"):
            assert f"({address.rpartition('/')[2]}.qmd)" in hub


def test_an_edition_without_sectors_keeps_the_page_its_menu_leads_to(editions):
    edition = editions["entreprises"]
    cuts = tuple(cut for cut in edition.file.domains if cut.role != "sector")
    bare = replace(edition, file=edition.file.model_copy(update={"domains": cuts}))
    (page,) = sectors.pages({"entreprises": bare})
    assert page.address == "secteurs/index"
    assert "n’est présentée par secteur" in page.text and "|" not in page.text


def test_every_page_reads_as_french(pages):
    for address, page in pages.items():
        front, _ = parts(page)
        said = " ".join(
            [front["title"], front["description"], front.get("subtitle", ""), prose(page)]
        )
        said = re.sub(r"\]\([^)]*\)", "]", said)
        assert not WRONG.search(said), (address, WRONG.search(said))
        assert not RAW_VALUES.search(said), address
        assert front["title"][0].isupper() and not front["title"].endswith(".")
        assert front["description"].endswith(".")


def test_a_page_repeats_no_turn_of_phrase(pages):
    for address, page in pages.items():
        front, _ = parts(page)
        said = front.get("subtitle", "") + prose(page)
        assert [turn for turn in TURNS if said.count(turn) > 1] == [], address


def test_a_title_gives_a_firm_figure_only(editions, pages):
    main = editions["entreprises"].definitions["usage_ia"].verb
    cells = editions["entreprises"].by("usage_ia", "secteur")
    assert {"ok", "fragile"} <= set(cells["status"])
    for row in cells.iter_rows(named=True):
        title = parts(pages[f"secteurs/entreprises-{row['domain'].lower()}"])[0]["title"]
        if row["status"] != "ok":
            assert not any(title.endswith(verb) for verb in main)
        elif row["estimate"]:
            assert any(title.endswith(verb) for verb in main), title


def test_what_is_told_against_the_region_is_what_the_test_keeps(editions, pages):
    edition = editions["entreprises"]
    rows = judged_cells([edition], ["secteur"], DOMAIN).filter(tier=MAIN)
    assert rows.height == edition.by("usage_ia", "secteur").height
    for row in rows.iter_rows(named=True):
        said = parts(pages[f"secteurs/entreprises-{row['domain'].lower()}"])[0]["description"]
        kept = row["verdict"] in ("au-dessus", "au-dessous")
        assert ("contre" in said) == kept
        assert ("n’est pas établi" in said) == (row["verdict"] == "sans écart net")


def test_a_withheld_territory_says_why_and_shows_no_figure(editions, pages):
    page = pages[epci(editions, 1)]
    front, body = parts(page)
    reason = "aucun chiffre n’est publié\u202f: trop peu de réponses ou secret."
    assert front["subtitle"].endswith(reason)
    measured = body.partition("## Le territoire")[0]
    assert not re.search(r"\d", re.sub(r"\(\.\./[^)]*\)|\{[^}]*\}", "", measured)), measured
    assert "Estimation par petits domaines\u202f: à venir" in body
    rows = list(csv.DictReader(io.StringIO(page.files[f"{page.address}.csv"].decode("utf-8-sig"))))
    own = [row for row in rows if row["domain"] == page.address.rpartition("-")[2]]
    assert own and {row["status"] for row in own} == {"nd"}
    numbers = ("estimate", "std_error", "conf_low", "conf_high", "n_respondents", "difference")
    assert all(row[name] == "" for row in own for name in (*numbers, "verdict"))


def test_a_territory_without_any_cell_tells_who_is_there(pages):
    page = next(page for address, page in pages.items() if address.startswith("territoires/zone"))
    front, body = parts(page)
    assert "l’enquête ne donne pas encore de chiffre" in front["subtitle"]
    assert page.files == {}
    assert "Population concernée\u202f: les entreprises employeuses." in body
    assert re.search(r"\d.personnes vivent dans \d+.communes", body)


def test_a_territory_beside_the_region_has_its_figure_and_its_communes(editions, pages):
    page = pages[epci(editions, 0)]
    _, body = parts(page)
    assert '<figure class="chart" id="indicateurs-entreprises">' in body
    assert "Estimation par petits domaines" not in body
    code = page.address.rpartition("-")[2]
    communes = load_territories(
        editions["entreprises"].campaign.root / "data" / "reference"
    ).communes.filter(epci=code)
    assert communes.height > 3
    assert all(f'<li id="commune-{each}">' in body for each in communes["code"])


def test_links_between_pages_lead_somewhere(pages):
    texts = {address: page.text for address, page in pages.items()}
    for address, text in texts.items():
        folder = address.rpartition("/")[0]
        for target in re.findall(r"\]\(\.\./((?:secteurs|territoires)/[^)#]+)\.qmd\)", text):
            assert target == "territoires/index" or target in texts, (address, target)
        for page, anchor in re.findall(r'href="([\w-]+)\.html#([\w-]+)"', text):
            assert f'id="{anchor}"' in texts[f"{folder}/{page}"], (address, anchor)


def test_pages_are_light_and_carry_no_image(pages):
    for address, page in pages.items():
        assert len(page.text.encode()) < HEAVIEST, address
        assert all(name.endswith(".csv") for name in page.files)


def test_every_table_says_that_its_data_are_simulated(pages):
    for page in pages.values():
        for content in page.files.values():
            rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
            assert rows and {row["nature"] for row in rows} == {"données simulées"}


def test_the_same_cells_give_the_same_pages(editions, pages):
    again = {page.address: page for page in sectors.pages(editions)}
    assert all(pages[address] == page for address, page in again.items())


def test_a_sector_withheld_throughout_claims_nothing(editions):
    edition = editions["entreprises"]
    where = (pl.col("domain_type") == "secteur") & (pl.col("domain") == "AZ")
    silent = replace(edition, cells=hidden(edition.cells, where, "secret"))
    page = next(iter(sectors.pages({"entreprises": silent})))
    assert page.address == "secteurs/entreprises-az"
    front, _ = parts(page)
    assert front["subtitle"].endswith("aucun chiffre n’est publié\u202f: secret statistique.")
    assert "## Par rapport à la région" not in page.text


def test_a_branch_is_set_beside_the_branches_and_says_what_it_covers(pages):
    text = pages["secteurs/entreprises-c1"].text
    assert "## Parmi les branches de l’industrie" in text
    assert "divisions 10, 11 et 12" in text.replace("\u202f", " ")
    assert "- Les autres branches de l’industrie" in text and "- Les secteurs" in text
    whole = pages["secteurs/entreprises-be"].text
    assert "## Parmi les secteurs" in whole and "- Les branches de l’industrie" in whole
    hub = pages["secteurs/index"].text
    assert hub.index("### Branches de l’industrie") < hub.index("(entreprises-c1.qmd)")


def test_a_number_in_a_withheld_cell_is_refused(editions):
    cells = judged_cells(editions.values(), ["secteur"], DOMAIN)
    leak = cells.with_columns(status=pl.lit("nd"))
    with pytest.raises(SurveyError, match="non diffusée qui porte un nombre"):
        tables_of(leak, simulated=True)


def test_what_is_told_of_an_indicator(editions):
    edition = editions["entreprises"]
    found = dict(
        tiers(edition, edition.cells.filter(domain_type="ensemble"))
        .filter(statistic="share")
        .select("indicator", "tier")
        .iter_rows()
    )
    assert [code for code, tier in found.items() if tier == MAIN] == ["usage_ia"]
    assert found["cadre__aucune"] is None  # the complement of cadre_fixe
    assert not any(tier for code, tier in found.items() if code.endswith("__NSP"))
    assert found["technologies__ttm"] == "réponse"


def test_the_former_edition_is_linked_once_it_is_on_the_site(editions, tmp_path, monkeypatch):
    edition = editions["entreprises"]
    campaign = replace(edition.campaign, root=tmp_path)
    former = replace(
        edition,
        campaign=replace(
            campaign, decisions=campaign.decisions.model_copy(update={"edition": 2025})
        ),
    )
    monkeypatch.setattr(type(edition), "previous", lambda _: former)
    page = next(iter(sectors.pages({"entreprises": replace(edition, campaign=campaign)})))
    assert "2025" not in page.text
    (tmp_path / "reports" / "2025").mkdir(parents=True)
    (tmp_path / "reports" / "2025" / "index.qmd").write_text("")
    page = next(iter(sectors.pages({"entreprises": replace(edition, campaign=campaign)})))
    assert "[Cette page dans l’édition 2025](../../2025/secteurs/entreprises-az.qmd)" in page.text


def test_a_figure_of_a_kind_of_unit_counts_these_units():
    row = {"statistic": "share", "status": "ok", "estimate": 0.65, "whole_estimate": 0.3}
    row |= {"conf_low": 0.58, "conf_high": 0.71}
    noun, verb = Noun("collectivité", "collectivités"), ("utilise l’IA", "utilisent l’IA")
    fact = Fact(row, "Usage", noun, verb=verb, whole=True)
    kind, sector = (Setting.of_subject("", each) for each in ("les communes", "le commerce"))
    assert figure_reading([fact], kind).startswith("65\u202f% des communes utilisent l’IA (30")
    for read in (
        figure_reading([fact], sector),
        figure_reading([replace(fact, whole=False)], kind),
    ):
        assert re.match("dans les? .*, 65\u202f% des collectivités", read)


@pytest.mark.parametrize(
    ("value", "region", "verdict", "said"),
    [
        (0.31, 0.19, ABOVE, "12\u00a0points de plus"),
        (0.0454, 0.1906, BELOW, "environ 15\u00a0points de moins"),  # 5 and 19, but 14.5 apart
        (0.1851, 0.1949, BELOW, "plus bas"),  # 19 and 19
        (0.31, 0.19, None, "non testé"),
    ],
)
def test_a_gap_never_contradicts_the_figures_beside_it(value, region, verdict, said):
    row = {
        "statistic": "share",
        "status": "ok",
        "estimate": value,
        "whole_estimate": region,
        "difference": value - region,
        "verdict": verdict,
    }
    assert gap_words(Fact(row, "Usage", Noun("commune", "communes", feminine=True))) == said
