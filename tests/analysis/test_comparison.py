"""Changes between editions, and gaps to a published figure."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.comparison import compare_editions, compare_with_reference
from analysis.estimation import RESULT
from survey.errors import SurveyError


def cell(indicator: str, domain: str, estimate, std_error, edition=2025, df=100, **more) -> dict:
    row = dict.fromkeys(RESULT) | {
        "indicator": indicator,
        "population": "entreprises",
        "edition": edition,
        "domain_type": "taille",
        "domain": domain,
        "statistic": "share",
        "estimate": estimate,
        "std_error": std_error,
        "df": df,
        "n_respondents": 400,
        "status": "ok",
    }
    return row | more


def frame(*cells: dict) -> pl.DataFrame:
    return pl.DataFrame(cells, schema=RESULT)


BEFORE = frame(
    cell("ia", "0", 0.20, 0.03, df=50),
    cell("ia", "1-9", 0.40, 0.02),
    cell("ia", "10+", 0.50, 0.02),
    cell("gen", "0", 0.10, 0.02),
)
AFTER = frame(
    cell("ia", "0", 0.30, 0.04, 2026, df=80),
    cell("ia", "1-9", 0.25, 0.02, 2026),
    cell("ia", "10+", 0.51, 0.02, 2026),
    cell("ia", "neuf", 0.51, 0.02, 2026),
    cell("gen", "0", 0.20, 0.02, 2026),
)


def test_a_series_that_broke_in_between_is_not_tested():
    parted = AFTER.with_columns(
        comparable_since=pl.Series([2025, 2026, 2025, 2026, 2024]),
        series_break=pl.Series([None, "ligne ajoutée", None, "neuf", "ancienne"]),
    )
    got = compare_editions(BEFORE, parted)
    assert got["series_break"].to_list() == [None, "ligne ajoutée", None, None]
    row = got.row(1, named=True)
    told = ("difference", "std_error", "conf_low", "df", "p_value", "p_adjusted", "verdict")
    assert [row[name] for name in told] == [None] * len(told)
    assert (row["estimate_before"], row["estimate_after"], row["status"]) == (0.40, 0.25, "ok")
    # the cells that are left are corrected for their own number only
    fewer = compare_editions(
        BEFORE.filter(pl.col("domain") != "1-9"), AFTER.filter(pl.col("domain") != "1-9")
    )
    kept = got.filter(pl.col("series_break").is_null())
    assert kept["p_adjusted"].to_list() == fewer["p_adjusted"].to_list()


def test_difference_error_and_test():
    got = compare_editions(BEFORE, AFTER)
    assert got["domain"].to_list() == ["0", "1-9", "10+", "0"]
    row = got.row(0, named=True)
    assert row["difference"] == pytest.approx(0.10)
    assert row["std_error"] == pytest.approx(0.05)
    df = 0.05**4 / (0.03**4 / 50 + 0.04**4 / 80)
    assert row["df"] == pytest.approx(df)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(2, df))
    assert row["conf_low"] == pytest.approx(0.10 - stats.t.ppf(0.975, df) * 0.05)
    assert (row["edition_before"], row["edition_after"]) == (2025, 2026)


def test_verdicts_count_the_tests_of_the_family():
    got = compare_editions(BEFORE, AFTER)
    # Holm on three tests for `ia`, alone for `gen`.
    p = got["p_value"].to_list()
    assert got["p_adjusted"].to_list() == pytest.approx(
        [min(1, 2 * p[0]), 3 * p[1], max(2 * p[0], p[2]), p[3]]
    )
    assert p[0] < 0.05 < got["p_adjusted"][0]
    assert got["verdict"].to_list() == ["non établie", "baisse", "non établie", "hausse"]
    alone = compare_editions(BEFORE, AFTER, family=("indicator", "domain"))
    assert alone["verdict"].to_list() == ["hausse", "baisse", "non établie", "hausse"]


@pytest.mark.parametrize(
    ("statistic", "before", "after", "error", "verdict"),
    [
        ("share", 0.30, 0.306, 0.005, "stable"),  # interval [−0.4 ; +1.6] points
        ("share", 0.30, 0.31, 0.015, "non établie"),  # [−1.9 ; +3.9]
        ("share", 0.30, 0.30, 0.020, "non établie"),  # no difference, and no proof of it
        ("share", 0.30, 0.32, 0.005, "hausse"),  # small, but sure
        ("share", 0.02, 0.025, 0.004, "non établie"),  # a rare share could have doubled
        ("share", 0.98, 0.975, 0.004, "non établie"),
        ("share", 0.02, 0.021, 0.003, "stable"),
        ("total", 1000.0, 1010.0, 8.0, "stable"),  # inside 3 % of the former
        ("mean", 4.0, 4.02, 0.2, "non établie"),
    ],
)
def test_stable_needs_an_interval_inside_the_margin(statistic, before, after, error, verdict):
    editions = [
        frame(cell("ia", "0", value, error / 2**0.5, year, statistic=statistic, df=1000))
        for value, year in ((before, 2025), (after, 2026))
    ]
    assert compare_editions(*editions)["verdict"].to_list() == [verdict]


@settings(max_examples=60)
@given(st.lists(st.tuples(*[st.floats(0.01, 0.99)] * 2, *[st.floats(1e-4, 0.1)] * 2), min_size=1))
def test_one_of_three_things_is_said_and_its_interval_says_so(pairs):
    before = frame(*(cell("ia", str(i), p, e) for i, (p, _, e, _) in enumerate(pairs)))
    after = frame(*(cell("ia", str(i), q, e, 2026) for i, (_, q, _, e) in enumerate(pairs)))
    for row in compare_editions(before, after).to_dicts():
        low, high, was = row["conf_low"], row["conf_high"], row["estimate_before"]
        margin = min(0.03, 0.5 * was, 0.5 * (1 - was))
        inside = -margin <= low and high <= margin
        match row["verdict"]:
            case "hausse":
                assert low > 0
            case "baisse":
                assert high < 0
            case verdict:
                assert (verdict == "stable") == inside


def test_withheld_cells_stay_withheld():
    hidden = frame(cell("ia", "0", None, None, 2026, df=None, status="nd", n_respondents=None))
    fragile = BEFORE.with_columns(status=pl.lit("fragile"))
    row = compare_editions(fragile, hidden).row(0, named=True)
    assert row["status"] == "nd"
    numbers = ["difference", "std_error", "conf_low", "df", "p_value", "p_adjusted", "verdict"]
    assert [row[name] for name in (*numbers, "estimate_before", "estimate_after")] == [None] * 9
    shown = compare_editions(fragile, AFTER)
    assert shown["status"].unique().to_list() == ["fragile"]


def test_two_shares_without_error_are_stable_when_equal():
    none = frame(cell("ia", "0", 0.0, 0.0), cell("ia", "10+", 0.0, 0.0))
    later = frame(cell("ia", "0", 0.0, 0.0, 2026), cell("ia", "10+", 1.0, 0.0, 2026))
    assert compare_editions(none, later)["verdict"].to_list() == ["stable", "hausse"]


def test_a_share_of_zero_or_one_counts_with_the_error_of_its_interval():
    none = frame(cell("ia", "0", 0.0, 0.0, df=2, conf_low=0.0, conf_high=0.7))
    later = frame(cell("ia", "0", 1.0, 0.0, 2026, df=2, conf_low=0.3, conf_high=1.0))
    got = compare_editions(none, later).row(0, named=True)
    error = 2**0.5 * 0.7 / stats.t.ppf(0.975, 2)
    assert got["std_error"] == pytest.approx(error)
    assert got["p_value"] == pytest.approx(2 * stats.t.sf(1 / error, 4))


@pytest.mark.parametrize("change", [0.01, -0.01])
def test_nothing_is_said_of_a_change_that_cannot_be_tested(change):
    before = frame(cell("ia", "0", 0.3, 0.1, df=0, conf_low=None))
    after = frame(cell("ia", "0", 0.3 + change, 0.1, 2026, df=0))
    got = compare_editions(before, after).row(0, named=True)
    assert (got["p_value"], got["verdict"]) == (None, None)
    exact = compare_editions(frame(cell("ia", "0", 4, 0, df=0)), after)
    assert exact["verdict"].to_list() == [None]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "donner un nombre fini"),
        (float("inf"), "donner un nombre fini"),
        (pl.col("nope"), "« nope » absente"),
        (pl.col("domain"), "« value » contient du texte"),
    ],
)
def test_a_figure_that_is_none_is_refused(value, says):
    with pytest.raises(SurveyError) as error:
        compare_with_reference(BEFORE, value)
    assert says in str(error.value).replace("\u202f", " ")


def test_faults_of_estimates_to_compare_are_told():
    for frame_, says in (
        (BEFORE.with_columns(status=pl.lit("bon")), "« bon » inconnu"),
        (BEFORE.with_columns(std_error=pl.lit("petit")), "« std_error » contient du texte"),
    ):
        with pytest.raises(SurveyError) as error:
            compare_editions(frame_, AFTER)
        assert says in str(error.value).replace("\u202f", " ")
    with pytest.raises(SurveyError, match="absente"):
        compare_editions(BEFORE, AFTER, family=("zzz",))


def test_a_published_zero_with_an_error_leaves_no_warning():
    shares = frame(cell("ia", "0", 0.2, 0.03, conf_low=0.15, conf_high=0.26))
    got = compare_with_reference(shares, 0.0, std_error=0.01).row(0, named=True)
    assert got["position"] == "au-dessus" and got["p_value"] is None


def test_every_correction_takes_a_p_of_one():
    same = AFTER.with_columns(edition=pl.lit(2027))
    for method in ("sidak", "holm-sidak", "fdr_by"):
        assert compare_editions(AFTER, same, adjust=method)["p_adjusted"].drop_nulls().max() == 1


def test_two_editions_in_one_table_are_refused():
    with pytest.raises(SurveyError, match="une seule édition par tableau"):
        compare_editions(pl.concat([BEFORE, AFTER]), AFTER)


def test_editions_without_common_cell_give_no_row():
    nothing = compare_editions(BEFORE, frame(cell("autre", "0", 0.3, 0.1, 2026)))
    assert nothing.is_empty() and "verdict" in nothing.columns


def test_faults():
    with pytest.raises(SurveyError, match="figure deux fois"):
        compare_editions(pl.concat([BEFORE, BEFORE]), AFTER)
    with pytest.raises(SurveyError, match="absente"):
        compare_editions(BEFORE.drop("df"), AFTER)


def test_reference_position_follows_the_interval():
    cells = frame(
        cell("ia", "0", 0.30, 0.02, conf_low=0.26, conf_high=0.34),
        cell("ia", "1-9", 0.10, 0.02, conf_low=0.07, conf_high=0.15),
        cell("ia", "10+", 0.21, 0.02, conf_low=0.17, conf_high=0.25),
        cell("ia", "nd", None, None, df=None, status="nd"),
        cell("ca", "0", 25.0, 2.0, statistic="mean", conf_low=21.0, conf_high=29.0),
    )
    got = compare_with_reference(
        cells, pl.when(pl.col("indicator") == "ca").then(20).otherwise(0.2)
    )
    assert got["position"].to_list() == [
        "au-dessus",
        "au-dessous",
        "écart non établi",
        None,
        "au-dessus",
    ]
    assert got["p_value"][4] == pytest.approx(2 * stats.t.sf(2.5, 100))
    # On the logit scale: (logit 0.3 - logit 0.2) over 0.02 / (0.3 x 0.7).
    ratio = 0.5389965 / (0.02 / 0.21)
    assert got["p_value"][0] == pytest.approx(2 * stats.t.sf(ratio, 100), rel=1e-5)
    assert got["p_value"][3] is None
    assert got["difference_low"][0] == pytest.approx(0.06)


def test_share_of_zero_has_a_position_and_no_p_value():
    cells = frame(cell("ia", "0", 0.0, 0.0, conf_low=0.0, conf_high=0.05))
    got = compare_with_reference(cells, 0.2).row(0, named=True)
    assert (got["position"], got["p_value"], got["reference"]) == ("au-dessous", None, 0.2)


def test_a_correlation_given_shortens_the_error():
    alone = compare_editions(BEFORE, AFTER).row(0, named=True)
    row = compare_editions(BEFORE, AFTER, correlation=0.5).row(0, named=True)
    assert row["difference"] == alone["difference"]
    assert row["std_error"] == pytest.approx((0.03**2 + 0.04**2 - 2 * 0.5 * 0.03 * 0.04) ** 0.5)
    assert row["df"] == 50
    by_cell = pl.when(pl.col("domain") == "0").then(0.5)
    mixed = compare_editions(BEFORE, AFTER, correlation=by_cell)
    assert mixed["std_error"][0] == pytest.approx(row["std_error"])
    assert mixed["std_error"][1] == pytest.approx((2 * 0.02**2) ** 0.5)
    with pytest.raises(SurveyError, match="comprise entre"):
        compare_editions(BEFORE, AFTER, correlation=1.2)


def test_perfect_correlation_of_equal_errors_leaves_none():
    row = compare_editions(BEFORE, AFTER, correlation=1.0).row(1, named=True)
    assert (row["std_error"], row["verdict"]) == (0, "baisse")


def test_published_figure_with_an_error():
    mean = frame(cell("ca", "0", 25.0, 2.0, statistic="mean", conf_low=21.0, conf_high=29.0))
    row = compare_with_reference(mean, 20, std_error=1.5, df=40).row(0, named=True)
    df = 2.5**4 / (2.0**4 / 100 + 1.5**4 / 40)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(5 / 2.5, df))
    # Bounds recovered from both intervals: that of the estimate is 4 wide on each side.
    reach = (4**2 + (stats.t.ppf(0.975, 40) * 1.5) ** 2) ** 0.5
    assert row["difference_low"] == pytest.approx(5 - reach)
    assert row["difference_high"] == pytest.approx(5 + reach)
    bare = compare_with_reference(mean, 20).row(0, named=True)
    # 5 is beyond 4, and within the 5.02 of both errors.
    assert (bare["position"], row["position"]) == ("au-dessus", "écart non établi")
    assert row["p_value"] > bare["p_value"]


def test_published_share_with_an_error_stays_on_its_scale():
    share = frame(cell("ia", "0", 0.30, 0.02, conf_low=0.26, conf_high=0.34))
    row = compare_with_reference(share, 0.2, std_error=0.03).row(0, named=True)
    error = ((0.02 / 0.21) ** 2 + (0.03 / 0.16) ** 2) ** 0.5
    df = error**4 / ((0.02 / 0.21) ** 4 / 100)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(0.5389965 / error, df), rel=1e-6)
    high = 1 / (1 + 4 * 2.718281828 ** (-stats.norm.ppf(0.975) * 0.03 / 0.16))
    assert row["difference_low"] == pytest.approx(0.1 - (0.04**2 + (high - 0.2) ** 2) ** 0.5)
    with pytest.raises(SurveyError, match="ne peut être négative"):
        compare_with_reference(share, 0.2, std_error=-0.1)
