"""What is erased, on demand and when the time decided has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from survey.collection.copies import forget_answers, forget_contacts
from survey.collection.security import read_token
from survey.collection.settings import Settings, Stores, erase
from survey.errors import SurveyError
from survey.french import counted, typography


@dataclass(frozen=True, slots=True)
class Purge:
    """How many people and answers were erased; None where the date has not come."""

    contacts: int | None
    answers: int | None

    def __str__(self) -> str:
        said = [_said(self.contacts, "contact"), _said(self.answers, "réponse")]
        return typography(" ".join(said))


def _said(number: int | None, noun: str) -> str:
    if number is None:
        return f"{noun.capitalize()}s : la date d’effacement n’est pas venue, rien n’est effacé."
    return f"{noun.capitalize()}s : {counted(number, noun)}, tout est effacé."


def withdraw(stores: Stores, who: str) -> bool:
    """Erase the answers of a person, named by their code (or link) or by their unit.

    The files of the campaign are cut too: see `settings.erase`. False when the person had not
    answered; their link is closed all the same.

    Raises
    ------
    SurveyError : no one has this code or this unit
    """
    token = read_token(who)
    person = (stores.contacts.find(token) if token else None) or stores.contacts.find_unit(who)
    if person is None:
        raise SurveyError(
            "aucune personne n’a ce code, ce lien ou cette unité. Vérifiez-le ; si les contacts "
            "sont déjà effacés, plus rien ne relie une réponse à une personne."
        )
    return erase(stores, person)


def purge(stores: Stores, settings: Settings, today: date) -> Purge:
    """Erase contacts and answers whose last day of keeping is over; to be run every day.

    Once contacts are erased, links open nothing and no answer can be withdrawn any more: nothing
    tells whose it is. The same goes for what the campaign's folder copies of them
    (`survey.collection.copies`): the export and what was taken from it, the links, the contact
    columns of the sample. The sample still holds the `token` of each unit, which answers need to be
    weighted; weights and estimates stay.

    Raises
    ------
    SurveyError : no date was decided
    """
    if settings.contacts_until is None and settings.answers_until is None:
        raise SurveyError(
            "aucune date d’effacement n’est décidée. Écrivez « contacts_jusqu_au » et "
            "« reponses_jusqu_au » dans campaign.yml, sous « collecteur »."
        )
    contacts = answers = None
    if settings.contacts_until and today > settings.contacts_until:
        contacts = stores.contacts.delete_all()
        stores.contacts.database.compact()
        if stores.private:
            forget_contacts(stores.private)
    if settings.answers_until and today > settings.answers_until:
        answers = stores.responses.delete_all()
        stores.responses.database.compact()
        if stores.private:
            forget_answers(stores.private)
    return Purge(contacts, answers)
