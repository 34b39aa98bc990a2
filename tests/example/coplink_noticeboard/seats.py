"""People of a board: keepers facilitate, readers belong. The token's own account keeps every board and is not shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import Said, say
from coplink.ports.errors import Gone, IntegrationError, OutcomeUnknown, Transient
from coplink.ports.seats import BatchResult, Done
from coplink_noticeboard.client import Client, Row, text_of

NOBODY = say("The Notice Board knows no such account.")


class People:
    """Reads and changes who belongs to a board."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._me = ""

    def own(self) -> str:
        """The account of the token; asked once."""
        self._me = self._me or text_of(self._client.call("GET", "who am I", "/me"), "id")
        return self._me

    def read(self, parts: Mapping[str, str]) -> Observed:
        """Everybody, as far as the pages came."""
        seats: dict[AccountId, Role] = {}
        own, began = self.own(), False
        try:
            for page in self._client.pages("list people", f"/boards/{parts['board']}/people", "people"):
                began = True
                seats |= {AccountId(text_of(row, "id")): _role(row) for row in page}
        except Transient:
            if not began:
                raise
        else:
            return Observed({a: role for a, role in seats.items() if a != own}, complete=True)
        return Observed({a: role for a, role in seats.items() if a != own}, complete=False)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        """One account."""
        if account == self.own():
            return None
        try:
            return _role(self._client.call("GET", "show person", _path(parts, account)))
        except Gone:
            self._still_there(parts)
            return None

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        """One call for each; the vendor says whether it changed anything."""
        wanted = {seat.account: seat for seat in seats}

        def seat_one(account: AccountId) -> Done:
            seat, part = wanted[account], "keeper" if wanted[account].role.leads else "reader"
            if seat.before is not None and seat.before.leads == seat.role.leads:
                return Done.ALREADY_SO
            if seat.spares(Role.FACILITATOR) and seat.spares(self.look(parts, account)):
                return Done.ALREADY_SO
            said = self._client.call("PUT", "seat person", _path(parts, account), {"part": part})
            return Done.CHANGED if said.get("changed") is True else Done.ALREADY_SO

        return self._each(parts, list(wanted), seat_one, Done.REFUSED)

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        """One call for each."""

        def remove_one(account: AccountId) -> Done:
            self._client.call("DELETE", "unseat person", _path(parts, account))
            return Done.CHANGED

        return self._each(parts, list(dict.fromkeys(accounts)), remove_one, Done.ALREADY_SO)

    def _each(
        self,
        parts: Mapping[str, str],
        accounts: Sequence[AccountId],
        write: Callable[[AccountId], Done],
        absent: Done,
    ) -> BatchResult:
        """One after the other; what stops the call is raised while nothing can have been written yet."""
        outcomes: dict[AccountId, Done] = {}
        reasons: dict[AccountId, Said] = {}
        own = self.own() if accounts else ""
        for number, account in enumerate(accounts):
            try:
                outcomes[account] = Done.ALREADY_SO if account == own else write(account)
            except OutcomeUnknown:
                outcomes[account] = Done.UNKNOWN
            except Gone:
                if Done.CHANGED not in outcomes.values():
                    self._still_there(parts)
                outcomes[account] = absent
                if absent is Done.REFUSED:
                    reasons[account] = NOBODY
            except IntegrationError as error:
                if not {Done.CHANGED, Done.UNKNOWN} & set(outcomes.values()):
                    raise
                rest = accounts[number:]
                outcomes |= dict.fromkeys(rest, Done.REFUSED)
                reasons |= dict.fromkeys(rest, error.message)
                break
        return BatchResult(outcomes, reasons)

    def _still_there(self, parts: Mapping[str, str]) -> None:
        self._client.call("GET", "show board", f"/boards/{parts['board']}")


def _path(parts: Mapping[str, str], account: AccountId) -> str:
    return f"/boards/{parts['board']}/people/{quote(account, safe='')}"


def _role(row: Row) -> Role:
    return Role.FACILITATOR if row.get("part") == "keeper" else Role.MEMBER
