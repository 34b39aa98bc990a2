"""Facilitators who manage files: beside their seat in the group they are content managers of the shared drive.

It is given only where the connection asks for it, for it costs one call more for everybody who begins to lead. It is
taken back always: a connection may have asked for it once, and whoever leaves keeps nothing of it. The access of one's
own comes before the seat and goes before it, so that nobody who leads in the group lacks it for long, and the next run
finishes an interrupted one. What a person gave by hand in another role is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.ports.errors import Gone, IntegrationError, LimitReached, OutcomeUnknown
from coplink.ports.seats import BatchResult, Done
from coplink_google.directory import GoogleDirectory
from coplink_google.guests import outside
from coplink_google.permissions import Grant, Permissions
from coplink_google.replies import part
from coplink_google.seats import GoogleSeats

MANAGES = "fileOrganizer"  # "Content manager" in Drive's own words

Kept = Mapping[AccountId, IntegrationError]


class LeadingSeats:
    """The seats of the group, and access of their own for those who lead."""

    def __init__(
        self, seats: GoogleSeats, permissions: Permissions, directory: GoogleDirectory, gives: bool
    ) -> None:
        self._seats, self._permissions, self._directory, self._gives = seats, permissions, directory, gives

    def read(self, parts: Mapping[str, str]) -> Observed:
        return self._seats.read(parts)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        return self._seats.look(parts, account)

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        up = [seat.account for seat in seats if seat.role.leads]
        down = [seat.account for seat in seats if seat.before and seat.before.leads and not seat.role.leads]
        given = self._give(part(parts, "drive"), up) if self._gives else {}
        kept = {**given, **self._take(parts, down)}
        rest = [seat for seat in seats if seat.account not in kept]
        return _with(kept, self._seats.put(parts, rest) if rest else BatchResult({}))

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        kept = self._take(parts, accounts)
        rest = [account for account in accounts if account not in kept]
        return _with(kept, self._seats.remove(parts, rest) if rest else BatchResult({}))

    def _give(self, drive: str, accounts: Sequence[AccountId]) -> Kept:
        """Give these their access; who could not be given it. Those without an account are the seat's matter."""
        known = self._addresses(accounts)
        grants = [Grant("user", address, MANAGES) for address in known.values()]
        if not grants:
            return {}
        try:
            given = self._permissions.give(drive, grants)
        except LimitReached as full:
            return dict.fromkeys(known, full)
        ended = {account: given[address] for account, address in known.items()}
        return {account: one for account, one in ended.items() if isinstance(one, IntegrationError)}

    def _take(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> Kept:
        """Take the access of their own from these; who keeps it still. Nobody is asked about where nobody has any."""
        drive, own = parts.get("drive"), [account for account in accounts if not outside(account)]
        try:
            if not drive or not own or not self._permissions.anybody(drive, MANAGES):
                return {}
            known = self._addresses(own, in_use=False)
            kept = self._permissions.take(drive, list(known.values()), MANAGES) if known else {}
        except Gone:  # with the drive went all access to it
            return {}
        return {account: kept[address] for account, address in known.items() if address in kept}

    def _addresses(self, accounts: Sequence[AccountId], in_use: bool = True) -> dict[AccountId, str]:
        """The addresses under which Drive keeps these accounts now: those known from sign-in may be old."""
        own = [account for account in accounts if not outside(account)]
        found = self._directory.addresses(own, in_use)
        for one in found.values():
            if isinstance(one, IntegrationError):
                raise one
        return {account: address for account, address in found.items() if isinstance(address, str)}


def _with(kept: Kept, result: BatchResult) -> BatchResult:
    """The result, and those whose access could not be changed."""
    ends = {
        account: Done.UNKNOWN if isinstance(error, OutcomeUnknown) else Done.REFUSED
        for account, error in kept.items()
    }
    reasons = {account: error.message for account, error in kept.items()}
    return BatchResult({**result.outcomes, **ends}, {**result.reasons, **reasons})
