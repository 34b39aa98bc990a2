"""Seats in a folder that somebody brought: access for each person, given one by one.

Facilitators are content managers of the community's folder, everybody else contributes to it. Google lists with a
folder whoever inherits access from the drive or a folder above: only what was given on this folder is a seat. It names
people by address, so each listing is followed by one batch that asks whose those are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import Said, say
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    LimitReached,
    OutcomeUnknown,
    OwnPace,
    PolicyForbids,
    Throttled,
    Transient,
    Unavailable,
)
from coplink.ports.seats import BatchResult, Done
from coplink_google import ADMIN
from coplink_google.batches import Batches, Ended
from coplink_google.directory import GoogleDirectory
from coplink_google.options import Options
from coplink_google.permissions import MEMBERS, access_lock
from coplink_google.replies import part, rows_of, text_of
from coplink_google.seating import NOBODY
from coplink_google.workspace import Part, Workspace

LEADS, SITS = "fileOrganizer", "writer"
SHOWN = "id,type,role,emailAddress,permissionDetails(permissionType,role,inherited)"


@dataclass(frozen=True, slots=True)
class Held:
    """One person's own access to the folder: the permission's id, and what it lets them do."""

    permission: str
    address: str
    role: str

    @property
    def seat(self) -> Role:
        """The seat this access is."""
        return Role.FACILITATOR if self.role == LEADS else Role.MEMBER


class FolderSeats:
    """Reads and changes who has access of their own to ``parts["folder"]``."""

    def __init__(self, workspace: Workspace, options: Options, directory: GoogleDirectory) -> None:
        self._google, self._options, self._directory = workspace, options, directory
        self._batches = Batches(workspace)

    def read(self, parts: Mapping[str, str]) -> Observed:
        held, complete = self._held(part(parts, "folder"))
        return Observed({account: one.seat for account, one in held.items()}, complete)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        held, complete = self._held(part(parts, "folder"))
        if account in held:
            return held[account].seat
        if not complete:
            raise _half()
        return None

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        folder, wanted = part(parts, "folder"), {seat.account: seat for seat in seats}
        if not wanted or all(seat.before and seat.before.leads == seat.role.leads for seat in seats):
            return BatchResult(dict.fromkeys(wanted, Done.ALREADY_SO))
        with access_lock(folder):
            held = self._all(folder)
            writing = Writing(self._batches)
            new = [account for account in wanted if account not in held]
            known = self._directory.addresses(new)
            give = dict[AccountId, Part]()
            for account in new:
                found = known.get(account)
                if isinstance(found, IntegrationError):
                    writing.note(account, Ended(None, found))
                elif found is None:
                    writing.refuse(account, NOBODY)
                else:
                    give[account] = _give(folder, found, wanted[account].role)
            if len(held) + len(give) > MEMBERS:
                said = say("A folder is shared with {most} people one by one at most.", most=MEMBERS)
                raise LimitReached(said, ADMIN, "direct permissions of a folder")
            for account in wanted.keys() & held.keys():
                one, role = held[account], wanted[account].role
                if one.seat.leads == role.leads or wanted[account].spares(one.seat):
                    writing.outcomes[account] = Done.ALREADY_SO
                else:
                    give[account] = _change(folder, one.permission, role)
            return writing.send(give, wanted)

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        folder = part(parts, "folder")
        if not accounts:
            return BatchResult({})
        with access_lock(folder):
            held, writing = self._all(folder), Writing(self._batches, gone=Done.ALREADY_SO)
            writing.outcomes |= {account: Done.ALREADY_SO for account in accounts if account not in held}
            take = {a: _take(folder, held[a].permission) for a in accounts if a in held}
            return writing.send(take, accounts)

    def _all(self, folder: str) -> dict[AccountId, Held]:
        """Everybody, for a write: nothing is written after half a listing."""
        held, complete = self._held(folder)
        if not complete:
            raise _half()
        return held

    def _held(self, folder: str) -> tuple[dict[AccountId, Held], bool]:
        found: dict[str, Held] = {}
        pages = self._google.pages(
            "drive.permissions.list",
            fileId=folder,
            supportsAllDrives=True,
            pageSize=100,
            fields=f"nextPageToken,permissions({SHOWN})",
        )
        began, complete = False, True
        try:
            for page in pages:
                began = True
                for row in rows_of(page, "permissions"):
                    role, address = _own(row), str(row.get("emailAddress", "")).casefold()
                    if row.get("type") == "user" and role and address != self._options.robot:
                        found[address] = Held(text_of(row, "id"), address, role)
        except (Transient, Gone):
            if not began:
                raise
            complete = False
        accounts = self._directory.accounts(list(found))
        return {accounts[address]: one for address, one in found.items() if address in accounts}, complete


class Writing:
    """The outcomes of one write of seats, as they become known; ``gone``: what it means that one is not there."""

    def __init__(self, batches: Batches, gone: Done = Done.UNKNOWN) -> None:
        self._batches, self._gone = batches, gone
        self.outcomes: dict[AccountId, Done] = {}
        self._reasons: dict[AccountId, Said] = {}
        self._stopped: list[IntegrationError] = []

    def send(self, parts: Mapping[AccountId, Part], everybody: Collection[AccountId]) -> BatchResult:
        """Send these, and answer for everybody; what stops all of them is raised while nothing can be done."""
        if parts:
            try:
                ended = self._batches.send(list(parts.values()))
            except OutcomeUnknown as error:
                ended = [Ended(None, error)] * len(parts)
            for account, one in zip(parts, ended, strict=True):
                self.note(account, one)
        if self._stopped and not any(done in (Done.CHANGED, Done.UNKNOWN) for done in self.outcomes.values()):
            raise self._stopped[0]
        outcomes = {account: self.outcomes.get(account, Done.UNKNOWN) for account in everybody}
        return BatchResult(outcomes, {a: said for a, said in self._reasons.items() if a in outcomes})

    def note(self, account: AccountId, ended: Ended) -> None:
        """How one write ended. One that Google throttled may have been made all the same."""
        match ended.refused:
            case None:
                self.outcomes[account] = Done.CHANGED
            case Gone():  # taken away meanwhile
                self.outcomes[account] = self._gone
            case OutcomeUnknown() as lost:
                self.outcomes[account], self._reasons[account] = Done.UNKNOWN, lost.message
            case Throttled() as slow if not isinstance(slow, OwnPace) and ended.again:
                self.outcomes[account], self._reasons[account] = Done.UNKNOWN, slow.message
            case refused:
                self.refuse(account, refused.message)
                if not isinstance(refused, PolicyForbids):  # a policy is this person's matter, not the call's
                    self._stopped.append(refused)

    def refuse(self, account: AccountId, said: Said) -> None:
        """Whoever cannot be given access, and why."""
        self.outcomes[account], self._reasons[account] = Done.REFUSED, said


def _half() -> Unavailable:
    return Unavailable(say("Google did not answer."), "half a listing of a folder's permissions")


def _own(row: Mapping[str, Any]) -> str:
    """What a row gives on the folder itself; empty where everything in it is inherited."""
    details = row.get("permissionDetails")
    if not isinstance(details, list):
        return ""
    return next(
        (str(one.get("role")) for one in details if isinstance(one, dict) and not one.get("inherited")), ""
    )


def _role(role: Role) -> str:
    return LEADS if role.leads else SITS


def _give(folder: str, address: str, role: Role) -> Part:
    body = {"type": "user", "role": _role(role), "emailAddress": address}
    how = {"supportsAllDrives": True, "sendNotificationEmail": False, "fields": "id"}
    return Part("drive.permissions.create", {"fileId": folder, "body": body, **how})


def _change(folder: str, permission: str, role: Role) -> Part:
    how = {"supportsAllDrives": True, "fields": "id", "body": {"role": _role(role)}}
    return Part("drive.permissions.update", {"fileId": folder, "permissionId": permission, **how})


def _take(folder: str, permission: str) -> Part:
    how = {"fileId": folder, "permissionId": permission, "supportsAllDrives": True}
    return Part("drive.permissions.delete", how)
