"""Hostile questionnaires: each is refused in a moment, with one message at the right place."""

import re
from time import perf_counter

import pytest

from survey.questionnaire import load_questionnaire, read_questionnaire

HEAD = """code: essai
title: Essai
population: entreprises
introduction: Bonjour.
words: {structure: votre entreprise}
themes: {usages: Usages}
lists:
  ouinon: [{code: oui, label: Oui}, {code: non, label: Non}]
bases: [{code: utilisatrices, label: entreprises utilisant l'IA, condition: usage = oui}]
questions:
"""
MODULE = """module: m
lists: {avis: [{code: oui, label: Oui}, {code: non, label: Non}]}
questions:
"""


def question(code: str, kind: str = "single", **keys: str) -> str:
    """One question, a key a line: its first line is that of `code`."""
    shape = {"options": "ouinon"} if kind in ("single", "multiple", "grid") else {}
    plain = {"theme": "usages", "type": kind, "text": f"Question {code} ?", "help": "Aide."}
    plain |= {"short": code, "comparable": "{status: own}"} | shape | keys
    return f"  - code: {code}\n" + "".join(f"    {k}: {v}\n" for k, v in plain.items())


USAGE, COUNT = question("usage"), question("effectif", "number", integer="true", minimum="0")
ROWS = ", ".join(f"{{code: r{i}, label: R{i}}}" for i in range(40))
CONDITIONAL = (
    "[{code: a, label: A, only_if: usage = oui}, {code: b, label: B, only_if: usage = oui}]"
)


def before(told: str, year: int = 2026) -> str:
    return f"[{{edition: {year}, what: a, before: {{{told}}}}}]"


def one_fault(folder, text: str, modules: dict[str, str | bytes] | None = None) -> str:
    """The only fault of a questionnaire, with plain spaces."""
    for name, module in ({"m": MODULE + question("a", options="avis")} | (modules or {})).items():
        path = folder / "modules" / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(module if isinstance(module, bytes) else module.encode())
    (folder / "essai.yml").write_text(text, encoding="utf-8")
    start = perf_counter()
    questionnaire, faults = read_questionnaire(folder / "essai.yml")
    assert perf_counter() - start < 10
    assert questionnaire is None
    assert len(faults) == 1, "\n".join(map(str, faults))
    return str(faults[0]).replace("\u202f", " ")


