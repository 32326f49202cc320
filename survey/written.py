"""A questionnaire as files: the modules it takes, and the whole of it as a single one."""

from __future__ import annotations

from pathlib import Path

import yaml

from survey.questions import Questionnaire
from survey.yaml_lines import read_yaml

HEAD = ("code", "title", "population", "since")
PARTS = ("themes", "bases", "questions")


def modules_of(path: Path) -> list[Path]:
    """Files of the modules a questionnaire takes, by name; its own file has been read before."""
    raw, _ = read_yaml(path.read_text(encoding="utf-8-sig"))
    taken = [str(entry["from"]) for entry in raw["questions"] if "from" in entry]
    lists = [entry.get("options") for entry in raw["questions"]]
    taken += [name for name in lists if isinstance(name, str) and "." in name]
    named = sorted({name.partition(".")[0] for name in taken})
    return [path.parent / "modules" / f"{name}.yml" for name in named]


def to_yaml(questionnaire: Questionnaire) -> str:
    """The questionnaire in one file that needs no module; `load_questionnaire` gives it back.

    Of an edition: what is asked that year, and how it was asked before.
    """
    values = questionnaire.model_dump(mode="json", exclude_defaults=True)
    head = {key: values[key] for key in HEAD if key in values}
    parts = {key: values[key] for key in PARTS if key in values}
    whole = head | {"introduction": questionnaire.opening} | parts
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=120)
