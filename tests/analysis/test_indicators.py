import polars as pl
import pytest

from analysis.design import SurveyDesign
from analysis.estimation import estimate
from analysis.indicators import (
    domains,
    exclusive_groups,
    impossible_cells,
    labelled,
    read_registry,
    targets,
)
from survey.errors import SurveyError
from survey.questionnaire import in_edition, load_questionnaire
from survey.source import Source

QUESTIONNAIRE = """
code: essai
title: Essai
population: entreprises
introduction: Bonjour.
themes: {profil: Profil, usages: Les usages}
lists:
  oui_non: [{code: oui, label: Oui}, {code: non, label: Non}]
bases:
  - {code: utilisatrices, label: entreprises utilisant l’IA, condition: any(outils) = oui}
  - {code: employeuses, label: entreprises ayant des salariés, condition: taille = "1-9"}
questions:
  - code: taille
    theme: profil
    type: single
    text: Combien de salariés ?
    help: Tous les contrats.
    short: Taille
    options: [{code: "0", label: Aucun salarié}, {code: "1-9", label: 1 à 9 salariés, short: 1 à 9}]
    comparable: {status: own}
  - code: internet
    theme: profil
    type: single
    text: Avez-vous internet ?
    help: Pour travailler.
    short: Internet
    options: oui_non
    comparable: {status: own}
  - code: outils
    theme: usages
    type: grid
    base: internet = oui
    dont_know: true
    text: Quels outils ?
    help: Par ligne.
    short: Outils
    options: oui_non
    rows: [{code: lire, label: Lire un texte, short: Texte}, {code: robot, label: Robot}]
    comparable: {status: own}
  - code: services
    theme: usages
    type: multiple
    base: utilisatrices
    text: Quels services ?
    help: Cochez.
    short: Services
    options: [{code: trad, label: Traduction}, {code: aucun, label: Aucun, exclusive: true}]
    comparable: {status: own}
  - code: statut
    theme: usages
    type: single
    base: employeuses
    dont_know: true
    text: Comment ?
    help: Le plus souvent.
    short: Statut
    options: [{code: officiel, label: Officiel}, {code: cache, label: Caché}]
    comparable: {status: own}
  - code: part
    theme: usages
    type: number
    text: Combien sur dix ?
    help: En moyenne.
    short: Part
    minimum: 0
    maximum: 10
    comparable: {status: own}
  - code: biais
    theme: usages
    type: single
    since: 2026
    text: Contrôlez-vous les biais ?
    help: Par un test.
    short: Biais
    options: oui_non
    comparable: {status: own}
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    path = tmp_path_factory.mktemp("questionnaire") / "essai.yml"
    path.write_text(QUESTIONNAIRE, encoding="utf-8")
    return load_questionnaire(path)


SCOPE = {
    "short": "entreprises employeuses",
    "field": "établissements ayant un salarié",
    "unit": "Un site.",
    "covers": "Tous.",
}


def registry(
    known,
    *indicators: dict,
    domains=({"type": "ensemble", "label": "Ensemble"},),
    scope=SCOPE,
    nouns=None,
):
    definitions = [{"title": "Titre", "theme": "usages", **each} for each in indicators]
    content = {"population": "entreprises", "scope": scope, "nouns": nouns or {}}
    content |= {"domains": domains, "indicators": definitions}
    return read_registry(Source("essai.yml", {}, content), in_edition(known, 2025), known)


def follows(**among: list[str]) -> dict:
    """A definition that follows a recommendation in some domains only."""
    followed = {"recommendation": "r", "as": "moyens", "among": among}
    return {"code": "x", "condition": "internet = oui", "follows": [followed]}


def codes(made) -> list[str]:
    return [indicator.code for indicator in made.indicators]


def test_each_option_of_a_multiple_choice_is_a_share(known):
    made = registry(known, {"code": "s", "each": "services", "base": "utilisatrices"})
    assert codes(made) == ["s__trad", "s__aucun"]
    first = made.indicators[0]
    assert (first.short, first.answer_label, first.family) == ("Traduction", None, "s")
    assert first.base_label == "entreprises utilisant l’IA (établissements ayant un salarié)"
    assert first.theme == "Les usages"


def test_the_champ_of_every_base_says_what_the_population_is(known):
    share = {"condition": "internet = oui"}
    bases = (
        {"code": "a"},
        {"code": "b", "base": "employeuses"},
        {"code": "c", "base": "outils.lire = oui"},
    )
    asked = [share | base for base in bases]
    made = registry(known, *asked)
    assert all("établissements ayant un salarié" in each.base_label for each in made.indicators)
    assert made.indicators[0].base_label == "établissements ayant un salarié"
    nouns = {"employeuses": {"one": "site", "many": "sites", "field": "sites de la région"}}
    short = registry(known, *asked, scope=SCOPE | {"within": "un salarié"}, nouns=nouns)
    assert [each.base_label for each in short.indicators][1] == "sites de la région"
    assert short.indicators[2].base_label.endswith(" (un salarié)")


def test_each_answer_of_a_single_choice_ends_with_dont_know(known):
    made = registry(known, {"code": "s", "each": "statut", "base": "employeuses"})
    assert codes(made) == ["s__officiel", "s__cache", "s__NSP"]
    assert [each.answer_label for each in made.indicators] == ["Officiel", "Caché", "Ne sait pas"]
    missing = registry(known, {"code": "s", "each": "statut", "dont_know": "missing"})
    assert codes(missing) == ["s__officiel", "s__cache"]


def test_a_grid_gives_one_answer_a_row_or_every_answer(known):
    one = registry(known, {"code": "g", "each": "outils", "answer": "oui"})
    assert [(each.code, each.short) for each in one.indicators] == [
        ("g__lire", "Texte"),
        ("g__robot", "Robot"),
    ]
    every = registry(known, {"code": "g", "each": "outils", "answer": "*"})
    assert codes(every) == [
        *("g__lire__oui", "g__lire__non", "g__lire__NSP"),
        *("g__robot__oui", "g__robot__non", "g__robot__NSP"),
    ]
    assert {each.answer_label for each in every.indicators} == {"Oui", "Non", "Ne sait pas"}


def test_means_and_totals(known):
    made = registry(
        known,
        {"code": "m", "mean": "part", "base": "employeuses"},
        {"code": "t", "total": "any(outils) = oui"},
    )
    assert [each.statistic for each in made.indicators] == ["mean", "total"]


def answers() -> pl.DataFrame:
    """Six enterprises: user, non-user, doubtful, silent, doubtful user, without internet."""
    return pl.DataFrame(
        {
            "internet": ["oui", "oui", "oui", "oui", "oui", "non"],
            "outils__lire": ["oui", "non", "NSP", "NR", "oui", None],
            "outils__robot": ["non", "non", "non", "NR", "NSP", None],
            "taille": ["1-9", "0", "1-9", "0", "1-9", "0"],
            "statut": ["officiel", None, "NSP", None, "NR", None],
            "part": [5, 0, None, 2, 4, 1],
        }
    )


def values(made, known) -> list[list]:
    return [answers().select(each.value).to_series().to_list() for each in targets(made, known)]


def test_dont_know_is_missing_or_an_answer(known):
    use = {"code": "u", "condition": "internet = oui and any(outils) = oui"}
    missing = registry(known, use | {"dont_know": "missing"})
    # one tool is enough to be a user; a doubt leaves a non-user unknown; no internet is no use
    assert values(missing, known) == [[True, False, None, None, True, False]]
    answer = registry(known, use)
    assert values(answer, known) == [[True, False, False, None, True, False]]


def test_a_grid_row_counts_the_unconnected_as_non_users(known):
    each = {"each": "outils", "answer": "oui", "condition": "internet = oui"}
    made = registry(known, {"code": "g", "dont_know": "missing", **each})
    assert values(made, known) == [
        [True, False, None, None, True, False],
        [False, False, False, None, None, False],
    ]


def test_answers_of_a_single_choice_leave_no_answer_out_and_add_up(known):
    made = registry(known, {"code": "s", "each": "statut", "base": "employeuses"})
    frame = answers()
    design = SurveyDesign(weight="w", stratum=None, stratum_size=None)
    shares = estimate(
        frame.with_columns(w=pl.lit(1.0)),
        design,
        targets(made, known),
        domains(made, known),
        population="entreprises",
        edition=2025,
    )
    # « NR » is out of the base of the share: two answers are left, officiel and NSP
    assert shares["estimate"].to_list() == [0.5, 0.0, 0.5]
    assert shares["n_respondents"].to_list() == [2, 2, 2]


def test_the_base_is_two_valued(known):
    made = registry(known, {"code": "u", "condition": "internet = oui", "base": "utilisatrices"})
    base = answers().select(targets(made, known)[0].base).to_series()
    assert base.to_list() == [True, False, False, False, True, False]


def test_answers_that_add_up_to_one_are_a_group(known):
    made = registry(
        known,
        {"code": "s", "each": "statut"},
        {"code": "g", "each": "outils", "answer": "*"},
        {"code": "o", "each": "outils", "answer": "oui"},
        {"code": "m", "each": "services"},
    )
    assert exclusive_groups(made) == [
        ["s__officiel", "s__cache", "s__NSP"],
        ["g__lire__oui", "g__lire__non", "g__lire__NSP"],
        ["g__robot__oui", "g__robot__non", "g__robot__NSP"],
    ]


SIZES = (
    {"type": "ensemble", "label": "Ensemble"},
    {"type": "taille", "label": "Taille", "by": "taille"},
    {"type": "petites", "label": "1 à 9 salariés", "condition": "employeuses"},
    {"type": "taille_petites", "label": "Taille", "by": "taille", "condition": "employeuses"},
)


def test_a_base_that_excludes_a_domain_leaves_no_cell_there(known):
    made = registry(
        known,
        {"code": "e", "condition": "internet = oui", "base": "employeuses"},
        {"code": "u", "condition": "internet = oui"},
        domains=SIZES,
    )
    assert impossible_cells(made, known).rows() == [
        ("e", "taille", "0"),
        ("e", "taille_petites", "0"),
        ("u", "taille_petites", "0"),
    ]


def test_domains_keep_to_their_condition(known):
    cuts = domains(registry(known, domains=SIZES), known)
    whole, size, small, crossed = cuts
    assert whole.by is None
    sizes = answers().select(size.by).to_series().to_list()
    assert sizes == ["1-9", "0", "1-9", "0", "1-9", "0"]
    assert answers().select(small.by).to_series().to_list() == [True, False] * 3
    assert answers().select(crossed.by).to_series().to_list() == ["1-9", None] * 3


def test_cells_are_named_and_keep_their_order(known):
    made = registry(known, {"code": "s", "each": "statut", "title": "Statut"}, domains=SIZES)
    cells = pl.DataFrame(
        {
            "indicator": ["s__NSP", "s__cache", "s__cache"],
            "domain_type": ["taille", "ensemble", "petites"],
            "domain": ["1-9", "ensemble", "petites"],
            "statistic": ["share", "share", "share"],
        }
    )
    named = labelled(cells, made, known)
    assert named.select(cells.columns).equals(cells)
    assert named["label"].to_list() == ["1 à 9", "Ensemble", "1 à 9 salariés"]
    assert named["answer_label"].to_list() == ["Ne sait pas", "Caché", "Caché"]
    assert named["title"].unique().to_list() == ["Statut"]
    assert named["base_label"].unique().to_list() == ["établissements ayant un salarié"]
    order = named["domain_order"].to_list()
    assert order[1] < order[0] < order[2]  # as declared: the whole, sizes, the condition


def test_a_question_of_another_edition_is_left_out(known):
    made = registry(
        known,
        {"code": "b", "condition": "biais = oui"},
        {"code": "u", "condition": "any(outils) = oui"},
    )
    assert codes(made) == ["u"]


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (
            {"code": "x", "condition": "outlis.lire = oui"},
            "« x » : la condition cite une question inconnue, « outlis ».",
        ),
        ({"code": "x", "each": "zut"}, "« x » : « each » : zut est inconnu. Codes possibles"),
        (
            {"code": "x", "mean": "parts"},
            "« mean » : parts est inconnu. Vouliez-vous écrire « part",
        ),
        ({"code": "x", "condition": "taille = 0", "base": "zut"}, "base inconnue, « zut »"),
        ({"code": "x", "condition": "any(outils = oui"}, "« x » : condition illisible"),
        ({"code": "x", "condition": "services has trads"}, "modalité inconnue de « services »"),
        ({"code": "x", "condition": "internet = ouii"}, "Vouliez-vous écrire « oui » ?"),
        ({"code": "x", "condition": "services = trad"}, "Écrire « services has … »"),
        ({"code": "x", "each": "outils", "answer": "parfois"}, "« answer » : parfois est inconnu"),
        ({"code": "x", "each": "statut", "theme": "usage"}, "« theme » : usage est inconnu"),
        ({"code": "x", "each": "statut", "breakdowns": ["taille"]}, "« breakdowns » : taille est"),
        (follows(tailles=["1-9"]), "« among » : tailles est inconnu"),
        ({"code": "x"}, "« x » doit avoir une seule des clés"),
        ({"code": "x", "each": "statut", "mean": "part"}, "doit avoir une seule des clés"),
        ({"code": "x", "condition": "taille = 0", "couleur": "bleu"}, "couleur » : clé inconnue"),
    ],
)
def test_a_wrong_definition_is_named(known, definition, said):
    with pytest.raises(SurveyError) as error:
        registry(known, definition)
    assert said in str(error.value).replace("\u202f", " ")


def test_a_recommendation_is_followed_in_domains_that_there_are(known):
    cuts = (
        {"type": "ensemble", "label": "Ensemble"},
        {"type": "par", "label": "P", "by": "taille"},
    )
    assert codes(registry(known, follows(par=["0", "1-9"]), domains=cuts)) == ["x"]
    with pytest.raises(SurveyError, match="10-49 est inconnu"):
        registry(known, follows(par=["10-49"]), domains=cuts)


def test_a_code_or_a_rank_of_headline_serves_once(known):
    first = {"code": "x", "condition": "internet = oui", "headline": 1}
    with pytest.raises(SurveyError, match="ce code est déjà"):
        registry(known, first, {"code": "x", "condition": "internet = non"})
    with pytest.raises(SurveyError, match=r"le rang 1 .* est déjà"):
        registry(known, first, {"code": "y", "condition": "internet = non", "headline": 1})
    assert codes(registry(known, first, {"code": "x", "total": "internet = oui"})) == ["x", "x"]


@pytest.mark.parametrize("cut", [{"by": "tailles"}, {"frame": "epci"}, {"condition": "zut"}])
def test_a_wrong_cut_is_named(known, cut):
    wrong = {"type": "taille", "label": "Taille", **cut}
    with pytest.raises(SurveyError, match="découpage « taille »"):
        registry(known, {"code": "x", "condition": "internet = oui"}, domains=(wrong,))