# line 19 is the `code` of the question after USAGE
@pytest.mark.parametrize(
    ("added", "said"),
    [
        # conditions
        (question("x", base="not " * 2000 + "usage = oui"), "ligne 27, question « x » : condition"),
        (question("x", base="not " * 40 + "usage = oui"), "41 niveaux emboîtés, 12 au plus"),
        (COUNT + question("x", base="effectif = beaucoup"), "« beaucoup » n’en est pas un"),
        (COUNT + question("x", base="effectif = nan"), "« nan » n’en est pas un"),
        (COUNT + question("x", base="effectif = 1_0"), "« 1_0 » n’en est pas un"),
        (COUNT + question("x", base=f"effectif > {'9' * 400}"), "un nombre trop grand"),
        (
            COUNT + question("y", base="effectif > 3") + question("x", base="effectif = beaucoup"),
            "question « x » : « effectif » est un nombre",
        ),
        (
            COUNT + question("y", base="effectif > 3") + question("x", base="usage == oui"),
            "question « x » : condition illisible, colonne 8",
        ),
        (question("x", options=CONDITIONAL), "sans qu’aucune modalité ne soit proposée"),
        # numbers
        (question("x", "number", minimum="nan"), "« minimum » doit être un nombre"),
        (question("x", "number", maximum="1e400"), "« maximum » doit être un nombre"),
        (question("x", "number", maximum="1e300"), "« maximum » est un nombre trop grand"),
        (
            question("x", "number", integer="true", minimum="0.5", maximum="0.9"),
            "aucun nombre entier entre 0,5 et 0,9",
        ),
        # texts
        (question("x", text="Quoi {structure"), "ligne 22, question « x » : accolade seule"),
        (question("x", text='"{{structure}} ?"'), "accolade seule ou en trop"),
        (question("x", text='"{minutes} ?"'), "mot « {minutes} » inconnu"),
        (question("x", text="mot " * 3000), "« text » dépasse 10 000 caractères"),
        (question("x", text='"a\\0b"'), "le caractère n° 2, U+0000"),
        (question("x", text='"\\e[31mrouge"'), "le caractère n° 1, U+001B"),
        (question("x", text='"\\u202eenvers"'), "le caractère n° 1, U+202E"),
        (question("x", text='"\\ue000lonely\\ue005"'), "le caractère n° 1, U+E000"),
        # years
        (question("x", since="0"), "« since » n’est pas une année plausible"),
        (question("x", until="1000000000000"), "« until » n’est pas une année plausible"),
        (question("x", since="9" * 5000), "« since » doit être un nombre entier"),
        (question("x", since="2027", until="2026"), "retirée en 2026, avant d’être posée en 2027"),
        (
            question("x", options="[{code: a, label: A}, {code: b, label: B, since: 2027}]"),
            "ligne 26, question « x » : il ne reste pas assez de modalités en 2025",
        ),
        (
            question("z", options="[{code: a, label: A}, {code: b, label: B}, "
            "{code: c, label: C, since: 2027}]")
            + question("g", "grid", rows="[{code: r, label: R, only_if: z = c}]"),
            "question « g » : il ne reste pas assez de lignes en 2025",
        ),
        # changes
        (question("x", changed=before("text: ")), "« text » est vide ou n’est pas un texte"),
        (question("x", changed=before("base: ")), "« base » est vide ou n’est pas un texte"),
        (question("x", changed=before("labels: {oui: Non}")), "en 2025, deux libellés sont les mê"),
        (question("x", changed=before("labels: {bof: Bof}")), "« bof » n’est pas une modalité"),
        (question("x", changed=before("order: [non]")), "ne dit pas où était « oui »"),
        (question("x", changed=before("order: [non, oui, oui]")), "un code est là deux fois"),
        (question("x", changed=before("minimum: 3")), "en 2025, « minimum » ne vaut que pour un"),
        (
            question("x", "number", maximum="10", changed=before("minimum: 50")),
            "en 2025, minimum au-dessus du maximum (50 et 10)",
        ),
        (
            question("x", changed=before("base: usage = oui and usage = non")),
            "aucune réponse de l’édition 2025 ne remplit la condition",
        ),
        (
            question("x", changed=f"{before('text: A')[:-1]}, {before('text: B')[1:]}"),
            "deux changements en 2026",
        ),
        # modules
        ("  - from: [a, b]\n", "ligne 19, question n° 2 : « from » ne nomme pas un module"),
        ("  - from:\n", "« from » ne nomme pas un module"),
        ("  - from: ../m\n", "« from » ne nomme pas un module"),
        ("  - from: m.\n", "« from » ne nomme pas un module"),
        ("  - from: n\n" + question("x", base="a = oui"), "module « n » introuvable"),
        ("  - from: n.a\n" + question("x", base="a = oui"), "module « n » introuvable"),
        ("  - from: m.b\n", "question « b » absente du module « m »"),
        ("  - form: m.b\n    theme: usages\n", "clé « form » inconnue"),
        (question("x", options="m.rien"), "liste de modalités « rien » absente du module « m »"),
        (question("x", options="n.avis"), "module « n » introuvable"),
        # one slip, one message
        (
            question("x", texte="Quoi ?").replace("    text: Question x ?\n", ""),
            "« texte » inconnue",
        ),
        (
            question("fin", theme="usages").replace("code: fin", "code: Fin")
            + question("x", base="fin = oui"),
            "code « Fin » mal formé",
        ),
        (question("x", type="[single]"), "« type » est vide ou n’est pas un texte"),
    ],
    ids=lambda value: re.sub(r"\W+", " ", value)[:40],
)  # fmt: skip
def test_each_slip_is_told_once(tmp_path, added, said):
    assert said in one_fault(tmp_path, HEAD + USAGE + added)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{structure: votre entreprise}", "[a]", "ligne 5 : « words » doit être une suite de clés"),
        ("votre entreprise", "[a]", "ligne 5 : « structure » est vide ou n’est pas un texte"),
        ("votre entreprise", "'{structure} x'", "« structure » contient une accolade"),
        ("structure: votre", "minutes: votre", "mot « minutes » réservé"),
        ("[{code: oui, label: Oui}, {code: non, label: Non}]", "", "ligne 8, liste « ouinon »"),
        ("[{code: oui, label: Oui}, {code: non, label: Non}]", "[]", "est une liste vide"),
        ("population", "since: l'an dernier\npopulation", "ligne 3 : « since » doit être"),
        ("population", "since: 9999\npopulation", "ligne 3 : « since » n’est pas une année"),
        ("themes: {usages", "themes: {usage", "ligne 12, question « usage » : thème « usages »"),
    ],
)  # fmt: skip
def test_a_fault_of_the_head_does_not_spread(tmp_path, old, new, said):
    assert said in one_fault(tmp_path, HEAD.replace(old, new) + USAGE)


