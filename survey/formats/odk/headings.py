"""Headings of a CSV of KoboToolbox or ODK Central: what each column is.

Nodes are those of `survey.formats.odk.names`; the groups before a node (`page/q` for Kobo,
`page-q` for Central, or none) do not matter. Technical columns are known by their names.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from survey.errors import ResponseError
from survey.formats.found_columns import refuse_missing, refuse_twice
from survey.formats.odk.names import END, START, TOKEN, Node, form_nodes
from survey.questions import Questionnaire

# First found, first used: `_id` is new each time an answer is sent again, `_uuid` is not.
IDS = ("_uuid", "KEY", "instanceID", "_id")
DATES = ("_submission_time", "SubmissionDate")
VERSIONS = ("__version__", "_version_", "FormVersion", "_version")
REVIEWS = ("_validation_status", "ReviewState")
KOBO_MARKS = {"_uuid", "_id", "_submission_time", "_index", "_validation_status", "_submitted_by"}
CENTRAL_MARKS = {"KEY", "SubmissionDate", "SubmitterName", "SubmitterID", "ReviewState"}
REPEAT_MARKS = {"PARENT_KEY", "_parent_index", "_parent_table_name", "_submission__id"}
PARENTS = ("PARENT_KEY", "_submission__uuid", "_submission__id", "_parent_index")
CONTACT = {
    "username", "phonenumber", "deviceid", "subscriberid", "simserial", "email", "DeviceID",
    "SubmitterID", "SubmitterName", "_submitted_by", "audit", "_geolocation", "background-audio",
}  # fmt: skip
IGNORED = {
    "_status", "_notes", "_tags", "_index", "_attachments", "_bamboo_dataset_id", "uuid", "today",
    "_xform_id_string", "rootUuid", "deprecatedID", "instanceName", "instanceId", "_media_all",
    "_supplementalDetails", "AttachmentsPresent", "AttachmentsExpected", "Status", "Edits",
    "_form_id", "_submission_uuid",
}  # fmt: skip
MOST_GROUPS = 50  # around a node
NOTE = re.compile(r"(.*[/-])?(note_introduction|entete_[a-z][a-z0-9]*)")


@dataclass(frozen=True, slots=True)
class Layout:
    """Position of each node, of each option (`q/option`) and of each technical column."""

    nodes: dict[str, int]
    technical: dict[str, int]
    unknown: tuple[str, ...]
    contact: tuple[str, ...]

    def first(self, names: tuple[str, ...]) -> str | None:
        """The first of some technical columns that the file has."""
        return next((name for name in names if name in self.technical), None)


def match_headings(
    headings: tuple[str, ...], questionnaire: Questionnaire, name: str, *, bare: bool = False
) -> Layout:
    """Say what each heading is; `bare`: the file may lack an identifier.

    Raises
    ------
    ResponseError : a question or the identifier is missing, or stands in two columns
    """
    nodes = form_nodes(questionnaire)
    known = {heading for node in nodes for heading in node.headings(groups=False)}
    technical = {*IDS, *DATES, *VERSIONS, *REVIEWS, START, END, TOKEN}
    found: dict[str, list[int]] = {}
    unknown, contact = [], []
    for position, heading in enumerate(headings):
        heading = heading.strip()
        code = next((tail for tail in tails(heading) if tail in known | technical), None)
        last = tails(heading)[-1]
        if code:
            found.setdefault(code, []).append(position)
        elif {heading, last} & CONTACT:
            contact.append(heading)
        elif not {heading, last} & IGNORED and not NOTE.fullmatch(heading):
            unknown.append(heading)
    refuse_faults(found, nodes, headings, questionnaire, name, bare=bare)
    places = {code: positions[0] for code, positions in found.items()}
    return Layout(
        nodes={code: at for code, at in places.items() if code in known},
        technical={code: at for code, at in places.items() if code in technical - known},
        unknown=tuple(unknown),
        contact=tuple(contact),
    )


def tails(heading: str) -> list[str]:
    """A heading, then without its first group, its first two…"""
    cuts = itertools.islice(re.finditer("[/-]", heading), MOST_GROUPS)
    return [heading] + [heading[cut.end() :] for cut in cuts]


def refuse_faults(
    found: dict[str, list[int]],
    nodes: list[Node],
    headings: tuple[str, ...],
    questionnaire: Questionnaire,
    name: str,
    *,
    bare: bool,
) -> None:
    """Refuse a file where a column is missing or comes twice."""
    refuse_twice(found.values(), headings, name)
    missing = [node.name for node in nodes if not has_node(node, found)]
    if len(missing) == len(nodes):
        raise ResponseError(
            f"{name} : aucune question du questionnaire « {questionnaire.code} » reconnue parmi "
            f"les {len(headings)} colonnes. Vérifiez que c’est le bon fichier, et choisissez les "
            "noms et valeurs XML pour l’export, non les libellés."
        )
    if not bare and not set(IDS) & found.keys():
        missing.insert(0, "_uuid (ou KEY)")
    refuse_missing(
        missing,
        name,
        "Refaites l’export avec toutes les questions, ou vérifiez que le questionnaire est celui "
        "de cette édition.",
    )


def has_node(node: Node, found: dict[str, list[int]]) -> bool:
    """Whether a node can be read: its column or, for ticks, one column per option."""
    return node.name in found or (
        node.role == "ticks" and all(f"{node.name}/{option}" in found for option in node.options)
    )
