"""Pages of an edition where cells are withheld: none fails, shows or claims what it cannot."""

import re
from dataclasses import replace

import polars as pl
import pytest

import reports.essential
from analysis.disclosure import NUMBERS
from reports.control import RAW_VALUES
from reports.edition import Edition, open_edition
from reports.essential import Claim, findings, key_figures_of, what_is_not_known
from reports.figures import key_figures
from reports.pages import changing, comparing, essential, following, populations

KINDS = [essential, populations, changing, comparing, following]
OF_OTHERS = pl.col("domain_type") == "comparateur"
CLAIMS = ("progresse", "recule", "sur deux", "sur cinq", "nettement", "contre", "moins répandu")


def withheld(edition: Edition, where: pl.Expr) -> Edition:
    """The edition with the cells of `where` withheld."""
    hidden = [pl.when(~where).then(pl.col(name)).alias(name) for name in NUMBERS]
    status = pl.when(where).then(pl.lit("nd")).otherwise("status")
    return replace(edition, cells=edition.cells.with_columns(*hidden, status=status))


@pytest.fixture
def hide(estimated, monkeypatch):
    """Both editions with cells withheld, as the pages open them."""
    monkeypatch.chdir(estimated)
    open_edition.cache_clear()
    true = {year: open_edition(year) for year in (2025, 2026)}

    def hidden(where: pl.Expr) -> dict[str, Edition]:
        made = {year: withheld(edition, where) for year, edition in true.items()}
        monkeypatch.setattr(Edition, "previous", lambda self: made.get(self.year - 1))
        return {"entreprises": made[2026]}

    yield hidden
    open_edition.cache_clear()


def words(markdown: str) -> str:
    """What a reader sees of a page: no chart, no address, no script."""
    text = re.sub(r"<(script|svg)\b.*?</\1>", " ", markdown, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


SHARE = re.compile(r"\d+(?:,\d+)?[\u202f ]%")
LEVEL = re.compile(r"[Ii]ntervalles?(?: de confiance)? à.95.%")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.rpartition(".")[2])
def test_a_page_with_nothing_to_show_shows_nothing(hide, kind):
    for page in kind.pages(hide(pl.lit(True))):
        for figure in page.figures:
            own = figure.frame.filter(~OF_OTHERS)
            shown = own.select(pl.col(NUMBERS).is_not_null().any()).row(0)
            assert shown == (False,) * len(NUMBERS), figure.caption.id
            title = figure.caption.title
            assert not [claim for claim in CLAIMS if claim in title], title
        said = words(page.text)
        assert not RAW_VALUES.search(said)
        if kind is not comparing and page.address != "_fragments/chaine-de-valeur":
            # Figures published elsewhere stay on these two.
            assert not SHARE.search(LEVEL.sub("", said)), page.address


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.rpartition(".")[2])
def test_a_page_with_holes_says_them(hide, kind):
    for page in kind.pages(hide(pl.int_range(pl.len()) % 3 > 0)):
        assert not RAW_VALUES.search(words(page.text))
        for figure in page.figures:
            gone = figure.frame.filter(~OF_OTHERS, pl.col("status") == "nd")
            assert gone["estimate"].null_count() == gone.height
            drawn = words(figure.to_markdown())
            assert gone.is_empty() or re.search(r"\bnd\b", drawn), figure.caption.id


def test_withheld_key_figures_show_their_reason_and_no_number(hide):
    edition = hide(pl.lit(True))["entreprises"]
    figures = key_figures_of(edition)
    said = words(key_figures(figures))
    assert said.count("nd") >= len(figures) >= 3 and not SHARE.search(said)
    assert not RAW_VALUES.search(said)


def test_nothing_is_found_in_withheld_cells(hide):
    assert len(findings(hide(pl.lit(False)))) == 5
    assert findings(hide(pl.lit(True))) == []


def test_each_finding_has_its_figure_and_leads_to_its_indicator(hide):
    said = findings(hide(pl.lit(False)))
    pages = [re.search(r"\]\((indicateurs/[\w-]+)\.qmd\)", told)[1] for told in said]
    assert len(pages) == len(said) == 5
    assert all(SHARE.search(told) for told in said)


def test_findings_speak_of_each_population_in_turn(hide, monkeypatch):
    one = hide(pl.lit(False))["entreprises"]
    one = replace(one, file=one.file.model_copy(update={"name": "Les unes"}))
    two = replace(one, file=one.file.model_copy(update={"name": "Les autres"}))
    always = [lambda edition, word=word: Claim(word, "", "usage_ia") for word in "abc"]
    only_first = [lambda edition: Claim("d", "", "usage_ia") if edition is one else None]
    monkeypatch.setattr(reports.essential, "SUBJECTS", [*always, *only_first])
    named = [told.split(".**")[0] for told in findings({"one": one, "two": two})]
    assert named == ["**Les unes", "**Les autres", "**Les unes", "**Les unes"]


def test_a_subject_withheld_gives_way_to_the_next(hide):
    barriers = hide(pl.col("family") == "freins")
    said = findings(barriers)
    assert len(said) == 5 and not any("frein" in told for told in said)


def test_a_place_without_a_figure_is_not_counted_among_those_known(hide):
    epci = (pl.col("indicator") == "usage_ia") & (pl.col("domain_type") == "epci")
    shown = hide(pl.lit(False))
    cells = next(iter(shown.values())).cells.filter(epci, pl.col("statistic") == "share")
    count = cells["estimate"].drop_nulls().len()
    assert f"{count} sur {cells.height} pour les entreprises" in what_is_not_known(shown)
    assert f"aucune sur {cells.height} pour les entreprises" in what_is_not_known(
        hide(pl.lit(True))
    )
