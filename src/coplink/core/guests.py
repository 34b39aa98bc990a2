"""Somebody of one institution as a platform of another lets them in: an account there that is not of that school."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from coplink.core.people import AccountId, InstitutionId, PersonId
from coplink.core.words import Said, say

TAKEN_OUT = say(
    "Somebody took this guest out over there; whoever looks after that place can let them in again."
)
ENTER = say("The invitation on “My page” is to be opened once, to come in as a guest.")
ELSEWHERE = say("Only people of its own institution sit here.")
SHOW_ADDRESS = say(
    "People of other schools come in here as guests. Show your address first: open coplink once in the Teams or Google "
    "of your own school."
)
SAY_YES = say(
    "People of other schools come in here as guests. The platform of this school needs their address, and gets it once "
    "they say yes on the community’s page."
)


@dataclass(frozen=True, slots=True)
class Guest:
    """One person at one platform of an institution that is not theirs; ``address`` was handed to it.

    ``account`` takes the seats; None where nobody is let in. ``refused`` is the last no, which takes no known account
    away. ``enter`` is the page they open once. ``asked_at`` is when the platform was asked last, ``since`` when it
    let them in.
    """

    institution: InstitutionId
    integration: str
    person: PersonId
    address: str
    account: AccountId | None
    enter: str
    refused: Said | None
    asked_at: datetime
    since: datetime | None = None

    @property
    def reason(self) -> Said | None:
        """Why they do not come in, or what they have to do first; None for whoever is in."""
        if self.refused is not None or not self.enter:
            return self.refused
        return ENTER


@dataclass(frozen=True, slots=True)
class Hospitality:
    """How one space takes people of other institutions.

    ``shut`` says why it takes nobody, None where it does; ``seated`` are then the accounts that keep the seat they
    have. ``guests`` are those whom its platform knows; ``answers`` say who lets its institution have their address, and
    who does not.
    """

    shut: Said | None = ELSEWHERE
    guests: Mapping[PersonId, Guest] = field(default_factory=dict)
    answers: Mapping[PersonId, bool] = field(default_factory=dict)
    seated: Collection[AccountId] = ()

    def admits(self, guest: Guest) -> bool:
        """Whether somebody whom the platform knows may sit here."""
        return self.answers.get(guest.person, False) and (self.shut is None or guest.account in self.seated)

    def reason(self, person: PersonId) -> Said:
        """Why somebody of elsewhere who is not admitted has no seat."""
        return self.shut or (SHOW_ADDRESS if self.answers.get(person) else SAY_YES)
