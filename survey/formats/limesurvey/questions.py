"""Questions as rows of a LimeSurvey structure: what LimeSurvey can ask, and how it asks the rest.

| question | type | asked by |
|---|---|---|
| `single` | L | answers; « Autre » is LimeSurvey's own; « Je ne sais pas » an answer `NSP` |
| `multiple` | M | one subquestion an option; `NSP` one more, that excludes the others |
| `grid` | F | one subquestion a row, answers |
| `number` | N | bounds, whole numbers only, unit behind |
| `number` with « ne sait pas » | S | a text that must be a number within bounds or `NSP` |
| `text` | T | a long text |

A numerical question of LimeSurvey holds numbers only, and its answer comes home in one column:
hence the text that takes `NSP`, checked by a regular expression and a validation equation.

`only_if` of a row, or of an option of a multiple choice, hides it (relevance of a subquestion).
LimeSurvey cannot hide one answer of a list, nor « Autre »: there a validation equation refuses the
answer, and its tip says whom it is for.
"""

from __future__ import annotations

import html

from survey.columns import DONT_KNOW
from survey.conditions import EVERYONE, parse
from survey.formats.limesurvey.codes import (
    OTHER,
    OTHER_ANSWER,
    answer_codes,
    other_option,
    question_fields,
)
from survey.formats.limesurvey.relevance import (
    is_number,
    joined,
    number_value,
    option_variable,
    to_limesurvey,
    variable,
    written,
)
from survey.french import decimal, typography
from survey.prose import to_french
from survey.questionnaire import Option, Question, Questionnaire, Row
from survey.routing import effective_base

LANGUAGE = "fr"
DONT_KNOW_LABEL = "Je ne sais pas"
ATTRIBUTES = (
    "em_validation_q",
    "em_validation_q_tip",
    "exclude_all_others",
    "max_num_value_n",
    "min_num_value_n",
    "num_value_int_only",
    "other_position",
    "other_position_code",
    "other_replace_text",
    "suffix",
)

Cells = dict[str, str]


def question_rows(question: Question, questionnaire: Questionnaire) -> list[Cells]:
    """A question, its subquestions, its answers."""
    head = {
        "class": "Q",
        "type/scale": limesurvey_type(question),
        "name": question.code,
        "relevance": to_limesurvey(effective_base(question), questionnaire),
        "text": rich(question.text),
        "help": rich(question.help),
        "language": LANGUAGE,
        "mandatory": "Y" if question.required else "N",
        "other": "Y" if is_other_native(question) else "N",
        "same_default": "0",
    }
    head |= attributes(question, questionnaire)
    return [head, *subquestion_rows(question, questionnaire), *answer_rows(question)]


def limesurvey_type(question: Question) -> str:
    """LimeSurvey's letter for the type of a question."""
    if question.type == "number":
        return "S" if question.dont_know else "N"
    return {"single": "L", "multiple": "M", "grid": "F", "text": "T"}[question.type]


def is_other_native(question: Question) -> bool:
    """Whether an option is asked by LimeSurvey's own « Autre »."""
    return question.type in ("single", "multiple") and other_option(question) is not None


def subquestion_rows(question: Question, questionnaire: Questionnaire) -> list[Cells]:
    """Rows of a grid or options of a multiple choice, with who sees them; not « Autre »."""
    if question.type not in ("grid", "multiple"):
        return []
    items = question.rows if question.type == "grid" else question.options
    by_code = {item.code: item for item in items}
    return [
        {
            "class": "SQ",
            "type/scale": "0",
            "name": field.code,
            "relevance": to_limesurvey(parse(condition_of(item)), questionnaire),
            "text": item_text(item),
            "language": LANGUAGE,
        }
        for field in question_fields(question)
        if field.part != OTHER
        for item in [by_code.get(field.part)]
    ]


def condition_of(item: Option | Row | None) -> str:
    """Who sees a row or an option of a question asked; everyone sees « Je ne sais pas »."""
    return (item and item.only_if) or EVERYONE


def item_text(item: Option | Row | None) -> str:
    """The label, and below it the help of a row."""
    if item is None:
        return DONT_KNOW_LABEL
    below = getattr(item, "help", None)
    return rich(item.label) + (f"<br /><small>{rich(below)}</small>" if below else "")


def answer_rows(question: Question) -> list[Cells]:
    """Answers of a single choice or a grid; not « Autre »."""
    if question.type not in ("single", "grid"):
        return []
    labels = {
        code: rich(question.option(ours).label) for ours, code in answer_codes(question).items()
    }
    labels |= {DONT_KNOW: DONT_KNOW_LABEL} if question.dont_know else {}
    return [
        {"class": "A", "type/scale": "0", "name": code, "text": label, "language": LANGUAGE}
        for code, label in labels.items()
        if code != OTHER_ANSWER
    ]


