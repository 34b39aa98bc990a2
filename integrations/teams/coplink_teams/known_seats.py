"""Reading who is a member: whole listings, single people by filter, and the ids that a listing brought along.

Changing a role needs the id of the membership, which is opaque. A complete listing leaves the ids behind for some
minutes, so that the changes planned from it need no second one; what is not remembered is asked for, person by person.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from coplink.core.people import AccountId, Role
from coplink.ports.clock import Clock
from coplink.ports.errors import IntegrationError
from coplink_teams.answers import Answer
from coplink_teams.batch import Part, send_parts
from coplink_teams.calls import Graph
from coplink_teams.packed import Member, Packed
from coplink_teams.places import Place
from coplink_teams.replies import careful, refused

MEMBER = "#microsoft.graph.aadUserConversationMember"
PAGE = 999
FEW = 20  # more people than these are found in a listing rather than one by one
KEPT = timedelta(minutes=5)
MOST_KEPT = 100_000

Found = Mapping[AccountId, Member | IntegrationError | None]


class KnownSeats:
    """What one connection last saw of the members of places."""

    def __init__(self, graph: Graph, clock: Clock) -> None:
        self._graph, self._clock = graph, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Place, tuple[datetime, Packed]] = OrderedDict()

    def pages(self, place: Place) -> Iterator[dict[AccountId, Member]]:
        """Everybody there, page by page; a listing that came to its end is remembered."""
        everybody = Packed()
        for page in self._graph.pages(place.members, service="teams", query={"$top": str(PAGE)}):
            members = _members(page["value"])
            everybody.add(members)
            yield members
        self._keep(place, everybody)

    def find(self, place: Place, accounts: Sequence[AccountId], anew: bool = False) -> Found:
        """The membership of each, None for those who have none, the error where it could not be asked.

        What is remembered is believed unless ``anew``: an id may be old, but never belongs to somebody else.
        """
        found: dict[AccountId, Member | IntegrationError | None] = {}
        if not anew:
            found |= self._remembered(place, accounts)
        missing = [account for account in accounts if account not in found]
        try:
            if len(missing) > FEW:  # a listing may be late: those it lacks are asked for all the same
                listed = {account: member for page in self.pages(place) for account, member in page.items()}
                found |= {account: listed[account] for account in missing if account in listed}
                missing = [account for account in missing if account not in listed]
            answers = send_parts(self._graph, [_asking(place, account) for account in missing], "teams")
        except IntegrationError as error:
            return found | dict.fromkeys(missing, error)
        return found | {
            account: _found(account, answer) for account, answer in zip(missing, answers, strict=True)
        }

    def forget(self, place: Place, accounts: Sequence[AccountId]) -> None:
        """These have just been changed."""
        with self._lock:
            if place in self._kept:
                self._kept[place][1].forget(accounts)

    def _remembered(self, place: Place, accounts: Sequence[AccountId]) -> Mapping[AccountId, Member]:
        with self._lock:
            at, members = self._kept.get(place, (None, None))
            if at is None or members is None or self._clock.now() - at > KEPT:
                return {}
            return members.of(accounts)

    def _keep(self, place: Place, members: Packed) -> None:
        with self._lock:
            self._kept[place] = (self._clock.now(), members)
            self._kept.move_to_end(place)
            while len(self._kept) > 1 and (self._too_many() or self._oldest() > KEPT):
                self._kept.popitem(last=False)

    def _too_many(self) -> bool:
        return sum(members.count for _, members in self._kept.values()) > MOST_KEPT

    def _oldest(self) -> timedelta:
        """How long ago the listing was read that is kept longest."""
        at, _ = next(iter(self._kept.values()))
        return self._clock.now() - at


def role_of(member: Mapping[str, Any]) -> Role:
    """Owners lead, everybody else is a member."""
    return Role.FACILITATOR if "owner" in (member.get("roles") or ()) else Role.MEMBER


def _members(entries: Sequence[Mapping[str, Any]]) -> dict[AccountId, Member]:
    return {AccountId(m["userId"]): Member(str(m["id"]), role_of(m)) for m in entries if m.get("userId")}


def _asking(place: Place, account: AccountId) -> Part:
    quoted = account.replace("'", "''")
    return Part("GET", place.members, query={"$filter": f"({MEMBER[1:]}/userId eq '{quoted}')"})


def _found(account: AccountId, answer: Answer | IntegrationError) -> Member | IntegrationError | None:
    if isinstance(answer, IntegrationError):
        return answer
    try:
        return _read(account, answer)
    except IntegrationError as error:
        return error


@careful
def _read(account: AccountId, answer: Answer) -> Member | None:
    if answer.status != 200:
        raise refused(answer)
    return _members(answer.json()["value"]).get(account)
