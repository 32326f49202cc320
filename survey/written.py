"""A questionnaire as files: the modules it takes, and the whole of it as a single one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from survey.questions import Questionnaire
from survey.yaml_lines import read_yaml

HEAD = ("code", "title", "population", "since")
PARTS = ("themes", "bases", "questions")


def modules_of(path: Path) -> list[Path]:
    """Files of the modules a questionnaire takes, by name; its own file has been read before."""
    raw, _ = read_yaml(path.read_text(encoding="utf-8-sig"))
    lacking, files = {*_taken(raw)}, {}
    if "from" in (words := raw.get("words") or {}):
        lacking.add(str(words["from"]))
    while lacking:
        named = {name: path.parent / "modules" / f"{name}.yml" for name in lacking}
        read = [read_yaml(file.read_text(encoding="utf-8-sig"))[0] for file in named.values()]
        files |= named
        lacking = {name for module in read for name in _taken(module)} - files.keys()
    return [file for _, file in sorted(files.items())]


def _taken(raw: dict) -> Iterator[str]:
    """Names of the modules whose questions and lists a file takes."""
    for entry in raw.get("questions", []):
        options = entry.get("options")
        if "from" in entry:
            yield str(entry["from"]).partition(".")[0]
        if isinstance(options, str) and "." in options:
            yield options.partition(".")[0]


def to_yaml(questionnaire: Questionnaire) -> str:
    """The questionnaire in one file that needs no module; `load_questionnaire` gives it back.

    Of an edition: what is asked that year, and how it was asked before.
    """
    values = questionnaire.model_dump(mode="json", exclude_defaults=True)
    head = {key: values[key] for key in HEAD if key in values}
    parts = {key: values[key] for key in PARTS if key in values}
    whole = head | {"introduction": questionnaire.opening} | parts
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=120)
