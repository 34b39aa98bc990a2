"""Who sits in a Canvas group: memberships, with the moderator's flag for those who facilitate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import Said, say
from coplink.ports.errors import Gone, IntegrationError, OutcomeUnknown, PermissionMissing
from coplink.ports.seats import BatchResult, Done
from coplink_canvas.client import Client
from coplink_canvas.listing import Row
from coplink_canvas.names import COURSE_PAGE, GROUP
from coplink_canvas.spaces import check_course, group_gone

ONLY_A_PAGE = say("This community has a page in the Canvas course and no group; nobody is seated there.")

Write = Callable[[str, AccountId], Done]


class Refused(Exception):
    """Canvas will not seat this one account, and this is why; the others are not concerned."""

    def __init__(self, reason: Said) -> None:
        super().__init__(str(reason))
        self.reason = reason


class HalfDone(Exception):
    """The seat was made, the role was not."""


class GroupSeats:
    """Reads and changes the members of a group. A Canvas user id is the account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, parts: Mapping[str, str]) -> Observed:
        """Everybody who sits there but the service account itself; where there is only a page, nobody does."""
        if COURSE_PAGE in parts:
            return Observed({}, complete=True)
        try:
            listing = self._client.memberships(parts[GROUP])
        except Gone as error:
            raise group_gone(error) from error
        own = self._client.me()
        seats = {
            AccountId(account): Role.FACILITATOR if leads else Role.MEMBER
            for account, leads in listing.leads.items()
            if account != own
        }
        return Observed(seats, listing.complete)

    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        """One account, past the listing."""
        if COURSE_PAGE in parts or not _plausible(account):
            return None
        try:
            found = self._client.membership(parts[GROUP], account)
        except Gone:
            self._still_there(parts[GROUP])
            return None
        if found.get("workflow_state") != "accepted" or account == self._client.me():
            return None
        return _role(found)

    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        """Seat these, one call each; who is known to sit changes role in place.

        A new moderator takes two calls: Canvas makes everybody a member first. Nobody is looked up, and the list is
        never replaced.
        """
        wanted = {seat.account: seat for seat in seats}
        if COURSE_PAGE in parts:
            return BatchResult(dict.fromkeys(wanted, Done.REFUSED), dict.fromkeys(wanted, ONLY_A_PAGE))
        group = parts[GROUP]

        def seat_one(group: str, account: AccountId) -> Done:
            return self._seat(group, wanted[account])

        return self._each(group, list(wanted), seat_one)

    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        """Take these seats away, one call each; the service account keeps its own."""
        if COURSE_PAGE in parts:
            return BatchResult(dict.fromkeys(accounts, Done.ALREADY_SO), {})
        group = parts[GROUP]
        there: list[Row] = []

        def remove_one(group: str, account: AccountId) -> Done:
            if not _plausible(account) or account == self._client.me():
                return Done.ALREADY_SO
            try:
                self._client.unseat(group, account)
            except Gone:
                if not there:  # nobody of that name in the group, or no group: asked once
                    there.append(self._still_there(group))
                return Done.ALREADY_SO
            return Done.CHANGED

        return self._each(group, list(dict.fromkeys(accounts)), remove_one)

    # --- one seat ---------------------------------------------------------------------------------------------------

    def _seat(self, group: str, seat: Seat) -> Done:
        account, role = seat.account, Role.FACILITATOR if seat.role.leads else Role.MEMBER
        if not _plausible(account):
            raise Refused(say("This is no account of this Canvas."))
        if account == self._client.me():
            raise Refused(say("This is coplink’s own account in Canvas; it needs no seat."))
        if seat.before is not None:
            if (Role.FACILITATOR if seat.before.leads else Role.MEMBER) == role:
                return Done.ALREADY_SO
            try:
                return _written(self._client.moderate(group, account, role is Role.FACILITATOR))
            except Gone:  # they have left meanwhile, or there is no group
                self._still_there(group)
        try:
            made = self._client.seat(group, account)
        except (Gone, PermissionMissing) as error:
            self._why(group, account, error)
            raise
        sat = made.get("just_created") is False
        if made.get("workflow_state") == "accepted" and (
            _role(made) == role or (sat and seat.spares(_role(made)))
        ):
            return Done.ALREADY_SO if sat else Done.CHANGED
        try:
            return _written(self._client.moderate(group, account, role is Role.FACILITATOR))
        except IntegrationError as error:
            if sat:
                raise
            raise HalfDone from error

    def _why(self, group: str, account: AccountId, error: IntegrationError) -> None:
        """Find out what a refusal was about: the person, the course, or the rights of the service account."""
        course = str(self._still_there(group).get("course_id", ""))
        check_course(self._client, course)
        try:
            self._client.in_course(course, account)
        except Gone:
            raise Refused(
                say("They are not in the Canvas course; its teacher can add them under People.")
            ) from error
        except PermissionMissing:
            raise Refused(
                say("Canvas did not seat them and does not say why; perhaps they left the course.")
            ) from error
        raise error

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _each(self, group: str, accounts: Sequence[AccountId], write: Write) -> BatchResult:
        """One account after the other. What stops the call is raised while nothing has been written yet; after that
        the rest of the batch comes back refused with the reason, so that nothing done is forgotten."""
        outcomes: dict[AccountId, Done] = {}
        reasons: dict[AccountId, Said] = {}
        stopped: IntegrationError | None = None
        for account in accounts:
            if stopped is not None:
                outcomes[account], reasons[account] = Done.REFUSED, stopped.message
                continue
            try:
                outcomes[account] = write(group, account)
            except Refused as refused:
                outcomes[account], reasons[account] = Done.REFUSED, refused.reason
            except HalfDone:
                outcomes[account] = Done.UNKNOWN
            except OutcomeUnknown as error:  # the next calls would wait just as long
                stopped, outcomes[account] = error, Done.UNKNOWN
            except IntegrationError as error:
                if not {Done.CHANGED, Done.UNKNOWN} & set(outcomes.values()):
                    raise
                stopped = error
                outcomes[account], reasons[account] = Done.REFUSED, error.message
        return BatchResult(outcomes, reasons)

    def _still_there(self, group: str) -> Row:
        try:
            return self._client.group(group)
        except Gone as error:
            raise group_gone(error) from error


def _role(row: Row) -> Role:
    return Role.FACILITATOR if row.get("moderator") is True else Role.MEMBER


def _written(row: Row) -> Done:
    """What an answer to a change says: one that is no membership leaves open whether it happened."""
    return Done.CHANGED if "workflow_state" in row else Done.UNKNOWN


def _plausible(account: AccountId) -> bool:
    return account.isascii() and account.isdigit() and len(account) <= 19
