"""Many people in one request: ``members/add`` takes 200, ``members/remove`` 20, a change of role one.

The size of ``add`` stands nowhere for certain (Microsoft, "Add members in bulk to a team", names none; messages of
creation say 200): a refusal of the size halves it from then on. The answer to a bulk request is a list with a result
for each person, also where its status is 207; what the list leaves out is unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coplink.core.people import AccountId
from coplink.ports.errors import IntegrationError, OutcomeUnknown
from coplink_teams.answers import Answer
from coplink_teams.batch import Part, send_parts
from coplink_teams.calls import Graph
from coplink_teams.known_seats import MEMBER
from coplink_teams.places import Place
from coplink_teams.replies import refused

ADDED, REMOVED, LEAST = 200, 20, 20
_SIZE = re.compile(
    r"(?i)limited to|too many|batch size|maximum number of (?:members|items) in (?:one|a) request"
)
# The codes of results, as the statuses that single requests have.
_STATUS = {
    "notfound": 404, "forbidden": 403, "accessdenied": 403, "unauthorized": 403, "conflict": 409,
    "toomanyrequests": 429, "activitylimitreached": 429, "serviceunavailable": 503, "internalservererror": 500,
    "generalexception": 500, "timeout": 504, "gatewaytimeout": 504, "unknownerror": 500,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lot:
    """What one request changes. ``first``: it seats owners, and the other lots wait for it."""

    verb: str  # add, remove, change
    accounts: tuple[AccountId, ...]
    roles: tuple[str, ...] = ()
    membership: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """How it ended for one account; ``whole``: the request as a whole was refused or lost, not this person."""

    answer: Answer | IntegrationError
    whole: bool = False

    @property
    def error(self) -> IntegrationError | None:
        """What a refusal stands for."""
        if isinstance(self.answer, IntegrationError):
            return self.answer
        return refused(self.answer) if self.answer.status >= 400 else None


class Bulk:
    """Carries lots out for one connection, and remembers what size Microsoft takes."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._most = {"add": ADDED, "remove": REMOVED}

    def adding(self, owners: Sequence[AccountId], members: Sequence[AccountId]) -> list[Lot]:
        """Lots that seat these, owners before all others."""
        lots = self._cut(Lot("add", tuple(owners), ("owner",), first=True))
        return lots + self._cut(Lot("add", tuple(members)))

    def removing(self, accounts: Sequence[AccountId]) -> list[Lot]:
        """Lots that take these seats away."""
        return self._cut(Lot("remove", tuple(accounts)))

    def carry_out(self, place: Place, lots: Sequence[Lot]) -> dict[AccountId, End]:
        """Send them, in as few requests as Microsoft's limits allow."""
        ended: dict[AccountId, End] = {}
        due = list(lots)
        while due:
            again: list[Lot] = []
            head = next((n for n, lot in enumerate(due) if lot.first), None)
            parts = [self._part(place, lot, None if lot.first else head) for lot in due]
            answers = send_parts(self._graph, parts, "teams")
            for lot, answer in zip(due, answers, strict=True):
                if len(lot.accounts) > LEAST and _too_large(answer):
                    # what followed owners who were refused has their answer: all of it is cut and sent again
                    self._most[lot.verb] = max(LEAST, min(self._most[lot.verb], len(lot.accounts) // 2))
                    again.append(lot)
                elif head is not None and not lot.first and due[head] in again and _too_large(answer):
                    again.append(lot)
                else:
                    ended |= _each(lot, answer)
            due = [part for lot in again for part in self._cut(lot)]
        return ended

    def _cut(self, lot: Lot) -> list[Lot]:
        size = self._most.get(lot.verb, 1)
        starts = range(0, len(lot.accounts), size)
        return [replace(lot, accounts=lot.accounts[start : start + size]) for start in starts]

    def _part(self, place: Place, lot: Lot, head: int | None) -> Part:
        if lot.verb == "change":
            body: dict[str, Any] = {"@odata.type": MEMBER, "roles": list(lot.roles)}
            at = lambda g: place.members(g).by_conversation_member_id(lot.membership)  # noqa: E731
            return Part("PATCH", at, body)
        named = [{"@odata.type": MEMBER, "user@odata.bind": self._bind(account)} for account in lot.accounts]
        if lot.verb == "add":
            body = {"values": [{**one, "roles": list(lot.roles)} for one in named]}
            return Part("POST", lambda g: place.members(g).add, body, after=head)
        return Part("POST", lambda g: place.members(g).remove, {"values": named}, after=head)

    def _bind(self, account: str) -> str:
        quoted = account.replace("'", "''")
        return f"{self._graph.base}/users('{quoted}')"


def _too_large(answer: Answer | IntegrationError) -> bool:
    return (
        isinstance(answer, Answer)
        and answer.status in (400, 413)
        and (answer.status == 413 or bool(_SIZE.search(": ".join(answer.error()))))
    )


def _each(lot: Lot, answer: Answer | IntegrationError) -> dict[AccountId, End]:
    """One end for each account of a lot."""
    if isinstance(answer, Answer) and answer.status in (200, 207) and lot.verb != "change":
        return _results(lot, answer)
    whole = isinstance(answer, IntegrationError) or answer.status >= 400
    if lot.verb == "change" and isinstance(answer, Answer) and answer.status == 404:
        whole = False  # that membership; in bulk requests people who are not there have a result of their own
    return {account: End(answer, whole) for account in lot.accounts}


def _results(lot: Lot, answer: Answer) -> dict[AccountId, End]:
    results: dict[str, Mapping[str, Any]] = {}
    try:
        entries = answer.json()["value"]
        for n, one in enumerate(entries):
            name = one.get("userId") or (lot.accounts[n] if len(entries) == len(lot.accounts) else "")
            results[str(name).casefold()] = one
        return {
            account: End(_alone(results.get(account.casefold()), account, answer)) for account in lot.accounts
        }
    except (IntegrationError, LookupError, TypeError, ValueError, AttributeError) as error:
        lost = OutcomeUnknown(f"{answer.operation} {type(error).__name__}")
        return {account: End(lost) for account in lot.accounts}


def _alone(result: Mapping[str, Any] | None, account: AccountId, answer: Answer) -> Answer | OutcomeUnknown:
    """The answer that a request for this one person would have had."""
    if result is None:
        return OutcomeUnknown(f"{answer.operation} one result is missing")
    error = result.get("error")
    if error is None:
        return replace(answer, status=200, body=b"{}")
    status = _STATUS.get(str(error.get("code") or "").casefold(), 400)
    told = {"error": {"code": error.get("code"), "message": error.get("message")}}
    return replace(answer, status=status, body=json.dumps(told).encode())