def test_questions_that_are_no_list_are_told_once(tmp_path):
    assert "ligne 10 : « questions » doit être une liste" in one_fault(tmp_path, HEAD)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("", "modules/m.yml, ligne 1 : le fichier est vide"),
        ("- a\n", "modules/m.yml, ligne 1 : le fichier est vide"),
        (b"\xff\xfe", "modules/m.yml : ce n’est pas de l’UTF-8"),
        ("module: m\nquestions: &a [*a]\n", "ligne 2, colonne 16 : le renvoi « *a » n’est pas"),
        ("module: n\nquestions: []\n", "ligne 1 : le nom du module n’est pas celui du fichier"),
        (f"{MODULE}  - from: m\n", "ligne 4, question « m » : un module ne reprend pas"),
        (f"{MODULE}  - bonjour\n", "modules/m.yml, ligne 4"),
        (
            MODULE + 2 * question("a", options="avis"),
            "modules/m.yml, ligne 12, question « a » : code « a » déjà pris ligne 4",
        ),
        (MODULE + question("a"), "ligne 11, question « a » : liste de modalités « ouinon »"),
        (MODULE + question("a", options="avis", aide="x"), "modules/m.yml, ligne 12"),
    ],
)  # fmt: skip
def test_a_fault_of_a_module_is_told_in_its_file(tmp_path, module, said):
    text = f"{HEAD}{USAGE}  - from: m\n"
    if "questions: []" not in str(module):  # else it says that it brings nothing
        text += question("x", base="a = oui")
    assert said in one_fault(tmp_path, text, {"m": module})


def test_a_question_taken_twice_has_its_fault_once(tmp_path):
    module = MODULE + question("a", options="avis").replace("    help: Aide.\n", "")
    text = f"{HEAD}{USAGE}  - from: m.a\n  - {{from: m.a, code: b}}\n"
    assert "modules/m.yml, ligne 4" in one_fault(tmp_path, text, {"m": module})


def test_too_much_is_refused_and_not_chewed(tmp_path):
    many = HEAD + USAGE + "".join(question(f"q{i}", base="usage = oui") for i in range(3000))
    assert "3001 questions" in one_fault(tmp_path, many)
    chain = "".join(f"  - {{code: b{i}, label: B, condition: b{i + 1}}}\n" for i in range(600))
    last = "  - {code: b600, label: B, condition: usage = oui}\n"
    bases = HEAD.replace("bases: [", "bases:\n  - ").replace(
        "]\nquestions", f"\n{chain}{last}questions"
    )
    assert "plus de 200 comparaisons" in one_fault(tmp_path, bases + USAGE)
    assert "1 000 000 caractères" in one_fault(tmp_path, f"a: {'x' * 2_000_000}")


def test_hard_conditions_do_not_hang(tmp_path):
    hard = question("x", base="count(g = oui) >= 21 and count(g = non) >= 20")
    path = tmp_path / "essai.yml"
    path.write_text(HEAD + USAGE + question("g", "grid", rows=f"[{ROWS}]") + hard, encoding="utf-8")
    start = perf_counter()
    load_questionnaire(path)
    assert perf_counter() - start < 10


def test_a_base_may_move_to_a_new_question_or_from_an_old_one(tmp_path):
    path = tmp_path / "essai.yml"
    text = HEAD + USAGE + question("old", until="2025") + question("new", since="2026")
    text += question("x", base="new = oui", changed=before("base: old = oui"))
    path.write_text(text, encoding="utf-8")
    for year, base in ((2025, "old = oui"), (2026, "new = oui")):
        assert load_questionnaire(path, year).question("x").base == base
    option = (
        "[{code: a, label: A}, {code: b, label: B}, "
        "{code: c, label: C, since: 2026, only_if: new = oui}]"
    )
    path.write_text(text + question("y", options=option), encoding="utf-8")
    assert len(load_questionnaire(path, 2026).question("y").options) == 3
