"""Who sits in a community's channel: facilitators are its owners, everybody else is a member.

Written through the Teams API, so that people see it at once. An account id is an Entra object id; a membership id is
opaque and asked anew each time. The service account is never reported. Someone outside the host team cannot sit in a
private channel, and no permission of one team alone could let them in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import Said, say
from coplink.ports.errors import IntegrationError, OutcomeUnknown, PermissionMissing, Reauthorize, Transient
from coplink.ports.seats import BatchResult, Done
from coplink_teams.answers import Answer
from coplink_teams.batch import Part, send_parts
from coplink_teams.calls import Graph
from coplink_teams.replies import already_there, careful, refused
from coplink_teams.service_account import ServiceAccount
from coplink_teams.settings import Settings
from coplink_teams.spaces import split_channel

NOT_IN_HOST_TEAM = say(
    "Not in the host team: this private channel takes only its members. An owner of the host team can add this person."
)
UNKNOWN_ACCOUNT = say("Microsoft does not know this account in your organisation any more.")
_MEMBER = "#microsoft.graph.aadUserConversationMember"


class ChannelSeats:
    """Reads and changes the members of channels in one host team."""

    def __init__(self, graph: Graph, settings: Settings, service: ServiceAccount) -> None:
        self._graph, self._settings, self._service = graph, settings, service

    @careful
    def read(self, parts: Mapping[str, str]) -> Observed:
        """Everybody in the channel but the service account; a listing that breaks off is not complete."""
        channel, seats = split_channel(parts)[1], dict[AccountId, Role]()
        own = self._service.id()
        pages = self._graph.pages(lambda g: self._members(g, channel), service="teams")
        first = True
        while True:
            try:
                page = next(pages, None)
            except IntegrationError:
                if first:
                    raise
                return Observed(seats, complete=False)
            if page is None:
                return Observed(seats, complete=True)
            first = False
            seats |= {
                AccountId(m["userId"]): _role(m) for m in page["value"] if m.get("userId") not in (None, own)
            }

    @careful
    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        """One account, by a filtered reading that does not go through the listing."""
        if account == self._service.id():
            return None
        found = self._find(split_channel(parts)[1], account)
        return _role(found) if found else None

    @careful
    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        """Seat these, or change the role of those there."""
        kind, channel = split_channel(parts)
        known = self._known(channel)
        outcomes: dict[AccountId, Done] = {}
        due: list[tuple[AccountId, Part]] = []
        for seat in {seat.account: seat for seat in seats}.values():
            there, roles = known.get(seat.account), _roles(seat.role)
            if there is None:
                due.append((seat.account, self._adding(channel, seat.account, roles)))
            elif _role(there) is _role({"roles": roles}):
                outcomes[seat.account] = Done.ALREADY_SO
            else:
                due.append((seat.account, self._changing(channel, str(there["id"]), roles)))
        wanted = {seat.account: _roles(seat.role) for seat in seats}
        reasons: dict[AccountId, Said] = {}
        answers = self._send([part for _, part in due], kind)
        written = any(_may_have_written(answer) for answer in answers)
        for (account, part), answer in zip(due, answers, strict=True):
            try:
                outcomes[account], reason = self._seated(
                    channel, kind, account, wanted[account], part, answer
                )
            except IntegrationError as error:  # what was done is not forgotten over one second look
                if not written:
                    raise
                outcomes[account], reason = _outcome(error, gone=Done.REFUSED)
            written = written or outcomes[account] in (Done.CHANGED, Done.UNKNOWN)
            if reason:
                reasons[account] = reason
        return BatchResult(outcomes, reasons)

    @careful
    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        """Take these seats away; the service account is never among them."""
        kind, channel = split_channel(parts)
        known, own = self._known(channel), self._service.id()
        outcomes = dict.fromkeys(accounts, Done.ALREADY_SO)
        there = [account for account in outcomes if account in known and account != own]
        reasons: dict[AccountId, Said] = {}
        answers = self._send([self._removing(channel, str(known[account]["id"])) for account in there], kind)
        for account, answer in zip(there, answers, strict=True):
            outcomes[account], reason = _outcome(answer, gone=Done.ALREADY_SO)
            if reason:
                reasons[account] = reason
        return BatchResult(outcomes, reasons)

    # --- parts ----------------------------------------------------------------------------------------------------

    def _members(self, kit: Any, channel: str) -> Any:
        return kit.teams.by_team_id(self._settings.team_id).channels.by_channel_id(channel).members

    def _known(self, channel: str) -> dict[AccountId, dict[str, Any]]:
        members = self._graph.listed(lambda g: self._members(g, channel), service="teams")
        return {AccountId(m["userId"]): m for m in members if m.get("userId")}

    @careful
    def _find(self, channel: str, account: str) -> dict[str, Any] | None:
        query = {"$filter": f"({_MEMBER[1:]}/userId eq '{account.replace(chr(39), chr(39) * 2)}')"}
        found = self._graph.listed(lambda g: self._members(g, channel), service="teams", query=query)
        return next((m for m in found if m.get("userId") == account), None)

    def _adding(self, channel: str, account: str, roles: list[str]) -> Part:
        body = {"@odata.type": _MEMBER, "roles": roles, "user@odata.bind": self._service.bind(account)}
        return Part("POST", lambda g: self._members(g, channel), body)

    def _changing(self, channel: str, membership: str, roles: list[str]) -> Part:
        body = {"@odata.type": _MEMBER, "roles": roles}
        return Part("PATCH", lambda g: self._members(g, channel).by_conversation_member_id(membership), body)

    def _removing(self, channel: str, membership: str) -> Part:
        return Part("DELETE", lambda g: self._members(g, channel).by_conversation_member_id(membership))

    # --- answers --------------------------------------------------------------------------------------------------

    def _send(self, parts: Sequence[Part], kind: str) -> list[Answer | IntegrationError]:
        if not parts:
            return []
        # in a private channel a refusal may be about one person alone
        whole_call = (
            (Transient, Reauthorize) if kind == "private" else (Transient, Reauthorize, PermissionMissing)
        )
        answers = send_parts(self._graph, parts, "teams")
        errors = [answer if isinstance(answer, IntegrationError) else None for answer in answers]
        found = [error or (refused(a) if isinstance(a, Answer) and a.status >= 400 else None)
                 for error, a in zip(errors, answers, strict=True)]  # fmt: skip
        if all(isinstance(error, whole_call) for error in found):
            raise next(error for error in found if error)
        return answers

    def _seated(
        self,
        channel: str,
        kind: str,
        account: AccountId,
        roles: list[str],
        part: Part,
        answer: Answer | IntegrationError,
    ) -> tuple[Done, Said | None]:
        if isinstance(answer, Answer) and part.method == "POST":
            if already_there(answer):  # the listing was older than the seat
                return self._already(channel, kind, account, roles)
            if kind == "private" and answer.status in (400, 403, 404) and not self._in_host_team(account):
                return Done.REFUSED, NOT_IN_HOST_TEAM
        return _outcome(answer, gone=Done.REFUSED)

    def _already(
        self, channel: str, kind: str, account: AccountId, roles: list[str]
    ) -> tuple[Done, Said | None]:
        there = self._find(channel, account)
        if there is None or _role(there) is _role({"roles": roles}):
            return Done.ALREADY_SO, None
        return _outcome(
            self._send([self._changing(channel, str(there["id"]), roles)], kind)[0], gone=Done.REFUSED
        )

    def _in_host_team(self, account: str) -> bool:
        try:
            return self._in_team(account)
        except IntegrationError:
            return True  # cannot tell: the refusal itself is shown

    @careful
    def _in_team(self, account: str) -> bool:
        query = {"$filter": f"({_MEMBER[1:]}/userId eq '{account.replace(chr(39), chr(39) * 2)}')"}
        found = self._graph.listed(
            lambda g: g.teams.by_team_id(self._settings.team_id).members, service="teams", query=query
        )
        return any(member.get("userId") == account for member in found)


def _role(member: Mapping[str, Any]) -> Role:
    return Role.FACILITATOR if "owner" in (member.get("roles") or ()) else Role.MEMBER


def _roles(role: Role) -> list[str]:
    return ["owner"] if role.leads else []


def _may_have_written(answer: Answer | IntegrationError) -> bool:
    if isinstance(answer, Answer):
        return answer.status < 300 or answer.status >= 500 or answer.status == 408
    return isinstance(answer, OutcomeUnknown)


def _outcome(answer: Answer | IntegrationError, gone: Done) -> tuple[Done, Said | None]:
    if isinstance(answer, IntegrationError):
        # what was not sent at all is also "unknown" here: the next run looks and does what is missing
        return (
            (Done.UNKNOWN, None)
            if isinstance(answer, OutcomeUnknown | Transient)
            else (Done.REFUSED, answer.message)
        )
    if answer.status < 300:
        return (Done.CHANGED if answer.understood else Done.UNKNOWN), None
    if answer.status == 404:
        return (gone, None) if gone is Done.ALREADY_SO else (gone, UNKNOWN_ACCOUNT)
    error = refused(answer)
    if isinstance(error, OutcomeUnknown | Transient):
        return Done.UNKNOWN, None
    return Done.REFUSED, error.message
