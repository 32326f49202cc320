"""Answers written as KoboToolbox and ODK Central export them."""

import csv
import io
from datetime import timedelta

from survey.columns import questionnaire_columns
from survey.formats.odk.names import answers_to_submission, form_nodes


def submissions(responses, questionnaire):
    """Text of each node by path, one mapping a row."""
    names = [column.name for column in questionnaire_columns(questionnaire)]
    return [
        answers_to_submission(row, questionnaire)
        for row in responses.select(names).iter_rows(named=True)
    ]


def node_cells(node, submission, *, separator, groups, split, joined):
    """Columns of a node with their cells: a box is empty where the question has no answer."""
    text = submission.get(node.path, "")
    name, *options = node.headings(separator, groups=groups)
    cells = {}
    if joined or node.role != "ticks":
        cells[name] = text
    if split:
        for heading in options:
            ticked = heading.rsplit("/", 1)[1] in text.split()
            cells[heading] = str(int(ticked)) if text else ""
    return cells


def export(responses, questionnaire, *, tool="kobo", groups=True, split=True, joined=True):
    """Text of the CSV: `;` and quotes everywhere for Kobo, `,` for Central."""
    kobo = tool == "kobo"
    rows = []
    for number, (row, submission) in enumerate(
        zip(responses.iter_rows(named=True), submissions(responses, questionnaire), strict=True), 1
    ):
        layout = {"separator": "/" if kobo else "-", "groups": groups}
        layout |= {"split": split, "joined": joined}
        answers = {}
        for node in form_nodes(questionnaire):
            answers |= node_cells(node, submission, **layout)
        rows.append(technical_cells(row, number, answers, kobo=kobo))
    text = io.StringIO(newline="")
    style = {"delimiter": ";", "quoting": csv.QUOTE_ALL} if kobo else {"delimiter": ","}
    writer = csv.DictWriter(text, list(rows[0]), **style)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def technical_cells(row, number, answers, *, kobo):
    sent, seconds = row["submitted"], row["duration_seconds"]
    end = sent.isoformat(timespec="milliseconds")
    start = (sent - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    if kobo:
        before = {"start": f"{start}+00:00", "end": f"{end}+00:00", "token": row["token"]}
        after = {"__version__": "v1", "_id": str(1000 + number), "_uuid": row["id"],
                 "_submission_time": sent.isoformat(), "_validation_status": "", "_notes": "",
                 "_status": "submitted_via_web", "_submitted_by": "enqueteur", "_tags": "",
                 "_index": str(number)}  # fmt: skip
    else:
        before = {"SubmissionDate": f"{end}Z", "start": f"{start}Z", "end": f"{end}Z",
                  "token": row["token"]}  # fmt: skip
        after = {"meta-instanceID": row["id"], "KEY": row["id"], "SubmitterID": "12",
                 "SubmitterName": "Jeanne Martin", "AttachmentsPresent": "0",
                 "AttachmentsExpected": "0", "Status": "", "ReviewState": "", "DeviceID": "",
                 "Edits": "0", "FormVersion": "v1"}  # fmt: skip
    return before | answers | after
