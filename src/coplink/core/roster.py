"""A roster says who may be invited and who has gone; it never seats anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coplink.core.people import AccountId


@dataclass(frozen=True, slots=True)
class Listed:
    """One person on a roster. ``accounts`` are platform accounts the roster names: proposals, not proofs."""

    subject: str
    name: str | None = None
    email: str | None = None
    leads: bool = False
    accounts: Mapping[str, AccountId] | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Who a platform says is in a context. ``complete`` is False when reading stopped half way."""

    people: tuple[Listed, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What a reading suggests: people to invite, and subjects no longer listed."""

    invite: tuple[Listed, ...]
    gone: frozenset[str]


def suggest(roster: Roster, known: frozenset[str]) -> Suggestions:
    """Compare a reading with the subjects already known from it.

    An incomplete reading suggests invitations only: half a page proves nothing about who has gone. A complete reading
    that is empty where there were people is no proof either.
    """
    listed = {person.subject for person in roster.people}
    invite = tuple(person for person in roster.people if person.subject not in known)
    gone = frozenset(known - listed) if roster.complete and listed else frozenset()
    return Suggestions(invite, gone)
