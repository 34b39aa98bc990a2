"""Somebody of one institution as a platform of another lets them in: an account there that is not of that school."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coplink.core.people import AccountId, InstitutionId, PersonId
from coplink.core.words import Said, say

TAKEN_OUT = say(
    "Somebody took this guest out over there; whoever looks after that place can let them in again."
)
ENTER = say("The invitation on “My page” is to be opened once, to come in as a guest.")


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
