"""Two suites of these tests: a staff room with a tab, a bell and a caretaker, and a harbour with a sign-in page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from coplink.core.arrival import Arrival, Context, ProvedAccount, RosterSourceAddress
from coplink.core.errors import BadToken, LaunchError
from coplink.core.people import AccountId, InstitutionId
from coplink.core.words import say
from coplink.ports.door import InboundRequest, Knock, Reply, TokenPage
from coplink.ports.errors import Reauthorize, Unavailable
from coplink.ports.integration import Capability, Surroundings
from coplink.ports.watch import Heard, Subscription
from coplink.testing.pinboard import PinBoard, Pinned

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def arrival_of(institution: str, told: Mapping[str, Any]) -> Arrival:
    """Who came, as the staff room's doors tell it."""
    subject = told["subject"]
    course = told.get("course", "course-1")
    account = told.get("account")
    return Arrival(
        "pinboard",
        InstitutionId(institution),
        told.get("realm", f"staff-room-{institution}"),
        subject,
        told.get("name", subject.title()),
        told.get("email", f"{subject}@school.example"),
        zone=told.get("zone"),
        context=Context("realm", course, told.get("title", "Course")) if course else None,
        leads_context=bool(told.get("leads")),
        accounts=(ProvedAccount("pinboard", AccountId(account), f"{account}@school.example"),)
        if account
        else (),
        roster=RosterSourceAddress("realm", {"url": "x"}) if course else None,
        asked=told.get("asked", {}),
    )


class TokenDoor:
    """A tab inside the staff room: its page posts a token, which says who came."""

    page = TokenPage(
        {"tab.js": b"// fetches a token"},
        {"origins": "https://staff.example"},
        {"tab-config.js": b"// tells what was chosen"},
    )
    frame_ancestors = ("https://staff.example",)

    def __init__(self, institution: str) -> None:
        self._institution = institution

    def begin(self, knock: Knock) -> Reply:
        raise LaunchError(say("Open coplink in the staff room."))

    def open(self, request: InboundRequest, knock: Knock | None) -> Arrival:
        try:
            return arrival_of(self._institution, json.loads(request.form.get("token", "")))
        except (ValueError, KeyError, TypeError) as error:
            raise BadToken(say("The staff room does not know you."), type(error).__name__) from error


class RedirectingDoor:
    """A sign-in page elsewhere: the browser is sent away and comes back with a code, which says who came."""

    page = None
    frame_ancestors = ()

    def __init__(self, institution: str) -> None:
        self._institution = institution

    def begin(self, knock: Knock) -> Reply:
        asked = {"state": knock.state, "nonce": knock.nonce, "back": knock.return_url}
        return Reply(303, {"location": f"https://harbour.example/sign-in?{urlencode(asked)}"})

    def open(self, request: InboundRequest, knock: Knock | None) -> Arrival:
        if knock is None or len(knock.verifier) < 43:
            raise BadToken(say("The harbour does not know you."), "no verifier")
        told = json.loads(request.query.get("code", "null"))
        if not told:
            raise BadToken(say("The harbour does not know you."), "no code")
        return replace(
            arrival_of(self._institution, told), door="harbour", realm=f"harbour-{self._institution}"
        )


class Bell:
    """The staff room rings when files change; its calls carry our secret in a header."""

    def subscribe(self, parts: Mapping[str, str], callback: str, secret: str, key: str) -> Subscription:
        return Subscription("bell-1", NOW + timedelta(days=3))

    def renew(self, parts: Mapping[str, str], subscription: Subscription) -> Subscription:
        return subscription

    def stop(self, subscription: Subscription) -> None:
        pass


class Caretaker:
    """Gives the key of the cupboard to an admin who comes back with the right word."""

    def begin(self, state: str, return_url: str) -> str:
        return f"https://caretaker.example/ask?{urlencode({'state': state, 'back': return_url})}"

    def finish(self, code: str, return_url: str) -> Mapping[str, str]:
        if code == "wrong":
            raise Reauthorize(say("The caretaker does not know that word."), "caretaker")
        if code == "busy":
            raise Unavailable(say("The caretaker is busy."))
        return {"key": f"key-for-{code}"}


class StaffRoom(PinBoard):
    """The pin board with a tab as its door, a bell, and a caretaker who must consent."""

    manifest = replace(
        PinBoard.manifest,
        consents=True,
        capabilities=PinBoard.manifest.capabilities | {Capability.DOOR, Capability.WATCH},
        limits=replace(PinBoard.manifest.limits, watch_life=timedelta(days=3)),
    )

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Pinned:
        pinned = super().connect(settings, around)
        pinned.watch = Bell()
        return pinned

    def receive(
        self, settings: Mapping[str, str], request: InboundRequest, secret: str
    ) -> Reply | Heard | None:
        if "validationToken" in request.query:
            return Reply(200, {"content-type": "text/plain"}, request.query["validationToken"])
        return Heard() if request.headers.get("x-bell") == secret else None

    def consent(self, settings: Mapping[str, str], around: Surroundings) -> Caretaker:
        return Caretaker()

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> TokenDoor:
        return TokenDoor(institution)


class Harbour(PinBoard):
    """A second suite with a sign-in page of its own; a place there needs a course."""

    manifest = replace(
        PinBoard.manifest, key="harbour", title="Harbour", door_name="the harbour gate", chooses=("course",)
    )

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> RedirectingDoor:
        return RedirectingDoor(institution)