def attributes(question: Question, questionnaire: Questionnaire) -> Cells:
    """Rules and looks beyond what every question has."""
    cells: Cells = {}
    if is_other_native(question):
        cells |= other_attributes(question)
    match question.type:
        case "multiple":
            cells |= exclusive_attribute(question)
        case "number" if question.dont_know:
            cells |= typed_number_attributes(question)
        case "number":
            cells |= number_attributes(question)
    if hidden := hidden_answers(question, questionnaire):
        cells["em_validation_q"] = joined("and", [rule for rule, _ in hidden])
        cells["em_validation_q_tip"] = "<br />".join(rich(tip) for _, tip in hidden)
    return cells


def other_attributes(question: Question) -> Cells:
    """Words and place of « Autre »; LimeSurvey 5 does not know places and puts it at the end."""
    other = other_option(question)
    before = question.options[: question.options.index(other)]
    cells = {"other_replace_text": rich(other.label)}
    if other is question.options[-1] and not question.dont_know:
        return cells | {"other_position": "end"}
    if not before:
        return cells | {"other_position": "beginning"}
    previous = code_of(question, before[-1].code)
    return cells | {"other_position": "specific", "other_position_code": previous}


def code_of(question: Question, option: str) -> str:
    """LimeSurvey's code of an option: subquestion of a multiple choice, else answer."""
    if question.type == "multiple":
        return next(field.code for field in question_fields(question) if field.part == option)
    return answer_codes(question)[option]


def exclusive_attribute(question: Question) -> Cells:
    """Options that exclude the others: `exclusive`, and « Je ne sais pas »."""
    other = other_option(question)
    alone = [
        OTHER if option is other else code_of(question, option.code)
        for option in question.options
        if option.exclusive
    ]
    alone += [DONT_KNOW] * question.dont_know
    return {"exclude_all_others": ";".join(alone)} if alone else {}


def number_attributes(question: Question) -> Cells:
    """Bounds, whole numbers, unit of a numerical question."""
    cells = {"num_value_int_only": "1"} if question.integer else {}
    if question.minimum is not None:
        cells["min_num_value_n"] = written(question.minimum)
    if question.maximum is not None:
        cells["max_num_value_n"] = written(question.maximum)
    return cells | unit_attribute(question)


def unit_attribute(question: Question) -> Cells:
    """The unit, behind the box."""
    return {"suffix": rich(question.unit)} if question.unit else {}


def typed_number_attributes(question: Question) -> Cells:
    """The same for a number typed as a text, which may be `NSP`."""
    sign = "" if question.minimum is not None and question.minimum >= 0 else "-?"
    digits = "[0-9]+" if question.integer else "[0-9]+([.,][0-9]+)?"
    value, bounds, words = number_value(question), [], []
    for bound, order, word in (
        (question.minimum, ">=", "au moins"),
        (question.maximum, "<=", "au plus"),
    ):
        if bound is not None:
            bounds.append(f"{value} {order} {written(bound)}")
            words.append(f"{word} {decimal(bound, 0 if bound == int(bound) else 2)}")
    kind = "un nombre entier" if question.integer else "un nombre"
    tip = f"Écrivez {', '.join([kind, *words])} ; ou NSP si vous ne savez pas."
    cells = {"validation": f"/^({DONT_KNOW}|{sign}{digits})$/"}
    number = joined("and", [is_number(question), *bounds])
    name = variable(question)
    cells["em_validation_q"] = joined(
        "or", [f"is_empty({name})", f'{name} == "{DONT_KNOW}"', number]
    )
    cells["em_validation_q_tip"] = rich(typography(tip))
    return cells | unit_attribute(question)


def hidden_answers(question: Question, questionnaire: Questionnaire) -> list[tuple[str, str]]:
    """Rule and tip of each answer that not everyone may choose and LimeSurvey cannot hide."""
    other = other_option(question)
    rules = []
    for option in question.options:
        if option.only_if is None or (question.type == "multiple" and option is not other):
            continue
        condition = parse(option.only_if)
        match question.type:
            case "single":
                free = f'{variable(question)} != "{code_of(question, option.code)}"'
            case "grid":
                names = ", ".join(variable(question, row.code) for row in question.rows)
                free = f'countif("{code_of(question, option.code)}", {names}) == 0'
            case _:
                free = f"is_empty({option_variable(question, option.code)})"
        clause = to_french(condition, questionnaire)
        tip = typography(f"« {option.label} » ne se choisit que si {clause}.")
        rules.append((joined("or", [free, to_limesurvey(condition, questionnaire)]), tip))
    return rules


def rich(text: str) -> str:
    """A text as HTML that LimeSurvey shows as it is: no tag, no expression, no line end."""
    escaped = html.escape(text.replace("\t", " "))
    for character in "{}\\":
        escaped = escaped.replace(character, f"&#{ord(character)};")
    return "<br />".join(escaped.splitlines())
