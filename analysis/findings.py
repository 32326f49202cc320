"""Titles that state a finding, only when the figures allow it.

Each function returns the strongest sentence the cells support, or the neutral title given by the
caller. Within one survey a gap is stated only when the two 95 % intervals do not overlap; between
the extremes of many domains, it must also exceed what chance parts them by (`analysis.ranking`). A
fragile cell may be said to stand above or below another; its level never stands alone in a title,
and is marked where it is cited. A withheld cell is never named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import polars as pl

from analysis.cells import SHOWN, by_value, display, value_text
from analysis.comparison import DOWN, STABLE, UNSETTLED, UP
from analysis.ranking import clearly_above, is_above, leaders, widest_gap
from analysis.wording import (
    Noun,
    capital,
    count_words,
    is_plural,
    ratio_words,
    share_among,
)
from survey.french import within
from survey.prose import listed

MOST_FIRST = 3  # answers said to be the most cited
VOWELS = "aàâeéèêiîoôuyh"
NO_GAP = "aucun écart net avec toutes les autres sources"
LEAST_SURE_RATIO = 1.5  # « n fois plus » needs at least this ratio between the nearest bounds


def finding_share(cell: Mapping, noun: Noun, verb: tuple[str, str], neutral: str) -> str:
    """« Près d’une entreprise sur quatre utilise l’IA ».

    `cell` is a row of the result vocabulary; `verb` holds the singular and the plural. A cell that
    is fragile or withheld, or a share of zero (which calls for « ne »), gives `neutral`.
    """
    share = cell["estimate"]
    if cell["status"] != "ok" or not share:
        return capital(neutral)
    words = share_among(share, noun)
    return capital(f"{words} {verb[is_plural(share)]}")


def finding_gap(
    frame: pl.DataFrame, subjects: Mapping[str, str], verb: tuple[str, str], neutral: str
) -> str:
    """« Le numérique utilise l’IA plus de six fois plus souvent que la construction ».

    Compares the highest and the lowest of the shown cells named in `subjects` (domain code -> « le
    numérique », « les transports »). The ratio is said of two firm cells, when even the nearest
    bounds of their intervals are 1.5 times apart; a lesser gap is « plus souvent »; overlapping
    intervals, or a gap that the extremes of as many equal domains would often reach, give
    `neutral`.
    """
    found = _extremes(frame, subjects)
    if found is None:
        return capital(neutral)
    top, bottom, more = found
    agreed = verb[top.startswith("les ")]
    return capital(f"{top} {agreed} {more} souvent {_than(bottom)}")


def finding_places(
    frame: pl.DataFrame, subject: str, verb: str, places: Mapping[str, str], neutral: str
) -> str:
    """« Les entreprises utilisent l’IA deux fois plus souvent en Vendée qu’en Mayenne ».

    As `finding_gap`, for one population in several places: `places` says where (domain code ->
    « en Vendée »), `verb` agrees with `subject`.
    """
    found = _extremes(frame, places)
    if found is None:
        return capital(neutral)
    top, bottom, more = found
    return capital(f"{subject} {verb} {more} souvent {top} {_than(bottom)}")


def _extremes(frame: pl.DataFrame, names: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The names of the highest and lowest shown cells and « plus », or « deux fois plus »."""
    rows = named_rows(frame, names)
    if len(rows) < 2 or not is_above(rows[0], rows[-1], len(rows)):
        return None
    high, low = rows[0], rows[-1]
    sure = high["status"] == low["status"] == "ok" and low["conf_high"] > 0
    sure = sure and high["conf_low"] / low["conf_high"] >= LEAST_SURE_RATIO
    ratio = ratio_words(high["estimate"] / low["estimate"]) if sure and low["estimate"] else None
    return names[str(high["domain"])], names[str(low["domain"])], ratio or "plus"


def named_rows(frame: pl.DataFrame, names: Mapping[str, str]) -> list[dict]:
    """The shown cells of the domains that have a name, displayed, the largest first."""
    shown = display(frame).filter(
        pl.col("status").is_in(SHOWN), pl.col("domain").cast(pl.String).is_in(list(names))
    )
    return by_value(shown).to_dicts()


