"""ExpressionScript read, and evaluated as LimeSurvey was seen to evaluate it."""

import pytest
from expressionscript_engine import truth

from survey.formats.limesurvey.expressionscript import (
    Binary,
    Call,
    Constant,
    ExpressionError,
    Unary,
    Variable,
    parse_expression,
    walk,
)

# What the engine of LimeSurvey 6.10.2 answered under PHP 8.2 for v = each of VALUES: 1 true, 0
# false; first for a numerical question, then for a text.
VALUES = ["", "0", "9", "10", "-3", "12.50", "12,5", "NSP", "1-9", "0.0", " "]
OBSERVED = """
v.NAOK == 0                               01000000010 01000000010
v.NAOK == 10                              00010000000 00010000000
v.NAOK == "0"                             01000000010 01000000010
v.NAOK == ""                              10000000000 10000000000
v.NAOK == -3                              00001000000 00001000000
v.NAOK != "0"                             10111111101 10111111101
v.NAOK ne "NSP"                           11111110111 11111110111
v.NAOK < 0                                10001000001 10001000001
v.NAOK < 10                               01101000010 01101000010
v.NAOK lt "10"                            01001000010 01001000010
v.NAOK < "NSP"                            11000010111 11000010101
v.NAOK <= 0                               11001000011 11001000011
v.NAOK <= "10"                            01011000010 01011000010
v.NAOK <= ""                              11000000010 11000000000
v.NAOK > 0                                00110111100 00110111100
v.NAOK > 10                               00000100000 00000100000
v.NAOK > "0"                              00110111110 00110111110
v.NAOK > "10"                             00100100000 00100100000
v.NAOK > ""                               00000011101 00000011101
v.NAOK >= 0                               01110111110 01110111110
v.NAOK >= "10"                            00110100000 00110100000
v.NAOK >= ""                              11000011111 11000011101
is_empty(v.NAOK)                          10000000000 10000000000
is_empty(trim(v.NAOK))                    10000000001 10000000001
is_numeric(v.NAOK)                        01111100010 01111100010
count(v.NAOK) == 1                        01111111111 01111111111
countif("0", v.NAOK) == 1                 01000000010 01000000010
!(v.NAOK)                                 11000000000 11000000000
!v.NAOK == "0"                            00000000000 00000000000
v.NAOK && 1                               00111111111 00111111111
sum(v.NAOK) > 9                           00010110000 00010110000
sum(str_replace(",", ".", v.NAOK)) > 9    00010110000 00010110000
regexMatch("/^(NSP|-?[0-9]+)$/", v.NAOK)  01111001000 01111001000
"""
LINES = [line.rsplit(None, 2) for line in OBSERVED.strip().splitlines()]


@pytest.mark.parametrize(("expression", "number", "text"), LINES, ids=[line[0] for line in LINES])
def test_our_engine_answers_as_limesurvey(expression, number, text):
    for observed, only_numbers in ((number, True), (text, False)):
        answers = [
            truth(expression, lambda name, value=value: (value, only_numbers))  # noqa: B023
            for value in VALUES
        ]
        assert answers == [digit == "1" for digit in observed]


def test_an_expression_is_read_into_a_tree():
    a = Variable("a", "NAOK")
    assert parse_expression('a.NAOK eq "x" OR !a.NAOK && 2 >= 1.5') == Binary(
        "or",
        Binary("==", a, Constant("x", quoted=True)),
        Binary(
            "and",
            Unary("!", a),
            Binary(">=", Constant("2", quoted=False), Constant("1.5", quoted=False)),
        ),
    )
    assert parse_expression("count(a.NAOK, -1 + 2)") == Call(
        "count",
        (
            a,
            Binary("+", Unary("-", Constant("1", quoted=False)), Constant("2", quoted=False)),
        ),
    )
    assert parse_expression("order.NAOK == 'l\\'or'") == Binary(
        "==", Variable("order", "NAOK"), Constant("l'or", quoted=True)
    )


def test_walk_gives_every_part():
    parts = walk(parse_expression('if(a == 1, "b", !c)'))
    assert {part.name for part in parts if isinstance(part, Variable)} == {"a", "c"}
    assert [part.text for part in parts if isinstance(part, Constant)] == ["1", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1", r"colonne 3 : « = 1 » inattendu\. L’égalité s’écrit « == »\."),
        ("a == ", r"elle s’arrête trop tôt"),
        ("(a == 1", r"elle s’arrête trop tôt"),
        ("a and and b", r"colonne 7"),
        ("a == 'x", r"colonne 6"),
        ("{a == 1}", r"colonne 1"),
        ("not a", r"colonne 5"),
        ("", r"elle s’arrête trop tôt"),
    ],
)
def test_what_is_no_expression_is_refused_in_french(text, message):
    with pytest.raises(ExpressionError, match=message):
        parse_expression(text)
