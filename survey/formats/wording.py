"""Texts of ours found again in a file: labels in cells, wording above columns.

Tools change what surrounds words, not the words: HTML, spaces (no-break ones become plain, or
underscores), apostrophes and capitals are levelled on both sides before comparing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

import polars as pl

from survey.columns import DONT_KNOW, SPECIAL_LABELS
from survey.errors import ResponseError
from survey.questions import Question

TAG = re.compile(r"</?[A-Za-z][^<>]*>")
OTHER_LABELS = ("Autre", "Other")
DONT_KNOW_LABELS = ("Je ne sais pas", SPECIAL_LABELS[DONT_KNOW])


def levelled(text: str) -> str:
    """The words of a text: no HTML, single spaces, straight apostrophes, no capitals."""
    text = TAG.sub(" ", unescape(text)).replace("_", " ").replace("’", "'")
    return " ".join(text.split()).casefold()


def compared(text: str) -> str:
    """The letters of a levelled text: a file that Excel saved has `?` for our narrow spaces."""
    return "".join(levelled(text).replace("?", " ").split())


def label_codes(question: Question) -> dict[str, str | None]:
    """Label as `compared` -> code of the option; None where several options have it."""
    labels: dict[str, str | None] = {}
    named = [(option.code, option.label) for option in question.options]
    if question.dont_know:
        named += [(DONT_KNOW, label) for label in DONT_KNOW_LABELS]
    for code, label in named:
        label = compared(label)
        labels[label] = None if labels.get(label, code) != code else code
    others = [option.code for option in question.options if option.other]
    if len(others) == 1:
        labels |= {
            compared(label): others[0] for label in OTHER_LABELS if compared(label) not in labels
        }
    return labels


def holds_labels(question: Question, cells: Iterable[str], codes: Iterable[str]) -> bool:
    """Whether a cell of a choice is a label and no code."""
    labels = label_codes(question)
    return any(compared(text) in labels for text in set(cells) - set(codes) if text)


def translated(
    question: Question, cells: pl.Series, codes: dict[str, str], *, labels: bool
) -> pl.Series:
    """Cells of a choice by our codes; one that is no answer is left as it is.

    `codes`: every code that is an answer -> ours. `labels`: the file holds labels, which then come
    before codes.

    Raises
    ------
    ResponseError : a cell holds the label of two options
    """
    meanings = {}
    by_label = label_codes(question) if labels else {}
    for text in cells.unique():
        label = compared(text)
        if text and label in by_label:
            if by_label[label] is None:
                raise ResponseError(
                    f"{question.code} : deux modalités portent le même libellé (« {text} »), les "
                    "cellules ne disent pas laquelle. Refaites l’export en choisissant « Codes de "
                    "réponse » pour les réponses."
                )
            meanings[text] = by_label[label]
        elif text in codes:
            meanings[text] = codes[text]
    return cells.replace(meanings)
