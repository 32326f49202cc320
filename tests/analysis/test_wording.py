"""Words: true over the whole range, and titles that the figures cannot contradict."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alternatives import alt_text
from analysis.findings import (
    finding_change,
    finding_gap,
    finding_places,
    finding_share,
    finding_top,
    finding_trend,
)
from analysis.marks import Reference
from analysis.wording import (
    Noun,
    change_ends,
    change_interval,
    change_sentence,
    change_words,
    interval_words,
    is_plural,
    magnitude,
    order_of_magnitude,
    ratio_words,
    reading,
    share_among,
)
from tests.published import SECTORS, cells

FIRM = Noun("entreprise", "entreprises", feminine=True)
WORKER = Noun("salarié", "salariés")
USES = ("utilise l’IA", "utilisent l’IA")


@pytest.mark.parametrize(
    ("share", "alone", "counted"),
    [
        (0, "aucun", "aucune entreprise"),
        (0.004, "moins d’un sur cent", "moins d’une entreprise sur cent"),
        (0.24, "près d’un quart", "près d’une entreprise sur quatre"),
        (0.25, "un quart", "une entreprise sur quatre"),
        (0.27, "un peu plus d’un quart", "un peu plus d’une entreprise sur quatre"),
        (0.3, "trois sur dix", "trois entreprises sur dix"),
        (0.5, "la moitié", "la moitié des entreprises"),
        (0.56, "plus de la moitié", "plus de la moitié des entreprises"),
        (0.66, "près de deux tiers", "près de deux entreprises sur trois"),
        (0.99, "presque tous", "presque toutes les entreprises"),
        (1, "tous", "toutes les entreprises"),
    ],
)
def test_orders_of_magnitude(share, alone, counted):
    assert order_of_magnitude(share) == alone
    assert order_of_magnitude(share, FIRM) == counted


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "aucune"),
        (0.004, "moins d’une sur cent"),
        (0.27, "un peu plus d’une sur quatre"),
        (0.3, "trois sur dix"),
        (0.56, "plus de la moitié"),
        (0.99, "presque toutes"),
        (1, "toutes"),
    ],
)
def test_a_long_noun_is_said_first(share, said):
    network = Noun("entreprise connectée à internet", "entreprises connectées à internet", True)
    assert share_among(share, network) == f"parmi les entreprises connectées à internet, {said}"
    assert share_among(share, FIRM) == order_of_magnitude(share, FIRM)


def test_the_noun_agrees():
    assert order_of_magnitude(0.26, WORKER) == "un peu plus d’un salarié sur quatre"
    assert order_of_magnitude(1, WORKER) == "tous les salariés"


@given(st.floats(0.0095, 0.985))
def test_the_words_never_contradict_the_share(share):
    found, words = magnitude(share), order_of_magnitude(share, FIRM)
    gap = share - found.value
    assert abs(gap) <= 0.07
    assert abs(gap) <= 0.36 * share + 0.001
    bounds = {"exact": (-0.005, 0.005), "about_above": (0, 0.03), "about_below": (-0.03, 0)}
    low, high = bounds.get(found.relation, (0, 0.07))
    assert low - 1e-12 <= gap <= high + 1e-12
    assert words.startswith("un peu plus") == (found.relation == "about_above")
    assert words.startswith("près") == (found.relation == "about_below")


@given(st.floats(0.01, 0.98))
def test_the_verb_agrees_with_the_words(share):
    words = order_of_magnitude(share, FIRM)
    assert is_plural(share) == ("entreprises" in words)


@given(st.floats(0, 1), st.floats(0, 1))
def test_larger_shares_never_sound_smaller_by_more_than_the_bound(first, second):
    low, high = sorted((max(first, 0.01), min(max(second, 0.01), 0.98)))
    low = min(low, high)
    assert magnitude(low).value <= magnitude(high).value + 1e-9


def test_intervals_in_words():
    assert interval_words(0.22, 0.26) == "entre 22 et 26\u202f% (intervalle à 95\u202f%)"
    assert interval_words(0.221, 0.224) == "entre 22,1 et 22,4\u202f% (intervalle à 95\u202f%)"
    assert interval_words(1200, 1350, "total").startswith("entre 1\u202f200 et 1\u202f350 (")
    assert reading("38 % des entreprises l'utilisent", 0.32, 0.44) == (
        "38\u202f% des entreprises l’utilisent\u202f; "
        "l’intervalle de confiance à 95\u202f% va de 32 à 44\u202f%."
    )


@given(st.floats(1, 50))
def test_ratio_words_are_true(ratio):
    numbers = {"deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8}
    numbers |= {"neuf": 9, "dix": 10}
    words = ratio_words(ratio)
    if words is None:
        assert ratio < 1.8
        return
    said = numbers[words.removeprefix("près de ").removeprefix("plus de ").split()[0]]
    if words.startswith("plus de"):
        assert said < ratio and (ratio < said + 1 or said == 10)
    elif words.startswith("près de"):
        assert 0.9 * said <= ratio < said
    else:
        assert ratio == pytest.approx(said, rel=0.031)


def test_change_words_need_a_test():
    assert change_words(0.05, "hausse") == "+5\u00a0points"
    assert change_words(0.02, "stable") == change_words(-0.02, "stable") == "stable"
    for difference in (0.0, 0.02, -0.18):
        assert change_words(difference, "non établie") == "pas d’évolution établie"
    assert change_words(0.05, None) == "non comparé"
    assert change_words(0.004, "hausse") == "+0,4\u00a0point"


@pytest.mark.parametrize(
    ("low", "high", "statistic", "said"),
    [
        (-0.081, 0.064, "share", "[−8 ; +6]"),
        (-0.003, 0.063, "share", "[−0,3 ; +6,3]"),  # « 0 » would hide the side
        (0.0004, 0.03, "share", "[+0,04 ; +3,00]"),
        (0.012, 0.014, "share", "[+1,2 ; +1,4]"),
        (0.0, 0.0, "share", "[0 ; 0]"),
        (-1234.4, 2500.2, "total", "[−1 234 ; +2 500]"),
        (None, None, "share", ""),
    ],
)
def test_the_interval_of_a_change_keeps_its_side(low, high, statistic, said):
    assert change_interval(low, high, statistic).replace("\u202f", " ") == said.replace("-", "−")


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_an_interval_as_printed_leaves_zero_out_where_it_does(one, other):
    low, high = sorted((one, other))
    ends = [float(end.replace(",", ".").replace("−", "-")) for end in change_ends(low, high)]
    if low > 2e-5 or high < -2e-5:
        assert ends[0] * ends[1] > 0
    assert ends[0] <= ends[1]


def test_a_change_is_said_with_its_interval():
    change = {"difference": 0.05, "verdict": "hausse", "series_break": None}
    change |= {"conf_low": 0.031, "conf_high": 0.078}
    said = change_sentence(change).replace("\u202f", " ").replace("\u00a0", " ")
    assert said == "+5 points (intervalle à 95 % : entre +3 et +8)"
    said = change_sentence(change | {"verdict": "non établie", "conf_low": -0.02})
    assert said.startswith("pas d’évolution établie (") and "entre −2 et +8\u00a0points)" in said
    assert change_sentence(change | {"verdict": None, "conf_low": None}) == "non comparé"


SUBJECTS = {"JZ": "le numérique", "FZ": "la construction", "GZ": "les commerces"}


def test_a_gap_is_said_when_intervals_are_apart():
    title = finding_gap(SECTORS, SUBJECTS, USES, "L’usage par secteur")
    assert title == "Le numérique utilise l’IA plus de six fois plus souvent que la construction"
    near = cells(("GZ", "C", 0.3, 0.27, 0.33, "ok"), ("JZ", "N", 0.2, 0.17, 0.26, "ok"))
    assert (
        finding_gap(near, SUBJECTS, USES, "-")
        == "Les commerces utilisent l’IA plus souvent que le numérique"
    )


def test_a_gap_between_places_says_where():
    where = {"JZ": "à Angers", "FZ": "en Vendée", "GZ": "dans la Sarthe"}
    title = finding_places(SECTORS, "les entreprises", "utilisent l’IA", where, "-")
    assert title == (
        "Les entreprises utilisent l’IA plus de six fois plus souvent à Angers qu’en Vendée"
    )
    near = cells(("GZ", "C", 0.3, 0.27, 0.33, "ok"), ("JZ", "N", 0.2, 0.17, 0.26, "ok"))
    said = finding_places(near, "les entreprises", "utilisent l’IA", where, "-")
    assert said == "Les entreprises utilisent l’IA plus souvent dans la Sarthe qu’à Angers"
    assert finding_places(near.head(1), "les entreprises", "", where, "neutre") == "Neutre"


@given(
    st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
    st.tuples(st.floats(0.01, 0.5), st.floats(0.01, 0.5)),
    st.sampled_from(["ok", "fragile"]),
)
def test_no_gap_is_said_when_intervals_meet_and_no_ratio_of_a_fragile_cell(shares, halves, status):
    rows = [
        (code, code, share, max(share - half, 0.0), min(share + half, 1.0), status)
        for code, share, half in zip(("JZ", "FZ"), shares, halves, strict=True)
    ]
    meet = abs(shares[0] - shares[1]) <= halves[0] + halves[1]
    title = finding_gap(cells(*rows), SUBJECTS, USES, "Neutre")
    if meet:
        assert title == "Neutre"
    elif title != "Neutre":  # else chance could part them so
        assert status == "ok" or "fois plus" not in title
        higher = "Le numérique" if shares[0] > shares[1] else "La construction"
        assert title.startswith(f"{higher} utilise l’IA")


def test_a_share_title_needs_a_firm_figure():
    cell = {"estimate": 0.24, "status": "ok"}
    assert finding_share(cell, FIRM, USES, "-") == "Près d’une entreprise sur quatre utilise l’IA"
    half = {"estimate": 0.5, "status": "ok"}
    assert finding_share(half, FIRM, USES, "-") == "La moitié des entreprises utilisent l’IA"
    assert finding_share(cell | {"status": "fragile"}, FIRM, USES, "neutre") == "Neutre"
    assert finding_share({"estimate": None, "status": "nd"}, FIRM, USES, "neutre") == "Neutre"


def sizes(*shares, half=0.02):
    return cells(*((str(i), str(i), s, s - half, s + half, "ok") for i, s in enumerate(shares)))


def test_a_trend_needs_order_and_ends_apart():
    along = ("l’usage", "la taille", "Neutre")
    assert finding_trend(sizes(0.1, 0.2, 0.3), *along) == "L’usage augmente avec la taille"
    assert finding_trend(sizes(0.3, 0.2, 0.1), *along) == "L’usage diminue avec la taille"
    assert finding_trend(sizes(0.1, 0.3, 0.2), *along) == "Neutre"
    assert finding_trend(sizes(0.1, 0.11, 0.12), *along) == "Neutre"
    assert finding_trend(SECTORS, *along) == "Neutre"


def test_a_first_rank_needs_a_clear_second():
    clear = cells(("a", "Le coût", 0.5, 0.46, 0.54, "ok"), ("b", "Le temps", 0.3, 0.26, 0.34, "ok"))
    assert finding_top(clear, "premier frein", "Freins") == "Le coût, premier frein"
    tied = clear.with_columns(conf_high=pl.Series([0.54, 0.47]))
    assert finding_top(tied, "premier frein", "Freins les plus cités") == "Freins les plus cités"
    third = pl.concat([tied, cells(("c", "Le droit", 0.1, 0.07, 0.13, "ok"))])
    said = finding_top(third, "premier frein", "Freins les plus cités")
    assert said == "Freins les plus cités\u202f: «\u202fle coût\u202f» et «\u202fle temps\u202f»"
    assert finding_top(SECTORS.tail(2), "premier frein", "freins") == "Freins"


EXCEPTIONS = {"a": "chez les indépendants"}
VERDICTS = ["hausse", "baisse", "stable", "non établie", None]


def verdicts(*values):
    return pl.DataFrame({"domain": list("abcdef")[: len(values)], "verdict": list(values)})


@pytest.mark.parametrize(
    ("values", "title"),
    [
        (("hausse", "hausse"), "L’usage progresse partout"),
        (("baisse", "baisse"), "L’usage recule partout"),
        (("hausse", "hausse", "stable"), None),
        (("stable", "hausse", "hausse"), "L’usage progresse partout, sauf chez les indépendants"),
        (
            ("stable", "hausse", "hausse", None),
            "L’usage progresse nettement dans deux secteurs sur quatre",
        ),
        (("stable", "stable", "hausse"), "L’usage progresse nettement dans un secteur sur trois"),
        (("stable", "stable"), "L’usage est stable"),
        (("stable", "non établie"), "L’usage n’a pas d’évolution établie"),
        (
            ("non établie", "hausse", "hausse"),  # it may have risen too: it is no exception
            "L’usage progresse nettement dans deux secteurs sur trois",
        ),
        (("hausse", "baisse"), "L’usage évolue en sens contraires"),
    ],
)
def test_change_titles(values, title):
    said = finding_change(verdicts(*values), "l’usage", EXCEPTIONS, Noun("secteur", "secteurs"))
    assert said == (title or "L’usage progresse nettement dans deux secteurs sur trois")


@given(st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=6))
def test_everywhere_is_never_said_too_soon(values):
    said = finding_change(verdicts(*values), "l’usage", EXCEPTIONS, Noun("secteur", "secteurs"))
    if "partout" in said:
        assert not {None, "non établie"} & set(values)
        assert len({v for v in values if v != "stable"}) == 1
        assert ("stable" in values) == ("sauf" in said)


def test_the_text_alternative_says_extremes_reference_and_what_is_missing():
    said = alt_text(SECTORS, "dots", "part des entreprises", Reference("Région", 0.24))
    assert said == (
        "Points avec intervalle à 95\u202f%\u202f: part des entreprises. "
        "Le plus élevé des chiffres diffusés\u202f: Information et communication, 57\u202f%. "
        "Les autres\u202f: de 9\u202f% à 27\u202f%. Région\u202f: 24\u202f%. "
        "1 estimation fragile. 2 estimations non diffusées."
    )
    firm = alt_text(SECTORS.head(3), "dots", "part")
    assert "Le plus élevé\u202f: Information" in firm
    assert "Le plus bas\u202f: Construction, 9\u202f%." in firm
    close = SECTORS.head(3).with_columns(conf_low=pl.lit(0.05), conf_high=pl.lit(0.6))
    said = alt_text(close, "dots", "part")
    assert said.endswith("Valeurs\u202f: de 9\u202f% à 57\u202f%, écarts non établis.")
    empty = alt_text(SECTORS.tail(2), "map", "part")
    assert empty == "Carte\u202f: part. 2 estimations non diffusées."


def test_extremes_of_many_equal_domains_are_seldom_a_finding():
    """Twelve domains of one true share: a gap title may come up about 5 times in 100."""
    generator = np.random.default_rng(12)
    said = 0
    for _ in range(400):
        shares = generator.normal(0.2, 0.03, 12)
        rows = [(f"d{i}", f"D{i}", s, s - 0.0588, s + 0.0588, "ok") for i, s in enumerate(shares)]
        names = {f"d{i}": f"le secteur {i}" for i in range(12)}
        title = finding_gap(cells(*rows), names, ("utilise", "utilisent"), "neutre")
        said += title != "Neutre"
    assert said / 400 < 0.09  # three and a half standard deviations over 5 %
