"""A small engine of forms: what pyxform made of our XLSForm, answered and read in XPath 1.0.

It does what a form does: a node that is not relevant is emptied, with all that stands in it, and is
read as empty by what follows.
"""

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pytest
from lxml import etree
from pyxform.xls2xform import convert

from survey.formats.odk.names import form_nodes
from survey.formats.odk.xlsform import export_xlsform
from survey.questionnaire import load_questionnaire

XFORMS = "{http://www.w3.org/2002/xforms}"
HERE = Path(__file__).parent
FILES = [HERE / "xlsform.yml", HERE.parent / "essai.yml", HERE.parent / "routage.yml"]
FILES += sorted((HERE.parents[2] / "survey" / "instruments").glob("*.yml"))
EACH_FILE = pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)


@cache
def questionnaire_of(file: Path):
    return load_questionnaire(file)


def converted(file: Path, folder: Path, **options) -> tuple[str, list[str]]:
    """The XForm that pyxform makes of a questionnaire, and its warnings."""
    path = folder / f"{file.stem}.xlsx"
    export_xlsform(questionnaire_of(file), path)
    warnings: list[str] = []
    return convert(str(path), warnings=warnings, **options).xform, warnings


def selected(_, nodes, code: str) -> bool:
    return code in _words(nodes)


def count_selected(_, nodes) -> float:
    return float(len(_words(nodes)))


def instance(context, name: str) -> list:
    root = context.context_node.getroottree().getroot()
    return [each for each in root.iterchildren("instance") if each.get("id") == name]


def _words(nodes) -> list[str]:
    return (nodes[0].text or "").split() if nodes else []


FUNCTIONS = {
    (None, "selected"): selected,
    (None, "count-selected"): count_selected,
    (None, "instance"): instance,
}
xpath = partial(etree.XPath, extensions=FUNCTIONS)


@dataclass(frozen=True)
class Form:
    """An XForm and one submission; paths are those of `Node.path`."""

    root: etree._Element
    nodes: dict[str, etree._Element]
    relevant: dict[str, etree.XPath]
    constraint: dict[str, etree.XPath]
    choices: dict[str, etree.XPath]

    @classmethod
    def read(cls, xform: str) -> "Form":
        model = etree.fromstring(xform.encode()).find(f".//{XFORMS}model")
        body = model.getroottree().getroot()
        instances = model.findall(f"{XFORMS}instance")
        root = deepcopy(instances[0][0])  # alone, so that paths start from it
        for each in instances[1:]:
            root.append(each)
        for element in root.iter():
            element.tag = etree.QName(element).localname
        binds = {_below(bind.get("nodeset")): bind for bind in model.iter(f"{XFORMS}bind")}
        itemsets = {
            _below(each.getparent().get("ref")): xpath(f"{each.get('nodeset')}/name")
            for each in body.iter(f"{XFORMS}itemset")
        }
        nodes = {path: root.find(path) for path in binds}
        relevant, constraint = _compiled(binds, "relevant"), _compiled(binds, "constraint")
        return cls(root, nodes, relevant, constraint, itemsets)

    def fill(self, submission: dict[str, str]) -> None:
        """Write a submission in place of what stood there."""
        for element in self.nodes.values():
            element.text = None
        for path, text in submission.items():
            self.nodes[path].text = text

    def hidden(self) -> set[str]:
        """Empty what is not relevant, in the order of the form; paths of these nodes and groups."""
        hidden = set()
        for path, relevant in self.relevant.items():
            if not relevant(self.root):
                hidden.add(path)
                for element in self.nodes[path].iter():
                    element.text = None
        return hidden

    def offered(self, path: str) -> list[str]:
        """Codes of the choices shown for a question."""
        return [each.text for each in self.choices[path](self.nodes[path])]

    def accepts(self, path: str) -> bool:
        """Whether the text of a node meets its constraint; an empty node is not looked at."""
        node = self.nodes[path]
        return not node.text or path not in self.constraint or self.constraint[path](node)

    def holds(self, expression: str, questionnaire) -> bool:
        """Truth of an expression of ours, its `${q}` made paths."""
        paths = {node.name: f"/{self.root.tag}/{node.path}" for node in form_nodes(questionnaire)}
        absolute = re.sub(r"\$\{(\w+)\}", lambda found: paths[found[1]], expression)
        return xpath(f"boolean({absolute})")(self.root)


def _below(path: str) -> str:
    """`/data/page/q` -> `page/q`."""
    return path.split("/", 2)[2]


def _compiled(binds: dict, key: str) -> dict[str, etree.XPath]:
    return {
        path: xpath(f"boolean({bind.get(key)})")
        for path, bind in binds.items()
        if bind.get(key) is not None
    }
