"""Guests: people of elsewhere who may be let in by address, where a platform can and its admin said so.

An optional port: a connection that has it offers it as ``guests``. Whoever is let in has shown that the address is
theirs and has joined by their own act; the platform gets the address, and nothing is ever decided by it here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from coplink.core.people import AccountId
from coplink.core.words import Said


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of one address.

    ``account`` may take a seat from now on, as a member and never as one who leads; None where nobody is let in by
    this address, and then ``refused`` says why and who can change that. ``enter`` is a page of the platform that the
    person opens once before they can come in; empty where there is nothing to open, or it has been done.
    """

    account: AccountId | None
    enter: str = ""
    refused: Said | None = None


class Guests(Protocol):
    """Lets people of elsewhere in, by address. Never takes anybody's account away: that is an admin's to do."""

    def takes(self, parts: Mapping[str, str]) -> Said | None:
        """Why a place of this kind holds nobody of elsewhere, or None where it does. Calls nobody."""
        ...

    def invite(self, addresses: Sequence[str], back: str) -> Mapping[str, Invited]:
        """Let these in, or say how far those are who were before; keyed by the address asked, all lower case.

        Idempotent: nobody gets a second account. An address that two accounts have is refused, never guessed between.
        ``back`` is where people land who have opened ``enter``. An address left out is asked about again; what stops
        all of them is raised, with nobody let in.
        """
        ...


@runtime_checkable
class LetsIn(Protocol):
    """A connection that may have guests."""

    @property
    def guests(self) -> Guests | None:
        """The port; None where the admin has not switched it on."""
        ...


def guests_of(connection: object) -> Guests | None:
    """How a connection lets people of elsewhere in, where it does."""
    return connection.guests if isinstance(connection, LetsIn) else None
