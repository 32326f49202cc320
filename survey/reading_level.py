"""How long a questionnaire takes and how hard it is to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from survey.conditions import EVERYONE
from survey.errors import Fault
from survey.french import decimal

if TYPE_CHECKING:
    from survey.questions import Question, Questionnaire

LONGEST_SENTENCE = 30  # words
LOWEST_SCORE = 30.0  # one question, a few words: under 30 is « très difficile »
LOWEST_OVERALL_SCORE = 60.0  # the whole questionnaire: « standard », read by the general public

READING_SPEED = 200  # words a minute
SECONDS_TO_ANSWER = {"single": 4, "multiple": 6, "grid": 0, "number": 8, "text": 15}
SECONDS_PER_ROW = 3
SHARE_OF_ROUTED = 0.5

WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
EUPHONIC = "t"  # « utilise-t-elle » holds two words
VOWELS = "aeiouyàâäéèêëîïôöùûüæœ"
SILENT_U = re.compile(r"(?<=q)u|(?<=g)u(?=[eéèêiy])")
CONSONANT_Y = re.compile(rf"(?<=[{VOWELS}])y(?=[{VOWELS}])")
MUTE_END = re.compile(rf"(?<=[^{VOWELS}])es?$|(?<=[iuéyï])es?$|(?<=ai)ent$")
HIATUS = re.compile(r"(?<=[éï])(?=[aeiouàâéèêôœ])|(?<=[aeou])(?=[éèïüë])")
NUCLEUS = re.compile(rf"[{VOWELS}]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """How one question reads: `score` (0 hard to 100 easy), longest sentence in words."""

    question: str
    score: float
    longest_sentence: int


def sentences(text: str) -> list[list[str]]:
    """Words of each sentence; an elided article goes with its word (« l’entreprise » is one)."""
    parts = (WORD.findall(part) for part in SENTENCE_END.split(text))
    sentences = ([word for word in words if word != EUPHONIC] for words in parts)
    return [words for words in sentences if words]


def syllables(word: str) -> int:
    """Spoken syllables of a French word, at least one.

    Vowel groups are counted, without a final mute e, es or the ent of -aient; a hiatus after é or
    before a diaeresis makes two. An acronym (« PME ») counts its letters, a number its digits. The
    plural -ent of verbs is counted, since only a dictionary tells it from « client »: scores err on
    the hard side.
    """
    if word.isdigit() or (word.isupper() and len(word) > 1):
        return len(word)
    return max(1, sum(_vowel_groups(part) for part in re.split(r"[’']", word.lower())))


def _vowel_groups(part: str) -> int:
    heard = CONSONANT_Y.sub("j", SILENT_U.sub("", part))
    return len(NUCLEUS.findall(HIATUS.sub("|", MUTE_END.sub("", heard))))


def kandel_moles(text: str) -> float:
    """Reading ease of a French text: 207 − 1.015 × words per sentence − 73.6 × syllables per word.

    Kandel and Moles (1958), « Application de l’indice de Flesch à la langue française », Cahiers
    Études de Radio-Télévision 19, 253-274. Clipped to [0, 100]: 70 easy, 50 fairly hard, under 30
    very hard.
    """
    found = sentences(text)
    words = [word for sentence in found for word in sentence]
    if not words:
        return 100.0
    per_word = sum(map(syllables, words)) / len(words)
    return min(100.0, max(0.0, 207 - 1.015 * len(words) / len(found) - 73.6 * per_word))


def read_question(question: Question) -> Reading:
    """Reading ease of a wording and its help: what is read before answering."""
    text = f"{question.text}\n{question.help}"
    longest = max((len(sentence) for sentence in sentences(text)), default=0)
    return Reading(question.code, kandel_moles(text), longest)


def overall_score(questionnaire: Questionnaire) -> float:
    """Reading ease of all wordings and helps, one after the other."""
    texts = [f"{question.text}\n{question.help}" for question in questionnaire.questions]
    return kandel_moles("\n".join(texts))


def reading_faults(questionnaire: Questionnaire) -> list[Fault]:
    """What is too hard to read: a question under 30, a sentence over 30 words, the whole under 60.

    A score over a dozen words is rough; the bound on one question only catches what is very hard.
    """
    faults = [
        fault for q in questionnaire.questions for fault in _question_faults(q, questionnaire)
    ]
    score = overall_score(questionnaire)
    if score < LOWEST_OVERALL_SCORE:
        what = (
            f"questionnaire difficile à lire (indice de Kandel et Moles {decimal(score, 0)}, "
            f"{decimal(LOWEST_OVERALL_SCORE, 0)} au moins)."
        )
        faults.append(
            Fault(questionnaire.source, what, "Revoir d’abord les questions les plus dures.")
        )
    return faults


def _question_faults(question: Question, questionnaire: Questionnaire) -> Iterator[Fault]:
    reading, where = read_question(question), questionnaire.where(question.code)
    if reading.longest_sentence > LONGEST_SENTENCE:
        what = f"phrase de {reading.longest_sentence} mots ({LONGEST_SENTENCE} au plus)."
        yield Fault(where, what, "Couper la phrase en deux.")
    if reading.score < LOWEST_SCORE:
        what = (
            f"texte difficile à lire (indice de Kandel et Moles {decimal(reading.score, 0)}, "
            f"{decimal(LOWEST_SCORE, 0)} au moins)."
        )
        yield Fault(where, what, "Choisir des mots plus courts, couper les phrases.")


def minutes_to_answer(questionnaire: Questionnaire) -> float:
    """Expected time to answer, in minutes.

    Words shown (wording, help, options, rows; 200 a minute, the silent reading of French prose)
    plus a time to choose: 4 s for a single choice, 6 s for a multiple one, 3 s a row, 8 s for a
    number, 15 s for a text. A question asked under a condition counts for half. The introduction is
    read once.
    """
    words = _count_words(questionnaire.opening)
    seconds = 60 * words / READING_SPEED
    for question in questionnaire.questions:
        share = 1.0 if question.base == EVERYONE else SHARE_OF_ROUTED
        seconds += share * _seconds(question)
    return seconds / 60


def _seconds(question: Question) -> float:
    labels = [item.label for item in (*question.options, *question.rows)]
    helps = [row.help or "" for row in question.rows]
    words = _count_words(" ".join([question.text, question.help, *labels, *helps]))
    choosing = SECONDS_TO_ANSWER[question.type] + SECONDS_PER_ROW * len(question.rows)
    return 60 * words / READING_SPEED + choosing


def _count_words(text: str) -> int:
    return sum(map(len, sentences(text)))