def level_words(cell: Mapping) -> str:
    """« 24 % », « 52 %, estimation fragile », of a displayed row."""
    fragile = ", estimation fragile" if cell["status"] == "fragile" else ""
    return f"{_said(cell['value'])}{fragile}"


def _than(words: str) -> str:
    return f"qu’{words}" if words[0].lower() in VOWELS else f"que {words}"


def finding_extremes(frame: pl.DataFrame, places: Mapping[str, str], neutral: str) -> str:
    """« De 9 % dans la construction à 57 % dans l’industrie », the lowest then the highest.

    Compares the shown cells named in `places` (domain code -> « dans la construction », « en
    Vendée »). Where the extremes of the chart are not those that surely differ, « 31 % dans
    l’industrie, contre 9 % dans la construction, par exemple » claims no range. When no two surely
    differ, `neutral`.
    """
    found = widest_gap(named_rows(frame, places))
    if found is None:
        return capital(neutral)
    high, low = found
    first, last = (_placed(cell, places[str(cell["domain"])]) for cell in (low, high))
    shown = frame["estimate"].drop_nulls()
    if shown.min() < low["estimate"] or shown.max() > high["estimate"]:
        return capital(f"{last}, contre {first}, par exemple")
    return capital(f"de {first} à {last}")


def _placed(cell: Mapping, place: str) -> str:
    """« 9 % dans la construction », « 52 %, estimation fragile, dans l’industrie »."""
    comma = "," * (cell["status"] == "fragile" and not place.startswith("("))
    return f"{level_words(cell)}{comma} {place}"


def finding_trend(frame: pl.DataFrame, subject: str, along: str, neutral: str) -> str:
    """« L’usage de l’IA augmente avec la taille de l’entreprise », rows being in that order.

    Needs every row shown, estimates that never turn back, and ends whose intervals do not overlap.
    """
    rows = display(frame).to_dicts()
    estimates = [row["estimate"] for row in rows]
    if len(rows) < 2 or any(row["status"] not in SHOWN for row in rows):
        return capital(neutral)
    if estimates == sorted(estimates) and clearly_above(rows[-1], rows[0]):
        return capital(f"{subject} augmente avec {along}")
    if estimates == sorted(estimates, reverse=True) and clearly_above(rows[0], rows[-1]):
        return capital(f"{subject} diminue avec {along}")
    return capital(neutral)


def finding_top(
    frame: pl.DataFrame, superlative: str, heading: str, *, quoted: bool = False
) -> str:
    """« Le manque de compétences, premier frein » when first is clear of every other.

    Otherwise « Freins les plus cités : … et … » (`heading`), the two or three that are clear of all
    others, in no order. The `heading` alone where there are none, or where one is withheld, that
    could stand before. `quoted` sets the first in guillemets, as an answer given.
    """
    shown = by_value(display(frame).filter(pl.col("status").is_in(SHOWN))).to_dicts()
    count = leaders(shown, MOST_FIRST) if len(shown) == frame.height else 0
    if count == 0:
        return capital(heading)
    if count == 1:
        name = f"« {shown[0]['label']} »" if quoted else shown[0]["label"]
        return capital(f"{name}, {superlative}")
    named = [f"« {within(row['label'])} »" for row in shown[:count]]
    return capital(f"{heading} : {listed(named, ' et')}")


