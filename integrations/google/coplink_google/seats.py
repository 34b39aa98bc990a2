"""Seats: the members of the community's group. Facilitators are its managers, everybody else plain members.

All roles are fetched and filtered here, because a listing limited to members once returned owners too. An account id is
Google's immutable user id, never an address; Google seats by address, so the answer of every seating is held against
the account that was meant. Somebody of another school has no id that is ours to know: their account is their address.
Who that is the directory tells and not the domain of an address: an institution has several, and changes them.
Nothing is read before it is written, but whether the group takes people from outside before the first of them comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.ports.errors import Gone, Transient
from coplink.ports.seats import BatchResult, Done
from coplink_google.batches import Batches
from coplink_google.directory import GoogleDirectory
from coplink_google.guests import account_of, outside
from coplink_google.options import Options
from coplink_google.replies import part, rows_of, text_of
from coplink_google.seating import Seating
from coplink_google.workspace import Workspace

PAGE = 200  # the most that Google gives
FIELDS = "id,email,role,type,status"
EXTERNAL = "allowExternalMembers"


class Entry(NamedTuple):
    """One member of a group, and no more of it than is needed; ``address`` only where it is of another domain."""

    number: str
    role: Role
    owns: bool
    address: str


class GoogleSeats:
    """Reads and changes the members of ``parts["group"]``."""

    def __init__(self, workspace: Workspace, options: Options, directory: GoogleDirectory) -> None:
        self._google, self._options, self._directory = workspace, options, directory
        self._batches = Batches(workspace)
        self._owners: dict[str, frozenset[AccountId]] = {}  # of each group, at its last reading
        self._robots: set[AccountId] = set()  # the robot's own account, once it was seen in a listing

    def read(self, parts: Mapping[str, str]) -> Observed:
        rows: list[Entry] = []
        complete = True
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
                        rows.append(self._entry(row, role))
                    elif self._is_robot(row):
                        self._robots.add(AccountId(text_of(row, "id")))
        except (Transient, Gone):
            if not began:
                raise
            complete = False
        others = self._others(rows)
        seats: dict[AccountId, Role] = {}
        owners: set[AccountId] = set()
        for entry in rows:
            account = AccountId(entry.number) if not entry.address else others.get(entry.number)
            if account is None:
                complete = False  # whose it is stays in doubt: nobody counts as gone
                continue
            seats[account] = entry.role
            if entry.owns:
                owners.add(account)
        if complete:
            self._owners[part(parts, "group")] = frozenset(owners)
        return Observed(seats, complete)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        row = self._member(parts, account)
        return None if row is None else self._role(row)

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        group = part(parts, "group")
        wanted = {seat.account: seat for seat in seats}
        if self._options.lets_guests_in and any(outside(one.account) and one.before is None for one in seats):
            self._open(group)
        return self._seating(group).put(wanted, self._owners.get(group))

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        others = tuple(dict.fromkeys(account for account in accounts if account not in self._robots))
        result = self._seating(part(parts, "group")).remove(others)
        kept = dict.fromkeys(self._robots & set(accounts), Done.ALREADY_SO)
        return BatchResult({**result.outcomes, **kept}, result.reasons) if kept else result

    def _seating(self, group: str) -> Seating:
        return Seating(self._batches, self._directory, self._options, group)

    def _open(self, group: str) -> None:
        """Somebody of another school comes: the group takes people from outside from now on, as the admin said."""
        address = text_of(self._google.call("directory.groups.get", groupKey=group, fields="email"), "email")
        if self._google.call("settings.groups.get", groupUniqueId=address).get(EXTERNAL) != "true":
            self._google.call("settings.groups.patch", groupUniqueId=address, body={EXTERNAL: "true"})

    def _entry(self, row: Mapping[str, Any], role: Role) -> Entry:
        address = str(row.get("email", ""))
        other = "@" in address and not self._options.owns(address)
        return Entry(text_of(row, "id"), role, row.get("role") == "OWNER", address if other else "")

    def _others(self, rows: Sequence[Entry]) -> Mapping[str, AccountId]:
        """The accounts, by their ids, of members whose address is of another domain: asked for, all at once."""
        address = {entry.number: entry.address for entry in rows if entry.address}
        ours = self._directory.ours(list(address))
        return {
            number: AccountId(number) if own else account_of(address[number])
            for number, own in ours.items()
            if own is not None
        }

    def _is_robot(self, row: Mapping[str, Any]) -> bool:
        return str(row.get("email", "")).casefold() == self._options.robot

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
        if row.get("type") != "USER" or self._is_robot(row):
            return None
        return Role.FACILITATOR if row.get("role") in ("MANAGER", "OWNER") else Role.MEMBER
