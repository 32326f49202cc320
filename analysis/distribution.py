"""How the answers of an ordered scale share each row: one stacked bar per row, labelled."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.cells import display
from analysis.layout import Form, check_form, row_layout, without_margins
from analysis.marks import TINTS, Chart, assemble, reasons, texts
from analysis.stacks import BAR, bars, complete_rows, legend, piece, shares, swatches
from survey.errors import SurveyError
from survey.french import NNBSP


def distribution(frame: pl.DataFrame, answers: Sequence[str], *, form: Form = "wide") -> Chart:
    """Stacked shares of the ordered `answers`, one bar per label.

    `frame` holds published cells, one row per label and answer, with a column `answer` (French
    label); `answers` gives the order, five at most. A row with an answer withheld is not drawn:
    its reason is written instead. A share is written where it fits; intervals are in the table.
    """
    check_form(form)
    if len(answers) > len(TINTS):
        raise SurveyError(
            f"répartition{NNBSP}: {len(answers)} réponses, cinq au plus{NNBSP}; en regrouper."
        )
    cells = display(frame)
    labels = cells["label"].unique(maintain_order=True).to_list()
    tints = dict(zip(answers, TINTS, strict=False))
    places, used = legend(answers, form)
    layout = without_margins(row_layout(labels, form, top=used + 12, columns=6, thickness=BAR))
    complete, silent = complete_rows(cells, answers, labels, layout.marks)
    pieces = []
    for row in complete:
        start = 0.0
        for cell in row:
            pieces.append(piece(cell, start))
            start += cell["estimate"]
    layers = [*bars(pieces, tints, layout), *shares(pieces, tints, layout)]
    layers += [*swatches(places, tints, layout), texts(layout.lines)]
    return assemble([*layers, *reasons(silent, layout)], layout)