def finding_change(
    changes: pl.DataFrame, subject: str, exceptions: Mapping[str, str], noun: Noun
) -> str:
    """« L’usage progresse partout, sauf chez les indépendants ».

    `changes` is given by `comparison.compare_editions` (`domain`, `verdict`; null = not tested,
    a broken series among them);
    `exceptions` says a domain in words (« chez les indépendants »). « Partout » needs every row
    to have moved but for exceptions, two at most, shown to be stable; else rows are counted with
    `noun` (« trois secteurs sur douze »).
    """
    rows = changes.select("domain", "verdict").to_dicts()
    up = [row for row in rows if row["verdict"] == UP]
    down = [row for row in rows if row["verdict"] == DOWN]
    if up and down:
        return capital(f"{subject} évolue en sens contraires")
    moved = up or down
    if not any(row["verdict"] for row in rows):
        return capital(f"{subject} : évolution non mesurable")
    if not moved:
        return capital(f"{subject} {_unmoved(rows)}")
    verb = "progresse" if up else "recule"
    still = [str(row["domain"]) for row in rows if row not in moved]
    steady = all(row["verdict"] == STABLE for row in rows if row not in moved)
    if not still:
        return capital(f"{subject} {verb} partout")
    if steady and len(still) <= 2 and len(moved) > len(still) and set(still) <= set(exceptions):
        but = " et ".join(exceptions[domain] for domain in still)
        return capital(f"{subject} {verb} partout, sauf {but}")
    return capital(f"{subject} {verb} nettement dans {_out_of(len(moved), len(rows), noun)}")


def _unmoved(rows: Sequence[Mapping]) -> str:
    """« est stable » where every row is shown to be, else that no change is established."""
    steady = all(row["verdict"] == STABLE for row in rows)
    return "est stable" if steady else "n’a pas d’évolution établie"


def finding_moves(changes: pl.DataFrame, labels: Mapping[str, str], noun: Noun) -> str:
    """« Trois réponses progressent nettement, une recule », or the only one that moves by its name.

    `changes` is given by `comparison.compare_editions`; `labels` names each of its indicators.
    """
    rows = changes.select("indicator", "verdict").to_dicts()
    if not any(row["verdict"] for row in rows):
        return capital("évolution non mesurable")
    up, down = ([row for row in rows if row["verdict"] == way] for way in (UP, DOWN))
    if len(up) + len(down) == 1:
        verb = "progresse" if up else "recule"
        return capital(f"« {labels[(up or down)[0]['indicator']]} » {verb} nettement")
    parts = [
        f"{count_words(len(moved), noun)} {verb}{'nt' * (len(moved) > 1)} nettement"
        for moved, verb in ((up, "progresse"), (down, "recule"))
        if moved
    ]
    if all(row["verdict"] == STABLE for row in rows):
        parts = [f"{noun.every} les {noun.plural} sont stables"]
    return capital(", ".join(parts) or f"aucune évolution établie parmi les {noun.plural}")


def finding_agreement(cell: Mapping, noun: Noun, verb: str, neutral: str) -> str:
    """« Une majorité d’habitants se disent préoccupés », from the whole of one side of a scale.

    `verb` is in the plural. « Une large majorité » needs an interval wholly above two thirds,
    « une majorité » above a half, « une minorité » below a half; an interval astride gives
    `neutral`, as does a cell that is fragile or withheld.
    """
    low, high = cell["conf_low"], cell["conf_high"]
    if cell["status"] != "ok" or low is None or high is None:
        return capital(neutral)
    sizes = (
        (low > 2 / 3, "une large majorité"),
        (low > 1 / 2, "une majorité"),
        (high < 1 / 2 and cell["estimate"] > 0, "une minorité"),
    )
    size = next((words for holds, words in sizes if holds), None)
    if size is None:
        return capital(neutral)
    of = f"d’{noun.plural}" if noun.plural[0].lower() in VOWELS else f"de {noun.plural}"
    return capital(f"{size} {of} {verb}")


def finding_matrix(
    frame: pl.DataFrame, whole: str, subjects: Mapping[str, str], noun: Noun, neutral: str
) -> str:
    """« Le numérique dépasse la région pour cinq usages sur six ».

    `frame` has a row per domain and `answer` (the column); `whole` is the `label` of the region,
    `subjects` names domains in a sentence, `noun` counts the columns. The domain above the region
    in the most columns is named, intervals apart in each, when it is alone to be so in as many and
    these are more than half of the columns, of two at least.
    """
    rows = display(frame).to_dicts()
    region = {row["answer"]: row for row in rows if row["label"] == whole}
    counts: dict[str, int] = {}
    for row in rows:
        domain = str(row["domain"])
        if row["label"] == whole or domain not in subjects or row["answer"] not in region:
            continue
        against = region[row["answer"]]
        counts[domain] = counts.get(domain, 0) + clearly_above(row, against)
    most = max(counts.values(), default=0)
    first = [domain for domain, count in counts.items() if count == most]
    if len(first) != 1 or 2 * most <= len(region) or len(region) < 2:
        return capital(neutral)
    subject = subjects[first[0]]
    verb = "dépassent" if subject.startswith("les ") else "dépasse"
    if most == len(region):
        scope = f"{noun.every} les {noun.plural}"
    else:
        scope = _out_of(most, len(region), noun)
    return capital(f"{subject} {verb} la région pour {scope}")


