"""Reading ease, length of sentences and expected time."""

from pathlib import Path

import pytest

from survey.questionnaire import load_questionnaire
from survey.reading_level import (
    LOWEST_OVERALL_SCORE,
    kandel_moles,
    overall_score,
    reading_faults,
    sentences,
    syllables,
)

INSTRUMENTS = sorted((Path(__file__).parents[2] / "survey" / "instruments").glob("*.yml"))

QUESTIONNAIRE = """\
code: essai
title: Essai
population: entreprises
introduction: {introduction}
themes: {{profil: Profil}}
questions:
  - code: taille
    theme: profil
    type: number
    base: {base}
    text: "{text}"
    help: "{help}"
    short: Taille
    comparable: {{status: own}}
"""


def load(
    folder, text="Quel âge a le chat ?", help="Un mot.", introduction="Bonjour.", base="ensemble"
):
    path = folder / "essai.yml"
    path.write_text(
        QUESTIONNAIRE.format(text=text, help=help, introduction=introduction, base=base), "utf-8"
    )
    return load_questionnaire(path)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("chat", 1),
        ("le", 1),
        ("que", 1),
        ("une", 1),
        ("longue", 1),
        ("entreprise", 3),
        ("l’entreprise", 3),
        ("aujourd’hui", 3),
        ("entreprises", 3),
        ("idée", 2),
        ("créer", 2),
        ("maïs", 2),
        ("payer", 2),
        ("question", 2),
        ("utilisaient", 4),
        ("intelligence", 4),
        ("artificielle", 4),
        ("PME", 3),
        ("IA", 2),
        ("2026", 4),
        ("œuvre", 1),
    ],
)
def test_syllables(word, count):
    assert syllables(word) == count


def test_sentences_and_words():
    assert sentences("L’entreprise utilise-t-elle l’IA ? Oui.\nEt vous") == [
        ["L’entreprise", "utilise", "elle", "l’IA"],
        ["Oui"],
        ["Et", "vous"],
    ]


def test_kandel_moles_on_a_sentence_counted_by_hand():
    # 5 words, 1 sentence, 6 syllables: 207 - 1.015 * 5 - 73.6 * 6 / 5, clipped at 100
    assert kandel_moles("Le chat dort sans bruit.") == 100
    # 4 words, 1 sentence, 13 syllables: 207 - 4.06 - 239.2 < 0
    assert kandel_moles("Intelligence artificielle particulièrement utilisable.") == 0
    # 6 words, 1 sentence, 12 syllables: 207 - 6.09 - 147.2
    text = "Combien de salariés votre entreprise emploie ?"
    assert [syllables(word) for word in sentences(text)[0]] == [2, 1, 3, 1, 3, 2]
    assert kandel_moles(text) == pytest.approx(207 - 1.015 * 6 - 73.6 * 12 / 6)


def test_a_plain_question_is_without_fault(tmp_path):
    assert reading_faults(load(tmp_path)) == []


def test_a_long_sentence_and_hard_words_are_faults(tmp_path):
    long = load(tmp_path, text="le chat " * 16)
    assert "phrase de 32 mots (30 au plus)" in str(reading_faults(long)[0])
    assert "ligne 7, question « taille »" in reading_faults(long)[0].where
    hard = load(tmp_path, text="Opérationnalisation organisationnelle institutionnalisée ?")
    assert [fault.what.split(" à lire")[0] for fault in reading_faults(hard)] == [
        "texte difficile",
        "questionnaire difficile",
    ]


@pytest.mark.parametrize("path", INSTRUMENTS, ids=lambda path: path.stem)
def test_our_questionnaires_read_easily(path):
    questionnaire = load_questionnaire(path)
    assert reading_faults(questionnaire) == []
    assert overall_score(questionnaire) > LOWEST_OVERALL_SCORE


def test_minutes_count_words_choices_and_half_of_what_is_routed(tmp_path):
    # 5 + 2 words of the question, 8 s for a number, 1 word of introduction, 200 words a minute
    assert load(tmp_path).minutes() == pytest.approx(1 / 200 + 7 / 200 + 8 / 60)
    path = tmp_path / "essai.yml"
    asked = QUESTIONNAIRE.format(text="Un ?", help="Mot.", introduction="Bonjour.", base="ensemble")
    second = (
        asked.split("questions:\n")[1].replace("taille", "suite").replace("ensemble", "taille > 3")
    )
    path.write_text(asked + second, "utf-8")
    question = 2 / 200 + 8 / 60
    assert load_questionnaire(path).minutes() == pytest.approx(1 / 200 + question + question / 2)
