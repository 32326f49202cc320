"""What must hold in the conditions of a questionnaire: known codes, right kinds, order, reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from survey.condition_faults import atom_faults
from survey.conditions import (
    Condition,
    Named,
    Not,
    Or,
    RoutingError,
    atoms,
    parse,
    references,
)
from survey.draft import Draft
from survey.edition_checks import edition_faults
from survey.errors import Fault
from survey.questions import FIRST_YEAR, Change, Option, Question, Row
from survey.reach import Reach
from survey.yaml_lines import KeyPath

MOST_COMPARISONS = 200
TOO_LONG = (
    f"la condition, bases écrites en entier, compte plus de {MOST_COMPARISONS} comparaisons.",
    "La simplifier.",
)


@dataclass(frozen=True, slots=True)
class Site:
    """One condition of the file: where it stands, whose it is, its tree, its editions.

    `last` is None where no edition is the last one.
    """

    path: KeyPath
    owner: str
    tree: Condition
    item: Option | Row | Change | None = None
    is_base: bool = False
    first: int = FIRST_YEAR
    last: int | None = None


def routing_faults(draft: Draft) -> list[Fault]:
    """Faults of conditions; reach is looked at wherever every condition behind can be trusted."""
    sites, faults = _sites(draft)
    graph: dict[str, set[str]] = {}
    untrusted = draft.unread | _duplicates(draft)
    for site in sites:
        graph.setdefault(site.owner, set()).update(references(site.tree))
        for atom in atoms(site.tree):
            found = atom_faults(atom, draft.by_code, draft.base_by_code, draft.is_lost)
            for what, remedy in found:
                faults.append(draft.source.fault(site.path, what, remedy))
                untrusted.add(site.owner)
    looping = list(_loops(graph))
    untrusted |= {code for loop in looping for code in loop}
    faults += _order_faults(draft, sites, graph, looping)
    if not looping:
        weighty = list(_weighty(sites))
        faults += [draft.source.fault(site.path, *TOO_LONG) for site in weighty]
        untrusted |= {site.owner for site in weighty}
    known = (draft.by_code.keys() | draft.base_by_code.keys()) - untrusted
    sound = {code for code in known if _behind({code}, graph) <= known}
    known = draft.by_code.keys() | draft.base_by_code.keys()
    reach = Reach(draft.questionnaire(without=known - sound))
    faults += _reach_faults(draft, [site for site in sites if site.owner in sound], reach)
    if not (faults or draft.faults or draft.unread or draft.lost):
        faults += edition_faults(draft)
    return faults


def _sites(draft: Draft) -> tuple[list[Site], list[Fault]]:
    sites, faults = [], []

    def add(text: str, path: KeyPath, owner: str, *told: Any) -> None:
        try:
            sites.append(Site(path, owner, parse(text), *told))
        except RoutingError as error:
            shown, allowed = str(error).split("\nAttendu")
            faults.append(draft.source.fault(path, f"{shown}\n", f"Attendu{allowed}"))
            draft.unread.add(owner)

    for i, base in draft.bases:
        add(base.condition, ("bases", i, "condition"), base.code, None, True)
    for i, question in draft.questions:
        path, code, first = ("questions", i), question.code, question.since
        for k, change in sorted(enumerate(question.changed), key=lambda each: each[1].edition):
            if change.before.base:
                years = (first, change.edition - 1)
                place = (*path, "changed", k, "before", "base")
                add(change.before.base, place, code, change, False, *years)
                first = change.edition
        add(question.base, (*path, "base"), code, None, False, first, question.until)
        for place, item in draft.items(i, question):
            if item.only_if:
                years = (item.since or question.since, item.until or question.until)
                add(item.only_if, (*place, "only_if"), code, item, False, *years)
    return sites, faults


def _weighty(sites: list[Site]) -> Iterator[Site]:
    """Conditions too long once their named bases are written out; the first of each chain."""
    bases = {site.owner: site for site in sites if site.is_base}
    named = {site.path: [code for code in _named(site.tree) if code in bases] for site in sites}
    order = TopologicalSorter({code: named[site.path] for code, site in bases.items()})
    weight: dict[str, int] = {}
    heavy: set[str] = set()
    others = [site for site in sites if not site.is_base]
    for site in [*(bases[code] for code in order.static_order()), *others]:
        within = named[site.path]
        long = len(atoms(site.tree)) + sum(weight[code] for code in within)
        if site.is_base:
            weight[site.owner] = 1 + long
        if long > MOST_COMPARISONS:
            if heavy.isdisjoint(within):
                yield site
            heavy.add(site.owner)


def _named(tree: Condition) -> list[str]:
    """Codes of the named bases of a condition, as often as they stand there."""
    return [atom.code for atom in atoms(tree) if isinstance(atom, Named)]


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
        for code in sorted(_questions_behind(site.tree, graph, position)):
            if position[code] >= position[site.owner]:
                what = f"la condition dépend de « {code} », posée plus loin."
                remedy = "Déplacer la question après celle dont elle dépend."
                yield draft.source.fault(site.path, what, remedy)
            elif code in draft.by_code and not _covers(draft.by_code[code], site):
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


def _covers(asked: Question, site: Site) -> bool:
    """Whether a question is asked in every edition of a condition."""
    lasts = asked.until is None or (site.last is not None and site.last <= asked.until)
    return asked.since <= site.first and lasts


def _duplicates(draft: Draft) -> set[str]:
    codes = Counter(item.code for _, item in (*draft.questions, *draft.bases))
    return {code for code, count in codes.items() if count > 1}


def _reach_faults(draft: Draft, sites: list[Site], reach: Reach) -> Iterator[Fault]:
    """Questions never asked; options and rows never shown although their question is."""
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
    for i, question in draft.questions:
        texts = [option.only_if for option in question.options]
        if question.code not in asked or not texts or not all(texts):
            continue
        shown = map(parse, texts)
        if reach.is_reachable(bases[question.code], Not(Or(tuple(shown)))):
            what = "la question peut être posée sans qu’aucune modalité ne soit proposée."
            remedy = "En laisser une sans « only_if », ou resserrer « base »."
            yield draft.source.fault(("questions", i, "options"), what, remedy)