def finding_series(changes: pl.DataFrame, subject: str, neutral: str) -> str:
    """« L’usage de l’IA progresse depuis 2025 », only when a test says so.

    `changes` holds, for one cell, rows of `comparison.compare_editions`: that of its first
    comparable edition to the last, and those of each edition to the next. « À chaque édition » is
    added when there are two steps at least and each is tested the same way; a change that is not
    tested, or a broken series, gives `neutral`.
    """
    rows = changes.to_dicts()
    verdicts = {(row["edition_before"], row["edition_after"]): row["verdict"] for row in rows}
    editions = sorted({edition for pair in verdicts for edition in pair})
    broken = any(row["series_break"] is not None for row in rows)
    verdict = verdicts.get((editions[0], editions[-1])) if editions else None
    if verdict is None or broken:
        return capital(neutral)
    if verdict in (STABLE, UNSETTLED):
        return capital(f"{subject} {_unmoved([{'verdict': verdict}])} depuis {editions[0]}")
    steps = [verdicts.get(pair) for pair in pairwise(editions)]
    each = " à chaque édition" if len(steps) > 1 and set(steps) == {verdict} else ""
    verb = "progresse" if verdict == UP else "recule"
    return capital(f"{subject} {verb}{each} depuis {editions[0]}")


def finding_beside(
    rows: Sequence[tuple[Mapping, str, Sequence[tuple[float, str]]]], subject: str, noun: Noun
) -> str:
    """« Usage de l’IA : 37 % (Bretagne, 2026), contre 10 % (France, 2024) ».

    A row is a displayed cell of ours, its name, and the figures published elsewhere on the same
    base, each with its name. Their own error is not known: one differs from ours when it is out of
    our interval. Of one firm row the first figure is cited; of several, the firm ones above or
    below every figure beside them are counted with `noun`, among all.
    """
    sides = [{_side(cell, value) for value, _ in beside} for cell, _, beside in rows]
    if len(rows) == 1 and rows[0][0]["status"] == "ok":
        cell, name, beside = rows[0]
        value, other = beside[0]
        published = f"{_said(value_text(value, cell['statistic']))} ({other})"
        link = f"contre {published}" if _side(cell, value) else f"{published}, écart non établi"
        return capital(f"{subject} : {_said(cell['value'])} ({name}), {link}")
    parts = [
        f"{way} des autres sources pour {_all_or(count, len(rows), noun)}"
        for way, side in (("au-dessus", 1), ("au-dessous", -1))
        if (count := sides.count({side}))
    ]
    neutral = "la région et d’autres sources" if len(rows) == 1 else NO_GAP
    said = f"la région {', '.join(parts)}" if parts else neutral
    return capital(f"{subject} : {said}")


def _all_or(count: int, whole: int, noun: Noun) -> str:
    """« les trois réponses », « deux réponses sur trois »."""
    return f"les {count_words(whole, noun)}" if count == whole else _out_of(count, whole, noun)


def _out_of(count: int, whole: int, noun: Noun) -> str:
    """« deux secteurs sur douze »."""
    return f"{count_words(count, noun)} sur {count_words(whole, noun).partition(' ')[0]}"


def _side(cell: Mapping, value: float) -> int:
    """1 where a firm interval of ours is above a published value, -1 where below, else 0."""
    low, high = cell["conf_low"], cell["conf_high"]
    if cell["status"] != "ok" or low is None or high is None:
        return 0
    return (low > value) - (high < value)


def _said(value: str) -> str:
    """« < 1 % » as it is said within a sentence: « moins de 1 % »."""
    return value.replace("<", "moins de").replace(">", "plus de")
