"""Seats: the members of the community's group. Facilitators are its managers, everybody else plain members.

All roles are fetched and filtered here, because a listing limited to members once returned owners too. An account id is
Google's immutable user id, never an address; Google seats by address, so the answer of every seating is held against
the account that was meant. Somebody of another school has no id that is ours to know: their account is their address.
Who that is the directory tells and not the domain of an address: an institution has several, and changes them.
Nothing is read before it is written, but whether the group takes people from outside before the first of them comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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


class GoogleSeats:
    """Reads and changes the members of ``parts["group"]``."""

    def __init__(self, workspace: Workspace, options: Options, directory: GoogleDirectory) -> None:
        self._google, self._options, self._directory = workspace, options, directory
        self._batches = Batches(workspace)
        self._owners: dict[str, frozenset[AccountId]] = {}  # of each group, at its last reading
        self._robots: set[AccountId] = set()  # the robot's own account, once it was seen in a listing

    def read(self, parts: Mapping[str, str]) -> Observed:
        rows: list[Mapping[str, Any]] = []
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
                rows += rows_of(page, "members")
        except (Transient, Gone):
            if not began:
                raise
            complete = False
        self._robots |= {AccountId(text_of(row, "id")) for row in rows if self._is_robot(row)}
        people = [row for row in rows if self._role(row) is not None]
        accounts = self._accounts(people)
        seats: dict[AccountId, Role] = {}
        owners: set[AccountId] = set()
        for row in people:
            account, role = accounts.get(text_of(row, "id")), self._role(row)
            if account is None or role is None:
                complete = False  # whose it is stays in doubt: nobody counts as gone
                continue
            seats[account] = role
            if row.get("role") == "OWNER":
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

    def _accounts(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, AccountId]:
        """The accounts of members by their ids: whose address is of another domain is asked for, all at once."""
        address = {text_of(row, "id"): str(row.get("email", "")) for row in rows}
        other = [number for number, one in address.items() if "@" in one and not self._options.owns(one)]
        ours = {**dict.fromkeys(address, True), **dict.fromkeys(other), **self._directory.ours(other)}
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
