"""YAML read as plain text values, with the line of each."""

from __future__ import annotations

from typing import Any

import yaml

from survey.french import integer

KeyPath = tuple[str | int, ...]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C where PyYAML has it
NULL = "tag:yaml.org,2002:null"


DEEPEST = 50  # levels of a file; one of people has five or six
LARGEST = 1_000_000  # characters


class TangledYamlError(yaml.MarkedYAMLError):
    """A YAML text that would take all the memory or never end; `problem` says what, in French."""


class DuplicateKeyError(ValueError):
    """A key stands twice in one mapping; `args` are the key, its line and the line of the first."""


def read_yaml(text: str) -> tuple[Any, dict[KeyPath, int]]:
    """Values of a YAML text, and the line (from 1) of each value by its path.

    Scalars stay as written: `0`, `non` and `2026` come as text, so that a code keeps its zeros and
    no word becomes a Boolean; an empty value is None. The path of `code` of the third question is
    `("questions", 2, "code")`.

    Raises
    ------
    yaml.YAMLError : the text is not YAML, or is tangled (`refuse_tangled`)
    DuplicateKeyError : a key is written twice in the same mapping
    """
    refuse_tangled(text)
    lines: dict[KeyPath, int] = {}
    node = yaml.compose(text, Loader=LOADER)
    return (None if node is None else _value(node, (), lines)), lines


def refuse_tangled(text: str) -> None:
    """Raise on a text too long or too deep, or that refers to itself, before any of it is built.

    Raises
    ------
    yaml.YAMLError : the text is not YAML
    TangledYamlError : larger than `LARGEST`, deeper than `DEEPEST`, or with an alias
    """
    if len(text) > LARGEST:
        raise TangledYamlError(problem=f"le fichier dépasse {integer(LARGEST)} caractères")
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            problem = f"plus de {DEEPEST} niveaux emboîtés"
            raise TangledYamlError(problem=problem, problem_mark=event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            problem = f"le renvoi « *{event.anchor} » n’est pas permis : écrivez la valeur"
            raise TangledYamlError(problem=problem, problem_mark=event.start_mark)


def _value(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == NULL else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), lines) for i, item in enumerate(node.value)]
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(
                problem="a key is not a word", problem_mark=key_node.start_mark
            )
        key, line = key_node.value, key_node.start_mark.line + 1
        if key in mapping:
            raise DuplicateKeyError(key, line, lines[(*path, key)])
        mapping[key] = _value(value_node, (*path, key), lines)
        lines[(*path, key)] = line
    return mapping


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """Line of a path, or of the nearest thing around it that is written in the file."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
