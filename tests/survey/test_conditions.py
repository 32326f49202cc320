"""The routing language: its tree, its errors."""

import pytest

from survey.conditions import (
    AllRows,
    And,
    Answered,
    AnyRow,
    Compare,
    Count,
    Everyone,
    Has,
    Is,
    Named,
    Not,
    Or,
    RoutingError,
    parse,
)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("ensemble", Everyone()),
        ("grandes", Named("grandes")),
        ('taille = "10-49"', Is("taille", ("10-49",))),
        ("taille = 0", Is("taille", ("0",))),
        ("taille != '0'", Not(Is("taille", ("0",)))),
        ('taille in ("10-49", non)', Is("taille", ("10-49", "non"))),
        ("outils.image = oui", Is("outils", ("oui",), "image")),
        ("any(outils) = oui", AnyRow("outils", ("oui",))),
        ("all(outils) in (non, NSP)", AllRows("outils", ("non", "NSP"))),
        ("count(outils = oui) >= 2", Count("outils", ("oui",), ">=", 2)),
        ("count(outils = oui) != 2", Not(Count("outils", ("oui",), "=", 2))),
        ("services has trad", Has("services", "trad")),
        ("effectif >= 10", Compare("effectif", ">=", 10.0)),
        ("effectif < -2.5", Compare("effectif", "<", -2.5)),
        ("answered(outils.image)", Answered("outils", "image")),
        ("a = or", Is("a", ("or",))),
        ("organisme", Named("organisme")),
        (
            "a = b or not c = d and e",
            Or((Is("a", ("b",)), And((Not(Is("c", ("d",))), Named("e"))))),
        ),
        ("(a or b)\n and c", And((Or((Named("a"), Named("b"))), Named("c")))),
    ],
)
def test_parse_gives_the_tree(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "taille = 10-49",
            """condition illisible, colonne 12 : « -49 » inattendu.
    taille = 10-49
               ^
Attendu ici : la fin de la condition, « and », « or ». \
Un code avec un tiret s’écrit entre guillemets, par exemple "10-49".""",
        ),
        (
            "a = oui et b = non",
            """condition illisible, colonne 9 : « et » inattendu.
    a = oui et b = non
            ^
Attendu ici : la fin de la condition, « and », « or ». « et » s’écrit « and ».""",
        ),
        (
            "any(outils) =",
            """condition illisible, colonne 14 : la condition s’arrête trop tôt.
    any(outils) =
                 ^
Attendu ici : un code, un nombre, un code entre guillemets.""",
        ),
        (
            "a = oui and\nb @ 3",
            """condition illisible, colonne 3 : « @ » inattendu.
    b @ 3
      ^
Attendu ici :""",
        ),
        ("effectif > dix", "Attendu ici : un nombre."),
        ("count(outils = oui) >= 1.5", "Attendu ici : un nombre entier."),
        ("a == b", "L’égalité s’écrit « = »."),
        ("non a = b", "La négation s’écrit « not »."),
        ("", "la condition s’arrête trop tôt"),
    ],
)
def test_a_syntax_error_shows_column_caret_and_what_is_allowed(text, expected):
    with pytest.raises(RoutingError) as error:
        parse(text)
    assert expected in str(error.value).replace("\u202f", " ")


@pytest.mark.parametrize("text", ["__import__('os').system('x')", "pl.col(a)", "1 + 1", "a = b;"])
def test_nothing_but_the_language_is_read(text):
    with pytest.raises(RoutingError):
        parse(text)
