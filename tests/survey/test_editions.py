"""A questionnaire read for one year, what changed since another, and where series break."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.breaks import edition_turns, series_breaks
from survey.canonical import resolved, restricted, to_text
from survey.changes import differences, meaning_faults
from survey.columns import questionnaire_columns
from survey.conditions import Compare, parse
from survey.errors import QuestionnaireError
from survey.evaluation import holds
from survey.frozen import record
from survey.generation import generate_responses
from survey.questionnaire import in_edition, load_questionnaire
from survey.routing import effective_base, to_polars
from survey.schema import check_responses

HERE = Path(__file__).parent
YEARS = HERE / "annees.yml"
TEXT = YEARS.read_text(encoding="utf-8")
WHOLE = load_questionnaire(YEARS)
TURNS = edition_turns(WHOLE)
INSTRUMENTS = sorted((HERE.parents[1] / "survey" / "instruments").glob("*.yml"))
CONDITIONS = sorted(
    {
        text
        for path in [YEARS, HERE / "routage.yml", *INSTRUMENTS]
        for q in load_questionnaire(path).questions
        for text in (q.base, *(item.only_if for item in (*q.options, *q.rows)))
        if text
    }
)


def edited(folder: Path, *changes: tuple[str, str]):
    """The questionnaire with some of its text replaced."""
    text = TEXT
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path = folder / "annees.yml"
    path.write_text(text, encoding="utf-8")
    return load_questionnaire(path)


def plain(faults) -> str:
    return "\n".join(map(str, faults)).replace("\u202f", " ")


def test_each_edition_has_its_own_options_rows_and_wording():
    first, second, third = (in_edition(WHOLE, year) for year in (2025, 2026, 2027))
    assert [row.code for row in first.question("outils").rows] == ["ecrit"]
    assert [row.code for row in second.question("outils").rows] == ["ecrit", "image"]
    assert [o.code for o in first.question("lieu").options] == ["site", "nuage"]
    assert "de l’entreprise" in second.question("lieu").text
    assert "vos données" in third.question("lieu").text
    assert second.question("souhaits").option("aide").label == "Une aide"
    assert third.question("souhaits").option("aide").label == "Une aide financière"
    assert "clefs" not in first.by_code and "part" not in third.by_code


def test_a_condition_loses_what_the_edition_does_not_have():
    first, second = (in_edition(WHOLE, year) for year in (2025, 2026))
    assert first.base("nuages").condition == "lieu = nuage"
    assert second.base("nuages").condition == WHOLE.base("nuages").condition
    assert "nuageuses" not in {base.code for base in first.bases}


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_answers_of_an_edition_obey_its_schema(year):
    questionnaire = in_edition(WHOLE, year)
    responses = generate_responses(questionnaire, 200, seed=year)
    check_responses(responses, questionnaire)
    assert responses.columns[1:] == [c.name for c in questionnaire_columns(questionnaire)]


def test_four_states_of_empty_are_kept_apart_across_editions():
    years = {year: in_edition(WHOLE, year) for year in (2025, 2026)}
    frames = [
        generate_responses(q, 300, seed=1).with_columns(edition=pl.lit(year))
        for year, q in years.items()
    ]
    assert "souhaits__cours" not in frames[1].columns  # not in this edition
    assert "clefs" not in frames[0].columns
    asked = frames[1]["pays"]
    users = frames[1].select(to_polars(parse("nuages"), years[2026])).to_series()
    assert (asked.is_null() == ~users).all()  # not asked
    assert {"NR", "oui"} <= set(asked.drop_nulls())  # left blank, answered


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_written_back_reads_the_same(text):
    assert parse(to_text(parse(text))) == parse(text)


def test_what_is_left_of_a_condition_holds_for_the_same_people():
    later, earlier = in_edition(WHOLE, 2026), in_edition(WHOLE, 2025)
    questions = {q.code: q for q in earlier.questions}
    people = generate_responses(earlier, 200, seed=2).to_dicts()
    for text in (
        "lieu in (nuage, mixte)",
        "lieu != mixte",
        "not (lieu = mixte or taille = 0)",
        "count(outils = oui) >= 1 and lieu != mixte",
        "souhaits has aide or lieu = mixte",
    ):
        left = restricted(parse(text), questions, lambda code: parse(code))
        for person in people:
            told = left if isinstance(left, bool) else holds(left, earlier, person)
            assert holds(parse(text), later, person) == told, text
    assert restricted(parse("lieu = mixte"), questions, parse) is False
    assert restricted(parse("lieu != mixte or taille = 0"), questions, parse) is True
    assert restricted(parse("clefs = oui and taille = 0"), questions, parse) is False


def test_a_resolved_condition_names_no_base():
    question = WHOLE.question("pays")
    assert to_text(resolved(effective_base(question), WHOLE)) == "lieu in (nuage, mixte)"


def test_differences_between_two_editions_are_told():
    found = differences(in_edition(WHOLE, 2025), in_edition(WHOLE, 2026))
    assert [(d.question, d.kind) for d in found] == [
        ("outils", "reoptioned"),
        ("lieu", "reoptioned"),
        ("pays", "rebased"),
        ("clefs", "added"),
        ("souhaits", "reoptioned"),
    ]
    assert found[0].details == ("ligne ajoutée : image « Image »",)
    assert "retirée : cours" in found[4].details[0]
    found = differences(in_edition(WHOLE, 2026), in_edition(WHOLE, 2027))
    assert [(d.question, d.kind) for d in found] == [
        ("part", "withdrawn"),
        ("lieu", "reworded"),
        ("souhaits", "reoptioned"),
    ]
    assert differences(in_edition(WHOLE, 2026), in_edition(WHOLE, 2026)) == []


@pytest.mark.parametrize("year", [2025, 2026])
def test_nothing_changed_its_meaning(year):
    assert meaning_faults(in_edition(WHOLE, year), in_edition(WHOLE, year + 1)) == []


MEANING = [
    (
        "before: {text: Où les données de l’entreprise sont-elles gardées ?}",
        "before: {text: Quel âge a la direction ?}",
        "« lieu » a changé de sens : « Quel âge a la direction ? » →",
    ),
    (
        "before: {labels: {aide: Une aide}}",
        "before: {labels: {aide: Un prêt de matériel}}",
        "modalité « aide » de « souhaits » a changé de sens",
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), MEANING)
def test_a_code_that_changes_its_meaning_is_refused(tmp_path, before, after, expected):
    found = edited(tmp_path, (before, after))
    faults = meaning_faults(in_edition(found, 2026), in_edition(found, 2027))
    assert expected in plain(faults) and len(faults) == 1
    excused = edited(tmp_path, (before, f"{after}\n        same_meaning: true"))
    assert meaning_faults(in_edition(excused, 2026), in_edition(excused, 2027)) == []


def test_a_label_that_passes_to_another_code_is_refused(tmp_path):
    before = "label: Les deux à la fois, since: 2026}"
    swapped = edited(
        tmp_path,
        (
            "- {code: nuage, label: Dans le nuage}",
            "- {code: nuage, label: Dans le nuage, until: 2025}",
        ),
        (before, "label: Dans le nuage de l’entreprise, since: 2026}"),
    )
    assert meaning_faults(in_edition(swapped, 2025), in_edition(swapped, 2026)) == []
    stolen = in_edition(swapped, 2026)
    lieu = stolen.question("lieu")
    options = tuple(
        o.model_copy(update={"label": "Dans le nuage"}) if o.code == "mixte" else o
        for o in lieu.options
    )
    questions = tuple(
        q.model_copy(update={"options": options}) if q.code == "lieu" else q
        for q in stolen.questions
    )
    stolen = stolen.model_copy(update={"questions": questions})
    stolen.__dict__.pop("by_code", None)
    assert "Reprendre le code « nuage »" in plain(meaning_faults(in_edition(swapped, 2025), stolen))


def test_a_type_or_a_unit_cannot_change():
    after = in_edition(WHOLE, 2026)

    def changed(code, **update):
        questions = tuple(
            q.model_copy(update=update) if q.code == code else q for q in after.questions
        )
        found = after.model_copy(update={"questions": questions})
        found.__dict__.pop("by_code", None)
        return plain(meaning_faults(after, found))

    assert "a changé de type (single → multiple)" in changed("lieu", type="multiple")
    assert "a changé d’unité (aucune → heures)" in changed("part", unit="heures")


def test_same_meaning_excuses_its_own_edition_only(tmp_path):
    text = ("text: Où vos données sont-elles gardées ?", "text: Qui tient les clefs du coffre ?")
    later = ("breaks: false", "same_meaning: true")
    found = edited(tmp_path, text, later)
    before, after = (in_edition(found, year) for year in (2025, 2026))
    assert meaning_faults(before, in_edition(found, 2027)) == []
    other = after.model_copy(
        update={
            "questions": tuple(
                q.model_copy(update={"text": "Qui paie la facture ?"}) if q.code == "lieu" else q
                for q in after.questions
            )
        }
    )
    assert "a changé de sens" in plain(meaning_faults(before, other))


def test_an_edition_keeps_the_changes_made_by_then():
    years = {year: in_edition(WHOLE, year).question("lieu").changed for year in (2025, 2026, 2027)}
    assert [len(changes) for changes in years.values()] == [0, 0, 1]


def test_a_change_told_breaks_even_where_it_shows_nowhere(tmp_path):
    known = edited(
        tmp_path,
        (
            "        before: {text: Où les données de l’entreprise sont-elles gardées ?}\n"
            "        breaks: false\n",
            "",
        ),
    )
    turns = edition_turns(known)
    assert (2027, "lieu") in [
        (each.edition, each.question) for each in series_breaks(turns, [parse("lieu = site")])
    ]


def test_an_item_that_no_answer_of_the_year_shows_is_not_named_by_later_conditions(tmp_path):
    known = edited(
        tmp_path,
        ("      - {code: image, label: Image, since: 2026}\n",
         "      - {code: image, label: Image, since: 2026}\n"
         "      - {code: son, label: Son, only_if: taille = 50}\n"),
        ('      - {code: "1-9", label: 1 à 9 salariés}\n',
         '      - {code: "1-9", label: 1 à 9 salariés}\n'
         '      - {code: "50", label: 50 salariés et plus, since: 2026}\n'),
        ("    base: utilisatrices\n    dont_know: true",
         "    base: utilisatrices or outils.son = oui\n    dont_know: true"),
    )  # fmt: skip
    first, second = (in_edition(known, year) for year in (2025, 2026))
    assert [row.code for row in first.question("outils").rows] == ["ecrit"]
    assert first.question("lieu").base == "utilisatrices"
    assert [row.code for row in second.question("outils").rows] == ["ecrit", "image", "son"]
    assert second.question("lieu").base == "utilisatrices or outils.son = oui"


@given(st.floats(-1e12, 1e12), st.sampled_from(["<", "<=", ">", ">="]))
def test_numbers_are_written_with_all_their_digits(number, order):
    condition = Compare("effectif", order, number)
    assert parse(to_text(condition)) == condition


def breaks(*texts: str, questions=()) -> list[tuple[int, str]]:
    found = series_breaks(TURNS, [parse(text) for text in texts], questions)
    return [(each.edition, each.question) for each in found]


def test_a_series_breaks_where_what_it_rests_on_changed():
    assert breaks("taille = 0") == []
    assert breaks("outils.ecrit = oui") == []
    assert breaks("any(outils) = oui") == [(2026, "outils")]
    assert breaks("souhaits has aide") == [(2026, "souhaits"), (2027, "souhaits")]
    assert breaks("pays = oui") == [(2026, "outils"), (2026, "lieu"), (2026, "pays")]
    assert breaks("utilisatrices", questions=["part"]) == [(2026, "outils")]


def test_a_change_that_breaks_nothing_is_passed_over():
    assert (2027, "lieu") not in breaks("lieu = site")
    told = {each.what for each in series_breaks(TURNS, [parse("lieu = site")])}
    assert "« Lieu », modalités ajoutées : Les deux à la fois" in {
        what.replace("\u202f", " ").replace("« ", "« ") for what in told
    }


FAULTS = [
    ("until: 2025}", "until: 2024}", "« cours » retirée en 2024, avant d’être proposée en 2025."),
    ("label: Image, since: 2026}", "label: Image, since: 2024}", "avant la question (2025)"),
    ("labels: {aide: Une aide}", "labels: {aides: Une aide}", "Vouliez-vous écrire « aide »"),
    (
        "- {code: nuage, label: Dans le nuage}",
        "- {code: nuage, label: Dans le nuage, until: 2025}",
        "il ne reste pas assez",
    ),
    (
        "    base: nuageuses\n    since: 2026",
        "    base: nuageuses",
        "aucune réponse de l’édition 2025 ne remplit la condition.",
    ),
    (
        "before: {text: Où les",
        "before: {base: absente, text: Où les",
        "base inconnue, « absente ».",
    ),
    (
        "before: {text: Où les données de l’entreprise sont-elles gardées ?}",
        "before: {texte: Où ?}",
        "clé « texte » inconnue. Vouliez-vous écrire « text » ?",
    ),
    ("- edition: 2027\n        what: «", "- edition: 2025\n        what: «", "changement en 2025"),
]


@pytest.mark.parametrize(("before", "after", "expected"), FAULTS)
def test_faults_of_editions_are_told(tmp_path, before, after, expected):
    changes = [(before, after)]
    if "pas assez" in expected:
        changes.append(("label: Les deux à la fois, since: 2026}", "label: Deux, until: 2025}"))
        changes.append(('condition: "lieu = mixte"', "condition: lieu = site"))
        changes.append(('"lieu in (nuage, mixte)"', "lieu = site"))
    with pytest.raises(QuestionnaireError) as error:
        edited(tmp_path, *changes)
    assert expected in str(error.value).replace("\u202f", " ")


@given(st.sampled_from([2025, 2026, 2027]), st.sampled_from([2025, 2026, 2027]))
def test_every_difference_is_declared_in_the_questionnaire(first, second):
    before, after = in_edition(WHOLE, min(first, second)), in_edition(WHOLE, max(first, second))
    same = record(before)["questions"] == record(after)["questions"]
    assert same == (differences(before, after) == [])
