"""What must hold in the conditions of a questionnaire: known codes, right kinds, order, reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from survey.columns import BLANK, DONT_KNOW
from survey.conditions import (
    EVERYONE,
    AllRows,
    Answered,
    AnyRow,
    Atom,
    Compare,
    Condition,
    Count,
    Has,
    Is,
    Named,
    RoutingError,
    atoms,
    parse,
    references,
)
from survey.draft import Draft
from survey.edition_checks import edition_faults
from survey.errors import Fault
from survey.questions import Change, Option, Question, Row
from survey.reach import Reach
from survey.suggestions import suggestion
from survey.yaml_lines import KeyPath


@dataclass(frozen=True, slots=True)
class Site:
    """One condition of the file: where it stands, whose it is, its tree."""

    path: KeyPath
    owner: str
    tree: Condition
    item: Option | Row | Change | None = None
    is_base: bool = False


def routing_faults(draft: Draft) -> list[Fault]:
    """Faults of conditions; reach is looked at wherever every condition behind can be trusted."""
    sites, faults = _sites(draft)
    graph: dict[str, set[str]] = {}
    untrusted = draft.unread | _duplicates(draft)
    for site in sites:
        graph.setdefault(site.owner, set()).update(references(site.tree))
        for atom in atoms(site.tree):
            for what, remedy in _atom_faults(atom, draft):
                faults.append(draft.source.fault(site.path, what, remedy))
                untrusted.add(site.owner)
    looping = list(_loops(graph))
    untrusted |= {code for loop in looping for code in loop}
    faults += _order_faults(draft, sites, graph, looping)
    trusted = [s for s in sites if not _behind({s.owner}, graph) & untrusted]
    faults += _reach_faults(draft, trusted)
    if not faults and not draft.unread and draft.head is not None:
        faults += edition_faults(draft)
    return faults


def _sites(draft: Draft) -> tuple[list[Site], list[Fault]]:
    texts = [(("bases", i, "condition"), b.code, b.condition, None, True) for i, b in draft.bases]
    for i, question in draft.questions:
        texts.append((("questions", i, "base"), question.code, question.base, None, False))
        for path, item in draft.items(i, question):
            if item.only_if:
                texts.append(((*path, "only_if"), question.code, item.only_if, item, False))
        for k, change in enumerate(question.changed):
            if former := change.before.base:
                path = ("questions", i, "changed", k, "before", "base")
                texts.append((path, question.code, former, change, False))
    sites, faults = [], []
    for path, owner, text, item, is_base in texts:
        try:
            sites.append(Site(path, owner, parse(text), item, is_base))
        except RoutingError as error:
            shown, allowed = str(error).split("\nAttendu")
            faults.append(draft.source.fault(path, f"{shown}\n", f"Attendu{allowed}"))
            draft.unread.add(owner)
    return sites, faults


def _atom_faults(atom: Atom | Named, draft: Draft) -> Iterator[tuple[str, str]]:
    """What and remedy where an atom names something unknown or compares the wrong kind."""
    if isinstance(atom, Named):
        yield from _name_faults(atom.code, draft)
        return
    question = draft.by_code.get(atom.question)
    if question is None:
        if not draft.is_lost(atom.question):
            remedy = suggestion(atom.question, draft.by_code)
            yield f"la condition cite une question inconnue, « {atom.question} ».", remedy
        return
    remedy = _wrong_kind(atom, question)
    if remedy:
        kind = f"« {question.code} » est de type « {question.type} »"
        yield f"comparaison impossible, car {kind}.", remedy
        return
    row = getattr(atom, "row", None)
    rows = [each.code for each in question.rows]
    if row is not None and row not in rows:
        what = f"la condition cite une ligne inconnue de « {question.code} », « {row} »."
        yield what, suggestion(row, rows)
    yield from _value_faults(atom, question)


def _name_faults(code: str, draft: Draft) -> Iterator[tuple[str, str]]:
    if code in draft.base_by_code or (code not in draft.by_code and draft.is_lost(code)):
        return
    if code in draft.by_code:
        remedy = f"La comparer à une réponse, par exemple « {code} = … », ou nommer une base."
        yield f"« {code} » est une question, pas une base.", remedy
    else:
        yield f"base inconnue, « {code} ».", suggestion(code, [EVERYONE, *draft.base_by_code])


def _wrong_kind(atom: Atom, question: Question) -> str | None:
    """How the comparison should be written, where it does not suit the type of the question."""
    code, kind = question.code, question.type
    match atom:
        case Answered(_, row) if row is None or kind == "grid":
            return None
        case Is(_, _, None) if kind in ("single", "number"):
            return None
        case Is(_, _, row) if row is not None and kind == "grid":
            return None
        case Compare() if kind == "number":
            return None
        case Has() if kind == "multiple":
            return None
        case AnyRow() | AllRows() | Count() if kind == "grid":
            return None
    return {
        "single": f"Écrire « {code} = … » ou « {code} in (…) ».",
        "multiple": f"Écrire « {code} has … ».",
        "grid": f"Écrire « {code}.ligne = … », « any({code}) = … » ou « all({code}) = … ».",
        "number": f"Écrire « {code} >= … » ou « {code} = … », avec un nombre.",
        "text": f"Un texte libre n’admet que « answered({code}) ».",
    }[kind]


def _value_faults(atom: Atom, question: Question) -> Iterator[tuple[str, str]]:
    values = (atom.option,) if isinstance(atom, Has) else getattr(atom, "values", ())
    codes = [option.code for option in question.options]
    for value in values:
        if question.type == "number":
            if not _is_number(value):
                what = f"« {question.code} » est un nombre, « {value} » n’en est pas un."
                yield what, "Écrire un nombre, avec un point pour la décimale."
        elif value == BLANK:
            what = f"« {BLANK} » ne se compare pas."
            yield what, f"Écrire « not answered({question.code}) »."
        elif value == DONT_KNOW and not isinstance(atom, Has):
            if not question.dont_know:
                what = f"« {question.code} » n’offre pas « Ne sait pas »."
                yield what, "Ajouter « dont_know: true » à la question ou retirer « NSP »."
        elif value not in codes:
            what = f"la condition cite une modalité inconnue de « {question.code} », « {value} »."
            yield what, suggestion(value, codes)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _order_faults(
    draft: Draft, sites: list[Site], graph: dict[str, set[str]], loops: list[list[str]]
) -> Iterator[Fault]:
    """Loops, references to a later question, and to a question of other editions."""
    for loop in loops:
        site = next(
            site for site in sites if site.owner == loop[0] and loop[1] in references(site.tree)
        )
        way = " → ".join(f"« {code} »" for code in loop)
        what = f"la condition tourne en rond : {way}."
        yield draft.source.fault(
            site.path, what, "Une question ne dépend que de questions posées avant."
        )
    looping = {code for loop in loops for code in loop}
    position = draft.positions
    for site in sites:
        if site.is_base or site.owner in looping:
            continue
        question = draft.by_code[site.owner]
        for code in sorted(_questions_behind(site.tree, graph, position)):
            if position[code] >= position[site.owner]:
                what = f"la condition dépend de « {code} », posée plus loin."
                remedy = "Déplacer la question après celle dont elle dépend."
                yield draft.source.fault(site.path, what, remedy)
            elif code in draft.by_code and not _covers(draft.by_code[code], question):
                what = f"la condition dépend de « {code} », absente de certaines éditions."
                yield draft.source.fault(site.path, what, "Accorder « since » et « until ».")


def _behind(codes: set[str], graph: dict[str, set[str]]) -> set[str]:
    """These codes and all that their conditions lead to."""
    found, waiting = set(), set(codes)
    while waiting:
        code = waiting.pop()
        found.add(code)
        waiting |= graph.get(code, set()) - found
    return found


def _loops(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Each loop, as the codes met from the first one back to it."""
    graph = {code: set(targets) for code, targets in graph.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            loop = error.args[1][::-1]
            start = min(range(len(loop) - 1), key=lambda k: loop[k])
            loop = [*loop[start:-1], *loop[: start + 1]]
            yield loop
            graph[loop[0]].discard(loop[1])
        else:
            return


def _questions_behind(tree: Condition, graph: dict[str, set[str]], questions: dict) -> set[str]:
    """Questions a condition names, itself or through its bases."""
    found, waiting, seen = set(), list(references(tree)), set()
    while waiting:
        code = waiting.pop()
        if code in questions:
            found.add(code)
        elif code not in seen:
            waiting += graph.get(code, ())
        seen.add(code)
    return found


def _covers(asked: Question, dependent: Question) -> bool:
    """Whether `asked` is in every edition of `dependent`."""
    last = float("inf") if asked.until is None else asked.until
    last_needed = float("inf") if dependent.until is None else dependent.until
    return asked.since <= dependent.since and last_needed <= last


def _duplicates(draft: Draft) -> set[str]:
    codes = Counter(item.code for _, item in (*draft.questions, *draft.bases))
    return {code for code, count in codes.items() if count > 1}


def _reach_faults(draft: Draft, sites: list[Site]) -> Iterator[Fault]:
    """Questions never asked; options and rows never shown although their question is."""
    reach = Reach(draft.questionnaire())
    bases = {site.owner: site.tree for site in sites if site.item is None and not site.is_base}
    asked = {code for code, tree in bases.items() if reach.is_reachable(tree)}
    for site in sites:
        if site.is_base:
            if not reach.is_reachable(site.tree):
                what = "aucune réponse ne remplit cette condition : la base est toujours vide."
                yield draft.source.fault(site.path, what, "Revoir la condition.")
        elif isinstance(site.item, Change):
            continue
        elif site.item is None:
            if site.owner not in asked:
                what = "la question n’est jamais posée : aucune réponse ne remplit sa condition."
                yield draft.source.fault(site.path, what, "Revoir « base ».")
        elif site.owner in asked and not reach.is_reachable(bases[site.owner], site.tree):
            kind = "ligne" if isinstance(site.item, Row) else "modalité"
            what = (
                f"la {kind} « {site.item.code} » n’est jamais proposée à qui la question est posée."
            )
            yield draft.source.fault(site.path, what, "Revoir « only_if ».")
