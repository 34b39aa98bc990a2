"""What a conformance suite asks of its author: a platform that can be played.

The first part must be there. Everything below it has a default that skips the test with a reason; override what your
platform, or the sandbox that stands for it, can play. A fresh rig is made for every test; nothing is cleaned up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NoReturn, Protocol

import pytest

from coplink.core.people import AccountId
from coplink.core.rhythm import Series
from coplink.ports.door import Door, InboundRequest, Knock
from coplink.ports.integration import Capability, Connection, Integration, Surroundings
from coplink.ports.spaces import SpaceWish
from coplink.ports.watch import Subscription

Way = tuple[InboundRequest, Knock | None]


def cannot(what: str) -> NoReturn:
    """Skip a test whose scene this platform does not play."""
    pytest.skip(f"this platform does not play: {what}")


class Rig(Protocol):
    """One institution on one platform, ready to be used and spoiled.

    ``settings`` are complete and right, and those ``connection`` was opened with. ``accounts`` (five or more) exist
    over there, may be seated, and sit nowhere yet; ``addresses`` are theirs, in the same order, as the directory knows
    them; ``stranger`` is an id nobody has. ``where`` is the integration's entry point ("coplink_x:integration"),
    ``sdk`` the top packages of its vendor's library: both are for the proof that pages need none of it; empty skips
    that. ``lines`` names for each capability but ``door`` the title of the check-up's line that speaks of it.
    ``lists_subscriptions`` is False where a platform tells nobody which subscriptions there are.
    """

    integration: Integration
    settings: Mapping[str, str]
    connection: Connection
    accounts: Sequence[AccountId]
    addresses: Sequence[str] = ()
    stranger: AccountId = AccountId("")
    where: str = ""
    sdk: tuple[str, ...] = ()
    lines: Mapping[Capability, str] = {}
    lists_subscriptions: bool = True

    def wish(self, number: int = 1, name: str = "Reading circle") -> SpaceWish:
        """What is wanted; another number is another marker. Holds what the manifest's ``chooses`` names."""
        ...

    def around(self) -> Surroundings:
        """What the house gives an integration; the clock is the platform's."""
        ...

    def writes(self) -> int:
        """How many requests that create, change or delete have reached the platform so far, counted at the wire."""
        ...

    def calls(self) -> int:
        """How many requests of any kind have reached it."""
        ...

    # --- weather ----------------------------------------------------------------------------------------------------

    def lose_next_answer(self) -> None:
        """The next write is done, and its answer never comes."""
        cannot("a lost answer")

    def outage(self) -> None:
        """Until ``fair_weather`` every call is answered with a 5xx and does nothing."""
        cannot("an outage")

    def throttle(self, seconds: int) -> None:
        """Until ``fair_weather`` every call is refused: too many; come back after ``seconds``."""
        cannot("throttling")

    def garble_next_answer(self) -> None:
        """The next call is answered with something that is not the platform's."""
        cannot("an answer nobody can read")

    def fair_weather(self) -> None:
        """Trouble is over; what was planned and did not come is forgotten."""

    def pages_of(self, size: int) -> None:
        """A page of any listing holds at most this many."""
        cannot("pages of another size")

    def half_a_listing(self, parts: Mapping[str, str]) -> None:
        """The next listing of this space's seats breaks off after its first page (three people sit there)."""
        cannot("a listing that breaks off")

    def lag(self) -> None:
        """From now on readings show late what is written."""
        cannot("readings that are late")

    def catch_up(self) -> None:
        """Readings show everything again."""

    # --- what people do over there ----------------------------------------------------------------------------------

    def revoke(self) -> None:
        """The credentials of the connection stop working."""
        cannot("credentials that stop working")

    def copy(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> None:
        """Somebody copies this part of a space, with our marker in it."""
        cannot("a copy that carries our marker")

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        """Somebody gives the space another name."""
        cannot("a space renamed over there")

    def vanish(self, parts: Mapping[str, str]) -> None:
        """Somebody deletes the space."""
        cannot("a space deleted over there")

    def seat_own_account(self, parts: Mapping[str, str]) -> AccountId:
        """The connection's own account gets a seat, as an owner where there are such; its id."""
        cannot("a service account with a seat")

    def twofold(self) -> str:
        """Make an address that two accounts of the institution have."""
        cannot("an address that two accounts have")

    def foreign_address(self) -> str:
        """An address that belongs to somebody of another institution."""
        cannot("an address of another institution")

    def meetings(self, parts: Mapping[str, str], series: Series) -> Sequence[datetime]:
        """When this series takes place as people see it over there, in UTC, in order."""
        cannot("a look at the calendar")

    def move_meeting(self, parts: Mapping[str, str], series: Series, original: date, by: timedelta) -> None:
        """Somebody moves one meeting over there."""
        cannot("a meeting moved over there")

    def half_a_calendar(self, parts: Mapping[str, str]) -> None:
        """The next reading of a series breaks off after its first page."""
        cannot("a calendar that breaks off")

    def add_file(self, parts: Mapping[str, str], name: str) -> str:
        """Somebody (the first account) adds a file to the space; its remote id."""
        cannot("a file that appears")

    def add_folder(self, parts: Mapping[str, str], name: str) -> None:
        """Somebody makes a folder in the space."""
        cannot("a folder")

    def rename_file(self, remote: str, name: str) -> None:
        """Somebody renames a file."""
        cannot("a file renamed")

    def delete_file(self, remote: str) -> None:
        """Somebody deletes a file."""
        cannot("a file deleted")

    def forget_cursors(self) -> None:
        """The platform forgets where readings of libraries stopped."""
        cannot("a cursor that expires")

    def end_subscription(self, subscription: Subscription) -> None:
        """The platform ends a subscription before its time."""
        cannot("a subscription that ends")

    def call_in(self, secret: str) -> InboundRequest:
        """A call as the platform makes it for a subscription that was given this secret."""
        cannot("a call of the platform's")

    def announced(self, parts: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
        """The announcements of ours that people see in this space: title, text as it reads there, who says it."""
        cannot("a look at the announcements")

    # --- the way in -------------------------------------------------------------------------------------------------

    def door(self) -> Door:
        """The door, opened for the institution ``"here"``."""
        cannot("a door")

    def knock(self) -> Way:
        """How the first account comes in: what the browser brings, and the login it belongs to."""
        cannot("somebody who knocks")

    def knocks_wrongly(self) -> Mapping[str, Callable[[], Way]]:
        """Ways that must not open, by what is wrong: another audience, another signer, yesterday's, another school."""
        cannot("somebody who knocks wrongly")
