"""Twenty planted faults give twenty messages, each at its line, with its question and remedy."""

import re
from pathlib import Path

import pytest

from survey.questionnaire import read_questionnaire

FILE = Path(__file__).parent / "vingt_fautes.yml"
PLANTED = {
    number: line.partition(" : ")[2] if " : " in line.partition("# faute")[2] else ""
    for number, line in enumerate(FILE.read_text(encoding="utf-8").splitlines(), 1)
    if re.search(r"# faute \d+", line)
}


@pytest.fixture(scope="module")
def faults():
    questionnaire, found = read_questionnaire(FILE)
    assert questionnaire is None
    return found


def test_every_planted_fault_is_told_once_and_nothing_else(faults):
    assert len(PLANTED) == 20
    assert [fault.line for fault in faults] == sorted(PLANTED)


def test_each_message_says_where_and_what_to_do(faults):
    for fault in faults:
        assert fault.where.startswith(f"vingt_fautes.yml, ligne {fault.line}")
        assert fault.what.strip() and len(fault.remedy) > 10, fault
        if fault.line > 18:
            assert "question «" in fault.where


def test_messages_name_what_was_planted(faults):
    said = {fault.line: str(fault).replace("\u202f", " ").casefold() for fault in faults}
    expected = re.findall(r"# faute \d+ : (.+)", FILE.read_text(encoding="utf-8"))
    assert len(expected) == 20
    for (line, text), words in zip(sorted(said.items()), expected, strict=True):
        assert any(word in text for word in re.findall(r"« [^»]+ »|\w{5,}", words.casefold())), line
