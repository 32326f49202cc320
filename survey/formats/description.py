"""What a file is, told to whoever gave it for a file of answers."""

from __future__ import annotations

import json
import re

from survey.formats.delimited import Table
from survey.french import counted

SHOWN = 6  # headings
STRUCTURE = {"class", "type/scale", "name", "relevance", "text"}  # of LimeSurvey's own format
NAMES = {";": "point-virgule", ",": "virgule", "\t": "tabulation"}
ROOT = re.compile(rb"<([A-Za-z][\w:.-]*)")


def described_table(table: Table) -> str:
    """« Lu dans ce fichier : 77 lignes, 131 colonnes (virgule, UTF-8) : … »."""
    rows = table.cells.height + table.misfits.height
    if set(table.headings) >= STRUCTURE:
        return "C’est une structure de questionnaire LimeSurvey, sans réponses."
    form = ""
    if table.separator:
        form = f" ({NAMES[table.separator]}, {table.encoding.removesuffix('-sig').upper()})"
    more = len(table.headings) - SHOWN
    titles = " | ".join(f"« {heading[:40]} »" for heading in table.headings[:SHOWN])
    return (
        f"Lu dans ce fichier : {counted(rows, 'ligne')}, "
        f"{counted(len(table.headings), 'colonne')}{form} : "
        f"{titles}{f' et {more} autres' if more > 0 else ''}."
    )


def described_kind(content: bytes) -> str:
    """One sentence on a file that is no table; empty where nothing can be said."""
    start = content[:4000].lstrip(b"\xef\xbb\xbf \r\n\t")
    if start[:1] == b"<":
        roots = [tag for tag in ROOT.findall(start) if tag.lower() not in (b"html", b"xml")]
        if b"<!doctype html" in start[:200].lower() or b"<html" in start[:500].lower():
            return "C’est une page web."
        if b"<LimeSurveyDocType>" in start:
            return "C’est une structure de questionnaire LimeSurvey (XML), sans réponses."
        return f"C’est un fichier XML (« {roots[0].decode(errors='replace')} »)." if roots else ""
    return described_json(content)


def described_json(content: bytes) -> str:
    """One sentence on a JSON document; empty where it is none."""
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in (b"[", b"{"):
        return ""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    items = data if isinstance(data, list) else [data]
    keys = sorted({key for item in items[:100] if isinstance(item, dict) for key in item})
    versions = [item for item in items if isinstance(item, dict) and "submissions" in item]
    if versions:
        answers = sum(len(item["submissions"]) for item in versions
                      if isinstance(item["submissions"], list))  # fmt: skip
        return (
            f"C’est du JSON de KoboToolbox : {counted(len(versions), 'version')} d’un formulaire, "
            f"{counted(answers, 'réponse')}. Exportez plutôt les réponses en CSV."
        )
    shown = ", ".join(keys[:SHOWN])
    return f"C’est du JSON : {counted(len(items), 'élément')}{f' ({shown})' if shown else ''}."
