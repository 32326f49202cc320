from pathlib import Path

from survey.questionnaire import load_questionnaire
from survey.summary import questionnaire_summary

SMALL = Path(__file__).parent / "essai.yml"


def test_the_summary_counts_questions_by_kind_and_origin():
    lines = questionnaire_summary(load_questionnaire(SMALL)).splitlines()
    assert lines[0] == "Essai"
    # taille, outils, services, part, remarque
    assert lines[1].startswith("5 questions : 1 en choix unique")
    assert {"1 en tableau", "1 en choix multiple", "1 en nombre", "1 en texte"} <= set(
        lines[1].split(" : ")[1].split(", ")
    ) | {"1 en choix unique"}
    assert lines[2] == "Comparabilité : 1 adaptées, 4 propres"


def test_the_summary_follows_the_edition():
    assert "4 questions" in questionnaire_summary(load_questionnaire(SMALL, 2025))
    assert "  Usages : outils, part" in questionnaire_summary(load_questionnaire(SMALL, 2025))
    assert "  Usages : outils, services, part" in questionnaire_summary(
        load_questionnaire(SMALL, 2026)
    )


def test_hard_questions_are_listed(tmp_path):
    hard = tmp_path / "dur.yml"
    long = "Combien de salariés " + "et de personnes " * 14 + "?"
    text = SMALL.read_text(encoding="utf-8").replace("Combien de salariés ?", long)
    hard.write_text(text, encoding="utf-8")
    easy = questionnaire_summary(load_questionnaire(SMALL))
    said = questionnaire_summary(load_questionnaire(hard))
    assert "« taille »" in said.replace(easy, "")
    assert "« taille »" not in easy
