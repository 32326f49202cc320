"""Figures of an edition where cells are withheld: none fails, shows or claims what it cannot."""

import re
from dataclasses import replace

import polars as pl
import pytest
from reports.contents import FIGURES

from analysis.disclosure import NUMBERS
from reports import enterprises, headline
from reports.control import RAW_VALUES
from reports.edition import Edition, open_edition
from reports.figures import key_figures

OWN = pl.col("domain_type") != "comparateur"


def withheld(edition: Edition, where: pl.Expr) -> Edition:
    """The edition with the cells of `where` withheld."""
    hidden = [pl.when(~where).then(pl.col(name)).alias(name) for name in NUMBERS]
    status = pl.when(where).then(pl.lit("nd")).otherwise("status")
    return replace(edition, cells=edition.cells.with_columns(*hidden, status=status))


@pytest.fixture
def editions(estimated, monkeypatch):
    """Both editions with cells withheld, as the figures open them."""
    monkeypatch.chdir(estimated)
    open_edition.cache_clear()
    true = {year: open_edition(year) for year in (2025, 2026)}

    def hide(where: pl.Expr) -> Edition:
        made = {year: withheld(edition, where) for year, edition in true.items()}
        monkeypatch.setattr(Edition, "previous", lambda _: made[2025])
        return made[2026]

    yield hide
    open_edition.cache_clear()


def words(markdown: str) -> str:
    """What a reader sees of a figure: no chart, no address, no script."""
    text = re.sub(r"<(script|svg)\b.*?</\1>", " ", markdown, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


SHARE = re.compile(r"\d+(?:,\d+)?[\u202f ]%")
LEVEL = re.compile(r"Intervalle à.95.%|intervalle de confiance à 95.%")


@pytest.mark.parametrize("number", range(len(FIGURES)))
def test_a_figure_with_nothing_to_show_shows_nothing(editions, number):
    figure = FIGURES[number](editions(pl.lit(True)))
    data = figure.frame.filter(OWN)
    assert data.select(pl.col(NUMBERS).is_not_null().any()).row(0) == (False,) * len(NUMBERS)
    said = LEVEL.sub("", words(figure.to_markdown()))
    if number:  # the first compares with published figures, which stay
        assert not SHARE.search(said), said
    assert "aucune estimation de cette figure n’est assez précise" in said or (
        "n’est pas mesurable" in said and "non mesurable" in figure.caption.title
    )
    assert re.search(r"\bnd\b", said) and not RAW_VALUES.search(said)
    claims = (
        "progresse",
        "recule",
        "sur deux",
        "premier",
        "plus répandu en",
        "proche",
        "nettement",
    )
    assert not [claim for claim in claims if claim in figure.caption.title], figure.caption.title


@pytest.mark.parametrize("number", range(len(FIGURES)))
def test_a_figure_with_holes_says_them(editions, number):
    odd = pl.int_range(pl.len()) % 3 > 0
    edition = editions(odd)
    figure = FIGURES[number](edition)
    said = words(figure.to_markdown())
    hidden = figure.frame.filter(OWN, pl.col("status") == "nd")
    assert not RAW_VALUES.search(said)
    assert hidden.height == 0 or re.search(r"\bnd\b", said)
    assert hidden["estimate"].null_count() == hidden.height


def test_figures_have_one_address_each_and_say_they_are_simulated(editions):
    captions = [function(editions(pl.lit(True))).caption for function in FIGURES]
    assert len({caption.id for caption in captions}) == len(FIGURES) >= 8
    assert all(caption.simulated and caption.field and caption.source for caption in captions)


def test_the_lecture_of_hidden_use_reads_the_answer_it_names(editions):
    hidden = pl.col("indicator") == "statut__cache"
    assert "sans le dire" not in enterprises.hidden_use(editions(hidden)).caption.reading
    shown = enterprises.hidden_use(editions(pl.lit(False)))
    firm = shown.frame.filter(hidden, pl.col("status") == "ok")
    assert firm.is_empty() == ("sans le dire" not in shown.caption.reading)


def test_the_comparison_keeps_the_published_figures(editions):
    figure = headline.comparison(editions(pl.lit(True)))
    others = figure.frame.filter(~OWN)
    assert others["domain"].n_unique() == others.height >= 2
    assert others["estimate"].is_between(0.01, 0.6).all()
    said = words(figure.to_markdown())
    assert "Union européenne" in said and "France" in said
    assert figure.caption.title == "La région, la France et l’Union européenne, sur le même champ"


@pytest.mark.parametrize(
    ("low", "high", "title"),
    [(0.5, 0.6, "plus répandu"), (0.01, 0.02, "moins répandu"), (0.1, 0.3, "proche")],
)
def test_the_comparison_claims_what_its_interval_allows(editions, low, high, title):
    edition = editions(pl.lit(False))
    numbers = {"estimate": (low + high) / 2, "conf_low": low, "conf_high": high}
    changed = edition.cells.with_columns(
        pl.lit(value).alias(name) for name, value in numbers.items()
    )
    assert title in headline.comparison(replace(edition, cells=changed)).caption.title


def test_withheld_key_figures_show_their_reason_and_no_number(editions):
    edition = editions(pl.lit(True))
    said = words(key_figures(headline.key_figures_of(edition)))
    assert said.count("nd") >= 6 and not SHARE.search(said)
    assert not RAW_VALUES.search(said)
