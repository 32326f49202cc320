import re
from pathlib import Path

import pytest

from survey.errors import SurveyError
from survey.recommendations import load_recommendations

PATH = Path(__file__).parents[2] / "data" / "reference" / "preconisations.yml"
SMALL = """source: Synthèse
annee: 2025
capacites:
  - code: piloter
    titre: Piloter
    but: agir
    preconisations:
      - {code: planifier, titre: Planifier, texte: Écrire un plan.}
      - {code: evaluer, titre: Évaluer, texte: Compter., acteurs: [la Région]}
"""


def test_the_lines_of_the_synthesis_stand_under_five_capacities():
    read = load_recommendations(PATH)
    assert [len(each.recommendations) for each in read.capacities] == [4, 4, 4, 6, 1]
    assert len(set(read.codes)) == 19
    assert read.year == 2025


def test_titles_begin_with_a_verb_and_texts_are_sentences():
    for each in load_recommendations(PATH):
        assert re.match(r"\w+[ei]r ", each.title), each.title
        assert each.text.endswith("."), each.code


def test_a_recommendation_names_its_actors_or_nobody(tmp_path):
    path = tmp_path / "preconisations.yml"
    path.write_text(SMALL, encoding="utf-8")
    first, second = load_recommendations(path)
    assert (first.actors, second.actors) == ((), ("la Région",))
    assert (first.title, first.text) == ("Planifier", "Écrire un plan.")


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("titre: Piloter", "titr: Piloter", "capacité « piloter » : « titre » manque"),
        ("texte: Compter.", "texte: ", "préconisation « evaluer » : « texte » manque ou est vide"),
        ("acteurs:", "acteur:", "préconisation « evaluer » : clé « acteur » inconnue"),
        ("code: evaluer", "code: planifier", "le code « planifier » est écrit deux fois"),
        ("annee: 2025\n", "", "le fichier : « annee » manque"),
        ("annee: 2025", "annee: bientôt", "le fichier : « annee » doit être une année"),
        ("[la Région]", "la Région", "« acteurs » doit être une liste"),
        ("{code: planifier, titre: Planifier, texte: Écrire un plan.}", "rien", "sans code"),
    ],
)
def test_a_wrong_file_says_where_and_what(tmp_path, good, bad, said):
    path = tmp_path / "preconisations.yml"
    assert good in SMALL
    path.write_text(SMALL.replace(good, bad), encoding="utf-8")
    with pytest.raises(SurveyError, match=re.escape(said)):
        load_recommendations(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SurveyError, match="introuvable"):
        load_recommendations(tmp_path / "preconisations.yml")
