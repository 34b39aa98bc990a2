"""Seats: the members of the community's group. Facilitators are its managers, everybody else plain members.

All roles are fetched and filtered here, because a listing limited to members once returned owners too. An account id is
Google's immutable user id, never an address. Removed first in their own call by the engine's phases; a change of role
is one patch, so nobody loses access in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import Said, say
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    OutcomeUnknown,
    PolicyForbids,
    Transient,
)
from coplink.ports.seats import BatchResult, Done
from coplink_google.directory import GoogleDirectory
from coplink_google.options import Options
from coplink_google.replies import AlreadyThere, part, rows_of, text_of
from coplink_google.workspace import Workspace

PAGE = 200  # the most that Google gives
FIELDS = "id,email,role,type,status"
ROLES = ("MEMBER", "MANAGER", "OWNER")


class GoogleSeats:
    """Reads and changes the members of ``parts["group"]``."""

    def __init__(self, workspace: Workspace, options: Options, directory: GoogleDirectory) -> None:
        self._google, self._options, self._directory = workspace, options, directory

    def read(self, parts: Mapping[str, str]) -> Observed:
        seats: dict[AccountId, Role] = {}
        pages = self._google.pages(
            "directory.members.list",
            groupKey=part(parts, "group"),
            maxResults=PAGE,
            fields=f"nextPageToken,members({FIELDS})",
        )
        began = False
        try:
            for page in pages:
                began = True
                for row in rows_of(page, "members"):
                    role = self._role(row)
                    if role is not None:
                        seats[AccountId(text_of(row, "id"))] = role
        except (Transient, Gone):
            if not began:
                raise
            return Observed(seats, complete=False)
        return Observed(seats, complete=True)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        row = self._member(parts, account)
        return None if row is None else self._role(row)

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        roles = {seat.account: seat.role for seat in seats}
        return _each(roles, lambda account: self._put(parts, account, roles[account]))

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        return _each(dict.fromkeys(accounts), lambda account: self._remove(parts, account))

    def _put(self, parts: Mapping[str, str], account: AccountId, role: Role) -> Done | Said:
        want = "MANAGER" if role.leads else "MEMBER"
        row = self._member(parts, account)
        if row is None:
            address = self._directory.address(account)
            if address is None:
                return say("Google Workspace has no such account in use.")
            try:
                body = {"email": address, "role": want}
                made = self._google.call("directory.members.insert", groupKey=part(parts, "group"), body=body)
                return _understood(made)
            except AlreadyThere:  # added meanwhile, or still on its way in at Google
                row = self._member(parts, account)
                if row is None:
                    return Done.UNKNOWN
        if row.get("role") in (want, "OWNER"):  # an owner was made by a person and is not demoted
            return Done.ALREADY_SO
        changed = self._google.call(
            "directory.members.patch", groupKey=part(parts, "group"), memberKey=account, body={"role": want}
        )
        return _understood(changed)

    def _remove(self, parts: Mapping[str, str], account: AccountId) -> Done | Said:
        try:
            self._google.call("directory.members.delete", groupKey=part(parts, "group"), memberKey=account)
        except Gone:
            self._google.call(
                "directory.groups.get", groupKey=part(parts, "group"), fields="id"
            )  # raises if that is gone
            return Done.ALREADY_SO
        return Done.CHANGED

    def _member(self, parts: Mapping[str, str], account: AccountId) -> Mapping[str, Any] | None:
        try:
            return self._google.call(
                "directory.members.get", groupKey=part(parts, "group"), memberKey=account, fields=FIELDS
            )
        except Gone:
            self._google.call("directory.groups.get", groupKey=part(parts, "group"), fields="id")
            return None

    def _role(self, row: Mapping[str, Any]) -> Role | None:
        """The role of one entry; None for the robot, for groups inside the group, and for those only invited."""
        if row.get("type") != "USER" or str(row.get("email", "")).casefold() == self._options.robot:
            return None
        return Role.FACILITATOR if row.get("role") in ("MANAGER", "OWNER") else Role.MEMBER


def _understood(answer: Mapping[str, Any]) -> Done:
    """What a write came to: one answered with something that is no member may or may not have happened."""
    return Done.CHANGED if answer.get("role") in ROLES else Done.UNKNOWN


def _each(accounts: Mapping[AccountId, object], write: Callable[[AccountId], Done | Said]) -> BatchResult:
    """One write after the other. What stops the call, of whatever kind, is raised while nothing can have been written;
    after that it is told per account, and the rest comes back refused with the reason, not tried."""
    outcomes: dict[AccountId, Done] = {}
    reasons: dict[AccountId, Said] = {}
    stopped: IntegrationError | None = None
    for account in accounts:
        if stopped is not None:
            outcomes[account], reasons[account] = Done.REFUSED, stopped.message
            continue
        try:
            ended = write(account)
        except OutcomeUnknown as error:
            outcomes[account], reasons[account] = Done.UNKNOWN, error.message
        except PolicyForbids as error:  # this person's, not the call's: the others go on
            outcomes[account], reasons[account] = Done.REFUSED, error.message
        except IntegrationError as error:
            if not any(done in (Done.CHANGED, Done.UNKNOWN) for done in outcomes.values()):
                raise
            stopped = error
            outcomes[account], reasons[account] = Done.REFUSED, error.message
        else:
            outcomes[account] = ended if isinstance(ended, Done) else Done.REFUSED
            if not isinstance(ended, Done):
                reasons[account] = ended
    return BatchResult(outcomes, reasons)
