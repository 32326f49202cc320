"""What can go wrong with what comes from outside, said in French to a study officer.

A message says what, where, what was found, what is allowed and what to do next. Past the gates that
raise these errors, code trusts its frames.
"""

from __future__ import annotations

from dataclasses import dataclass

from survey.marked import shown


class SurveyError(ValueError):
    """Something given to the observatory cannot be used; its French message can be acted on.

    `args` keeps the marks of `survey.marked`, by which a caller tells it in its own words.
    """

    def __str__(self) -> str:
        return shown(super().__str__())


class QuestionnaireError(SurveyError):
    """A questionnaire is wrong; carries every fault found, not the first only."""


class ResponseError(SurveyError):
    """A file of answers cannot be taken in."""


class MarginError(SurveyError):
    """Margins contradict the respondents or each other."""


class ConvergenceError(SurveyError):
    """Calibration stopped before its margins were met."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file: `where` it is ("entreprises.yml, ligne 12"), `what` and the `remedy`.

    `line` is that of the file, when there is one.
    """

    where: str
    what: str
    remedy: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.where}\u202f: {self.what} {self.remedy}"
