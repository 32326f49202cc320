"""What LimeSurvey's survey structure may hold: row classes, columns, settings, types, attributes.

Gathered from LimeSurvey 6.10 (its import and export of tab-separated structures, its question
models and the descriptions of its question types). The attributes stand in
`attributes.yml`: `types` (letters of the question types that have it), `rule` (it limits
what may be answered: on another type LimeSurvey would drop it in silence), `values` (those allowed,
or `integer`; any when there is none). `alphasort` and `code_filter` are of LimeSurvey 2 and still
written by older exports.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

REQUIRED_COLUMNS = (
    "class",
    "type/scale",
    "name",
    "relevance",
    "text",
    "help",
    "language",
    "validation",
    "mandatory",
    "other",
    "default",
    "same_default",
)
OTHER_COLUMNS = ("id", "related_id", "encrypted", "same_script")

# Classes of rows; what a row may stand under.
SETTING, LANGUAGE_TEXT, GROUP, QUESTION, SUBQUESTION, ANSWER = "S", "SL", "G", "Q", "SQ", "A"
CONDITION, ASSESSMENT, QUOTA, QUOTA_MEMBER, QUOTA_TEXT = "C", "AS", "QTA", "QTAM", "QTALS"
UNDER_QUESTION = (SUBQUESTION, ANSWER, CONDITION, QUOTA_MEMBER)
WITH_LANGUAGE = (LANGUAGE_TEXT, GROUP, QUESTION, SUBQUESTION, ANSWER)
CLASSES = (
    SETTING, LANGUAGE_TEXT, GROUP, QUESTION, SUBQUESTION, ANSWER,
    CONDITION, ASSESSMENT, QUOTA, QUOTA_MEMBER, QUOTA_TEXT,
)  # fmt: skip

LONGEST_QUESTION_CODE, LONGEST_ANSWER_CODE = 20, 5
RESERVED_QUESTIONS = (
    "LANG", "SID", "SAVEDID", "TOKEN", "QID", "GID", "SGQ", "self", "that", "this",
    "and", "or", "eq", "ne", "lt", "le", "gt", "ge",
)  # fmt: skip
RESERVED_SUBQUESTIONS = frozenset({"time"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A question type: does it have subquestions, answers of its own, an « other »?

    `scales` counts its series of answers; `fixed` are the answer codes that the type itself gives.
    """

    letter: str
    subquestions: bool = False
    scales: int = 0
    other: bool = False
    fixed: tuple[str, ...] = ()


FIVE, TEN = tuple("12345"), (*"123456789", "10")
KINDS = {
    kind.letter: kind
    for kind in (
        Kind("L", scales=1, other=True),
        Kind("!", scales=1, other=True),
        Kind("O", scales=1),
        Kind("R", scales=1),
        Kind("M", subquestions=True, other=True, fixed=("Y",)),
        Kind("P", subquestions=True, other=True, fixed=("Y",)),
        Kind("F", subquestions=True, scales=1),
        Kind("H", subquestions=True, scales=1),
        Kind("1", subquestions=True, scales=2),
        Kind("A", subquestions=True, fixed=FIVE),
        Kind("B", subquestions=True, fixed=TEN),
        Kind("C", subquestions=True, fixed=("Y", "N", "U")),
        Kind("E", subquestions=True, fixed=("I", "S", "D")),
        Kind(":", subquestions=True),
        Kind(";", subquestions=True),
        Kind("K", subquestions=True),
        Kind("Q", subquestions=True),
        Kind("5", fixed=FIVE),
        Kind("Y", fixed=("Y", "N")),
        Kind("G", fixed=("M", "F")),
        *(Kind(letter) for letter in "DINSTUX*|"),
    )
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


YES_NO = frozenset("YNI")  # I: as the group of surveys says
SWITCHES = _words("""
    active allowprev allowregister allowsave alloweditaftercompletion anonymized assessments
    autoredirect datestamp htmlemail ipaddr ipanonymize listpublic nokeyboard printanswers
    publicgraphs publicstatistics refurl savetimings sendconfirmation shownoanswer showprogress
    showwelcome showxquestions tokenanswerspersistence usecookie usetokens
""")
SETTING_VALUES = dict.fromkeys(SWITCHES, YES_NO) | {
    "format": frozenset("GSAI"),
    "questionindex": _words("-1 0 1 2"),
    "showgroupinfo": frozenset("BNDXI"),
    "showqnumcode": frozenset("BNCXI"),
}
SETTINGS = frozenset(SETTING_VALUES) | _words("""
    access_mode additional_languages admin adminemail attributedescriptions autonumber_start
    bounce_email bounceaccountencryption bounceaccounthost bounceaccountpass bounceaccounttype
    bounceaccountuser bounceprocessing bouncetime datecreated emailnotificationto emailresponseto
    expires faxto googleanalyticsapikey googleanalyticsstyle gsid language lastmodified
    navigationdelay othersettings owner_id showdatapolicybutton showlegalnoticebutton
    showsurveypolicynotice sid startdate template tokenencryptionoptions tokenlength usecaptcha
""")
LANGUAGE_TEXTS = _words("""
    attachments email_admin_notification email_admin_notification_subj email_admin_responses
    email_admin_responses_subj surveyls_alias surveyls_attributecaptions surveyls_dateformat
    surveyls_description surveyls_email_confirm surveyls_email_confirm_subj surveyls_email_invite
    surveyls_email_invite_subj surveyls_email_register surveyls_email_register_subj
    surveyls_email_remind surveyls_email_remind_subj surveyls_endtext surveyls_language
    surveyls_legal_notice surveyls_numberformat surveyls_policy_error surveyls_policy_notice
    surveyls_policy_notice_label surveyls_survey_id surveyls_title surveyls_url
    surveyls_urldescription surveyls_welcometext
""")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of questions: the types that have it, whether it is a rule, its values."""

    types: str
    rule: bool
    values: tuple[str, ...]

    def takes(self, value: str) -> bool:
        """Whether the value is allowed."""
        if self.values == ("integer",):
            return value.lstrip("-").isdecimal()
        return not self.values or value in self.values


@cache
def attributes() -> dict[str, Attribute]:
    """Attributes by name."""
    text = Path(__file__).with_name("attributes.yml").read_text(encoding="utf-8")
    return {
        name: Attribute(each["types"], each.get("rule", False), tuple(each.get("values", ())))
        for name, each in yaml.safe_load(text).items()
    }
