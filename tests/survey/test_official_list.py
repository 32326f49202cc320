"""The list of official items: ranks without holes, one base a block, nothing read that was not."""

import csv
from collections import defaultdict

import pytest

from survey.official_items import OFFICIAL_ITEMS, read_blocks

with OFFICIAL_ITEMS.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
RESPONSES = {"oui_non", "une", "plusieurs"}


def blocks(code: str) -> dict[str, tuple[str, ...]]:
    return {block.wave: block.codes for block in read_blocks() if block.code == code}


def test_each_block_has_ranks_from_one_and_one_way_to_be_asked():
    ranks, ways = defaultdict(list), defaultdict(set)
    for row in ROWS:
        key = row["enquete"], row["vague"], row["bloc"]
        ranks[key].append(int(row["ordre"]))
        ways[key].add((row["base"], row["reponse"]))
    assert all(found == list(range(1, len(found) + 1)) for found in ranks.values())
    assert all(len(found) == 1 for found in ways.values())


def test_an_item_stands_once_in_a_wave():
    keys = [(row["enquete"], row["vague"], row["item"]) for row in ROWS]
    assert len(set(keys)) == len(keys)


def test_every_row_is_complete():
    needed = ("enquete", "vague", "bloc", "item", "base", "population", "libelle", "source")
    for row in ROWS:
        assert all(row[column] for column in needed), row
        assert row["reponse"] in RESPONSES
        assert row["lecture"] in {"V", "V2", "D", "NV"}
        assert row["obligatoire"] in {"oui", "non", ""}


def test_the_technologies_and_reasons_are_those_of_the_two_regulations():
    technologies = ["TTM", "TSR", "TNLG", "TPVSG", "TIR", "TML", "TPA", "TAR"]
    reasons = ["BCST", "BLE", "BINC", "BDDT", "BCDP", "BLEG", "BEC", "BNU"]
    for code, items in (("E_AI_TANY", technologies), ("E_AI_B", reasons)):
        listed = tuple(f"E_AI_{item}" for item in items)
        assert blocks(code) == {"2025": listed, "2026": listed}


def test_reasons_of_individuals_break_in_2026():
    assert blocks("I_IUAIX").keys() == {"2025"}
    assert "IUAINUETH" in blocks("IUAINU")["2026"]
    ways = {block.code: block.response for block in read_blocks()}
    assert (ways["I_IUAIX"], ways["IUAINU"]) == ("une", "plusieurs")


@pytest.mark.parametrize("survey", ["barometre_numerique", "bpifrance", "insee_tic", "solidatech"])
def test_what_was_never_read_cannot_be_identical(survey):
    items = [item for block in read_blocks() if block.survey == survey for item in block.items]
    assert items
    assert not any(item.was_read for item in items)
