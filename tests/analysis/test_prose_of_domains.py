"""Sentences on a domain beside the region: French that holds, and claims that the figures bear."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.cells import value_text
from analysis.profiles import ABOVE, BELOW, LEAST_GAP, LEVEL_WITH, SLIGHT
from analysis.prose import (
    Fact,
    Setting,
    elides,
    magnitude_words,
    number_words,
    of,
    plural_label,
    points_apart,
    quoted,
    rank_words,
    sure_ratio,
    than,
)
from analysis.telling import (
    FORMS,
    Teller,
    counted_verdict,
    family_sentence,
    finding,
    lead_sentence,
    main_sentence,
    parted_sentence,
    side_title,
)
from analysis.wording import Noun
from survey.french import NNBSP

FIRM = Noun("entreprise", "entreprises", feminine=True)
USES = ("utilise l’IA", "utilisent l’IA")
TRADE = Setting.of_subject("Commerce", "le commerce")
TOWNS = Setting.of_subject("Communes", "les communes")
VENDEE = Setting("Vendée", "en Vendée", "de la Vendée")
WRONG = re.compile(
    r"\b(de|à) les? |\bque [aeiouéèêâ]|\bde [aeiouéèêâ](?!u )| {2}|None|nan|\{|\}| ,|\.\.|;\."
)


def fact(value, region, verdict, *, verb=USES, status="ok", half=0.02, **kept):
    row = {
        "population": "entreprises",
        "indicator": kept.pop("indicator", "usage"),
        "statistic": kept.pop("statistic", "share"),
        "status": status,
        "estimate": value,
        "conf_low": value and max(value - half, 0),
        "conf_high": value and min(value + half, 1),
        "whole_estimate": region,
        "whole_low": region - 0.005,
        "whole_high": region + 0.005,
        "difference": None if value is None else value - region,
        "verdict": verdict,
        "n_respondents": 120,
    }
    return Fact(row, "Usage de l’IA", FIRM, verb=verb, **{"whole": True} | kept)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("le commerce", "du commerce"),
        ("les transports", "des transports"),
        ("les élèves et les étudiants", "des élèves et des étudiants"),
        ("l’industrie", "de l’industrie"),
        ("la construction", "de la construction"),
        ("Angers", "d’Angers"),
        ("Le Mans", "de Le Mans"),  # a place comes with its own genitive: only articles contract
    ],
)
def test_of(subject, said):
    assert of(subject) == said


def test_than_and_elision():
    assert than("en Vendée") == "qu’en Vendée"
    assert than("dans la Sarthe") == "que dans la Sarthe"
    assert than("à Laval") == "qu’à Laval"
    assert elides("œuvre") and not elides("hôpital")


def test_settings():
    assert Setting("Commerce", "dans le commerce", "du commerce") == TRADE
    assert TOWNS.units == "communes"


def test_small_words():
    assert [number_words(n) for n in (1, 12, 13, 1200)] == ["un", "douze", "13", f"1{NNBSP}200"]
    assert number_words(1, feminine=True) == "une"
    assert (rank_words(1), rank_words(12)) == ("1er", "12e")
    assert plural_label("Type d’organisme") == "types d’organisme"
    assert plural_label("Campus") == "campus"
    assert quoted("dit « plus » d’IA") == "« dit “ plus ” d’IA »"


def test_each_turn_of_phrase():
    above = fact(0.31, 0.19, ABOVE)
    told = [form(above, TRADE) for form in FORMS]
    assert told == [
        "la part des entreprises du commerce qui utilisent l’IA atteint 31\u202f%, soit"
        " 12\u00a0points de plus que dans l’ensemble de la région",
        "dans le commerce, un peu plus de trois entreprises sur dix utilisent l’IA, contre"
        " 19\u202f% dans la région",
        None,
        "plus souvent que dans l’ensemble de la région, les entreprises du commerce utilisent l’IA"
        " (31\u202f%, contre 19\u202f%)",
        None,
        "dans l’ensemble de la région, 19\u202f% des entreprises utilisent l’IA ; cette part"
        " atteint 31\u202f% dans le commerce",
        "l’indicateur « Usage de l’IA » s’établit à 31\u202f%, au-dessus du niveau régional"
        " (19\u202f%)",
    ]


def test_the_turns_of_a_part_of_the_units_and_of_a_kind_of_unit():
    part = fact(0.10, 0.19, BELOW, whole=False)
    assert FORMS[0](part, TRADE).startswith(
        "la part des entreprises qui utilisent l’IA se limite à"
    )
    towns = FORMS[3](fact(0.10, 0.19, BELOW), TOWNS)
    assert towns.startswith(
        "moins souvent que dans l’ensemble de la région, les communes utilisent"
    )


def test_a_ratio_needs_bounds_far_apart():
    assert sure_ratio(fact(0.40, 0.19, ABOVE)) == "plus de deux fois plus"
    assert sure_ratio(fact(0.05, 0.19, BELOW)) == "près de quatre fois moins"
    assert sure_ratio(fact(0.40, 0.19, ABOVE, half=0.15)) is None
    assert sure_ratio(fact(0.0, 0.19, BELOW)) is None


def test_points_are_those_a_reader_subtracts():
    assert points_apart(fact(0.31, 0.19, ABOVE)) == "12\u00a0points de plus"
    assert points_apart(fact(0.18, 0.191, BELOW)) == "1\u00a0point de moins"
    assert points_apart(fact(0.0454, 0.1906, BELOW)) is None  # 5 and 19, but 14.5 apart
    assert points_apart(fact(3.9, 3.0, ABOVE, statistic="mean", verb=None)) is None


def test_a_long_noun_is_said_before_its_share():
    many = Noun("structure de l’ESS ou autre", "structures de l’ESS ou autres", feminine=True)
    told = Fact(fact(0.31, 0.19, ABOVE).row, "Usage", many, verb=USES)
    assert magnitude_words(told) == (
        "parmi les structures de l’ESS ou autres, un peu plus de trois sur dix utilisent l’IA"
    )


def test_a_share_of_nil_is_never_worded_as_a_magnitude():
    assert magnitude_words(fact(0.0, 0.19, BELOW)) is None
    assert finding(fact(0.0, 0.19, BELOW), TRADE, "neutre") == "Neutre"


def test_a_page_tells_each_thing_once_and_never_by_the_same_turn():
    teller = Teller()
    facts = [fact(0.31, 0.19, ABOVE, indicator=f"i{i}") for i in range(9)]
    told = [teller.tell(each, TRADE) for each in facts]
    said = [words for words in told if words]
    assert len(said) == len(set(said)) == 5  # two turns suit none of these facts
    assert told[5:] == [None] * 4
    assert Teller().tell(facts[0], TRADE) == said[0]
    again = Teller()
    again.mark(facts[0])
    assert again.tell(facts[0], TRADE) is None


@pytest.mark.parametrize("verdict", [LEVEL_WITH, SLIGHT, None])
def test_what_the_test_does_not_keep_is_not_told(verdict):
    assert Teller().tell(fact(0.31, 0.19, verdict), TRADE) is None


@pytest.mark.parametrize(
    ("told", "end"),
    [
        (fact(0.31, 0.19, ABOVE), ", contre 19\u202f% dans l’ensemble de la région."),
        (
            fact(0.21, 0.19, LEVEL_WITH),
            "\u202f; l’écart avec l’ensemble de la région (19\u202f%) n’est pas établi.",
        ),
        (fact(0.19, 0.19, LEVEL_WITH), ", 19\u202f% aussi dans l’ensemble de la région."),
        (fact(0.28, 0.30, SLIGHT), ", un peu moins que dans l’ensemble de la région (30\u202f%)."),
        (fact(0.31, 0.19, None), " utilisent l’IA."),
    ],
)
def test_the_main_indicator_beside_the_region(told, end):
    said = main_sentence(told, TRADE)
    assert said.startswith(f"Dans le commerce, {told.value} des entreprises utilisent l’IA")
    assert said.endswith(end)


def test_a_kind_of_unit_is_counted_by_its_name():
    said = finding(fact(0.65, 0.30, ABOVE), TOWNS, "-")
    assert said == "Parmi les communes, près de deux sur trois utilisent l’IA"
    assert main_sentence(fact(0.28, 0.30, SLIGHT), TOWNS).startswith(
        "28\u202f% des communes utilisent"
    )


@pytest.mark.parametrize(
    ("status", "why"), [("nd", "trop peu de réponses ou secret"), ("secret", "secret statistique")]
)
def test_a_withheld_main_indicator_says_why_and_carries_no_number(status, why):
    said = main_sentence(fact(None, 0.19, None, status=status), VENDEE)
    assert (
        said
        == f"En Vendée, la part des entreprises qui utilisent l’IA n’est pas publiée\u202f: {why}."
    )
    assert not re.search(r"\d", said)


def test_a_fragile_main_indicator_says_so_and_makes_no_title():
    frail = fact(0.52, 0.19, None, status="fragile", half=0.11)
    said = main_sentence(frail, VENDEE)
    assert "cette estimation est fragile" in said and "entre 41 et 63\u202f%" in said
    assert finding(frail, VENDEE, "l’IA en Vendée") == "L’IA en Vendée"


def test_the_lead_gives_the_interval():
    said = lead_sentence(fact(0.31, 0.19, ABOVE))
    assert said == (
        "La part est de 31\u202f% (intervalle de confiance\u202f: de 29 à 33\u202f%), contre"
        " 19\u202f% dans l’ensemble de la région."
    )


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("verdict", [ABOVE, BELOW])
def test_answers_agree_in_number(turn, count, verdict):
    value = 0.3 if verdict == ABOVE else 0.05
    facts = [fact(value, 0.19, verdict, verb=None) for _ in range(count)]
    said = family_sentence("Les freins", facts, turn)
    assert not WRONG.search(said)
    plural = re.search(r"\b(reviennent|dépassent|restent|ressortent)\b", said)
    assert bool(plural) == (count == 2)
    up = re.search(r"plus souvent|dépass|nettement plus", said)
    assert bool(up) == (verdict == ABOVE)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 0), "Aucun chiffre n’est assez précis pour être comparé à la région sans risque"),
        ((0, 0, 1), "Le seul indicateur comparé ne s’écarte pas nettement de la région."),
        (
            (0, 0, 9),
            "Aucun des 9 indicateurs comparés ne s’écarte nettement de la région\u202f; pour",
        ),
        (
            (0, 2, 9),
            "Aucun des 9 indicateurs comparés ne s’écarte nettement de la région, mais deux",
        ),
        (
            (1, 0, 9),
            "Sur 9 indicateurs comparés, un seul s’écarte nettement de la région\u202f; pour",
        ),
        ((3, 2, 9), "Sur 9 indicateurs comparés, trois s’écartent nettement de la région, et deux"),
        (
            (3, 1, 4),
            "Sur 4 indicateurs comparés, trois s’écartent nettement de la région, et un s’en",
        ),
        ((4, 0, 4), "Les 4 indicateurs comparés s’écartent nettement de la région."),
    ],
)
def test_how_many_differ(counts, said):
    found = counted_verdict(*counts)
    assert found.startswith(said)
    kept, slight, tested = counts
    assert ("hasard" in found) == (tested > 1 and kept + slight < tested)
    assert ("un peu" in found) == (slight > 0)


def test_titles_of_figures_count_each_side():
    assert side_title(["a", "b"], ["c"], 9) == (
        "Deux indicateurs plus élevés que dans la région, un plus bas"
    )
    assert side_title([], ["usage de l’IA"], 9) == (
        "Usage de l’IA\u202f: une part plus faible que dans la région"
    )
    assert side_title([], [], 9) == "Aucun écart net avec la région"
    assert "trop fragiles" in side_title([], [], 0)


def test_those_parted_are_named_up_to_two_else_counted():
    def said(above, below, others, kind, place=TRADE):
        return parted_sentence(fact(0.31, 0.19, ABOVE), place, above, below, others, kind)

    assert said([], [], 4, "autres départements") == ""
    assert said(["en Vendée", "dans la Sarthe"], [], 4, "x") == (
        "Dans le commerce, la part des entreprises qui utilisent l’IA est nettement plus élevée"
        " qu’en Vendée et que dans la Sarthe."
    )
    assert said([], ["à A", "à B", "à C"], 3, "autres types", TOWNS) == (
        "La part des communes qui utilisent l’IA est nettement plus faible que dans les trois"
        " autres types."
    )
    assert said(["à A", "à B", "à C"], ["à D"], 11, "autres secteurs") == (
        "Dans le commerce, la part des entreprises qui utilisent l’IA est nettement plus élevée"
        " que dans trois des onze autres secteurs et plus faible qu’à D."
    )


shares = st.floats(0.001, 0.999)


@given(
    value=shares, region=shares, half=st.floats(0.001, 0.1), place=st.sampled_from([TRADE, VENDEE])
)
def test_whatever_the_figures_a_sentence_says_what_they_are(value, region, half, place):
    assume(abs(value - region) >= LEAST_GAP)
    told = fact(value, region, ABOVE if value > region else BELOW, half=half)
    for form in FORMS:
        words = form(told, place)
        if words is None:
            continue
        assert not WRONG.search(words), words
        assert value_text(region, "share") in words or points_apart(told) in words
        up = re.search(r"atteint|plus souvent|fois plus|de plus|au-dessus", words)
        down = re.search(r"se limite|n’est que|moins souvent|fois moins|de moins|au-dessous", words)
        assert not (up and down), words
        assert not (up if value < region else down), words
        if (ratio := sure_ratio(told)) and ratio in words:
            assert max(value, region) / min(value, region) >= 1.8
    assert not WRONG.search(main_sentence(told, place))
    assert told.value in main_sentence(told, place)


@given(value=shares, region=shares, verdict=st.sampled_from([LEVEL_WITH, SLIGHT, None]))
def test_no_gap_is_claimed_that_the_test_does_not_keep(value, region, verdict):
    said = main_sentence(fact(value, region, verdict), TRADE) + lead_sentence(
        fact(value, region, verdict)
    )
    assert "contre" not in said
    assert ("un peu" in said) == (
        verdict == SLIGHT and value_text(value, "share") != value_text(region, "share")
    )
