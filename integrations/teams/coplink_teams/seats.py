"""Who sits in a community's channel or team: facilitators are its owners, everybody else is a member.

Written through the Teams API, so that people see it at once, and in bulk; nothing is listed for a change. An account id
is an Entra object id. The service account is never reported, changed or removed. Someone outside the host team cannot
sit in a private channel, and no permission of one team alone could let them in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Observed, Seat
from coplink.core.words import Said, say
from coplink.ports.clock import Clock
from coplink.ports.errors import (
    Gone,
    IntegrationError,
    NotReadyYet,
    OutcomeUnknown,
    PermissionMissing,
    Reauthorize,
    Transient,
)
from coplink.ports.seats import BatchResult, Done
from coplink_teams.answers import Answer
from coplink_teams.bulk import Bulk, End, Lot
from coplink_teams.calls import Graph
from coplink_teams.known_seats import KnownSeats
from coplink_teams.places import Place, place_of
from coplink_teams.replies import already_there, careful, not_there
from coplink_teams.service_account import ServiceAccount
from coplink_teams.settings import Settings

NOT_IN_HOST_TEAM = say(
    "Not in the host team: this private channel takes only its members. An owner of the host team can add this person."
)
UNKNOWN_ACCOUNT = say("Microsoft does not know this account in your organisation any more.")
NOT_YET = say("Microsoft does not take members here yet; coplink waits a little.")
WHOLE = (Transient, Reauthorize, PermissionMissing, Gone)
RECHECK = 30.0
Ends = dict[AccountId, End | Done]


class ChannelSeats:
    """Reads and changes the members of communities' channels and teams."""

    def __init__(self, graph: Graph, settings: Settings, service: ServiceAccount, clock: Clock) -> None:
        self._settings, self._service = settings, service
        self._known, self._bulk = KnownSeats(graph, clock), Bulk(graph)

    @careful
    def read(self, parts: Mapping[str, str]) -> Observed:
        """Everybody there but the service account; a listing that breaks off is not complete."""
        seats, own = dict[AccountId, Role](), self._service.id()
        pages = self._known.pages(self._place(parts))
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
            seats |= {account: member.role for account, member in page.items() if account != own}

    @careful
    def look(self, parts: Mapping[str, str], account: AccountId) -> Role | None:
        """One account, by a filtered reading that does not go through the listing."""
        if account == self._service.id():
            return None
        found = self._known.find(self._place(parts), [account], anew=True)[account]
        if isinstance(found, IntegrationError):
            raise found
        return found.role if found else None

    @careful
    def put(self, parts: Mapping[str, str], seats: Sequence[Seat]) -> BatchResult:
        """Seat these, or change the role of those there."""
        place, own = self._place(parts), self._service.id()
        wanted = {seat.account: seat for seat in seats}
        ends: Ends = {
            account: Done.ALREADY_SO
            for account, seat in wanted.items()
            if account == own or (seat.before is not None and seat.before.leads is seat.role.leads)
        }
        sitting = [a for a, seat in wanted.items() if a not in ends and seat.before is not None]
        lots, told = self._lots(
            place, {a: s for a, s in wanted.items() if a not in ends}, sitting, anew=False
        )
        ends |= told
        ends |= self._bulk.carry_out(place, lots)
        self._known.forget(place, list(wanted))
        self._look_again(place, wanted, lots, ends)
        if place.kind == "private":
            self._outside(place, lots, ends)
        return self._result(place, ends, gone=Done.REFUSED)

    @careful
    def remove(self, parts: Mapping[str, str], accounts: Sequence[AccountId]) -> BatchResult:
        """Take these seats away; the service account is never among them."""
        place, own = self._place(parts), self._service.id()
        ends: Ends = dict.fromkeys(accounts, Done.ALREADY_SO)
        ends |= self._bulk.carry_out(place, self._bulk.removing([a for a in ends if a != own]))
        self._known.forget(place, accounts)
        return self._result(place, ends, gone=Done.ALREADY_SO)

    # --- parts ----------------------------------------------------------------------------------------------------

    def _place(self, parts: Mapping[str, str]) -> Place:
        return place_of(parts, self._settings)

    def _lots(
        self, place: Place, wanted: Mapping[AccountId, Seat], sitting: Sequence[AccountId], anew: bool
    ) -> tuple[list[Lot], Ends]:
        """What to send for these seats: changes of role for those who sit there already, additions for the others."""
        found = self._known.find(place, sitting, anew) if sitting else {}
        changes: list[Lot] = []
        ends: Ends = {}
        new = [account for account in wanted if account not in found or found[account] is None]
        for account, member in found.items():
            leads = wanted[account].role.leads
            if isinstance(member, IntegrationError):
                ends[account] = End(member, whole=True)
            elif member is not None and (member.role.leads is leads or wanted[account].spares(member.role)):
                ends[account] = Done.ALREADY_SO
            elif member is not None:
                roles = ("owner",) if leads else ()
                changes.append(Lot("change", (account,), roles, member.id))
        owners = [account for account in new if wanted[account].role.leads]
        members = [account for account in new if not wanted[account].role.leads]
        return self._bulk.adding(owners, members) + changes, ends

    def _look_again(
        self, place: Place, wanted: Mapping[AccountId, Seat], lots: Sequence[Lot], ends: Ends
    ) -> None:
        """Those who sat there already, perhaps in another role, and those whose membership was another by now."""
        changed = {account for lot in lots if lot.verb == "change" for account in lot.accounts}
        odd: list[AccountId] = []
        for account, end in ends.items():
            answer = end.answer if isinstance(end, End) else None
            if not isinstance(answer, Answer):
                continue
            if account in changed:
                odd += [account] if answer.status == 404 else []
            elif already_there(answer):
                if answer.again:  # applied, and answered 429 all the same
                    ends[account] = Done.CHANGED
                else:
                    odd.append(account)
        if odd:
            more, told = self._lots(place, {account: wanted[account] for account in odd}, odd, anew=True)
            ends |= told
            ends |= self._bulk.carry_out(place, more)
            for account in odd:  # listed or not, they sit there
                end = ends[account]
                if isinstance(end, End) and isinstance(end.answer, Answer) and already_there(end.answer):
                    ends[account] = Done.ALREADY_SO

    def _outside(self, place: Place, lots: Sequence[Lot], ends: Ends) -> None:
        """Say of whom the host team does not know that this is why."""
        added = {account for lot in lots if lot.verb == "add" for account in lot.accounts}
        refused = [
            account
            for account, end in ends.items()
            if account in added
            and isinstance(end, End)
            and isinstance(end.answer, Answer)
            and not end.whole
            and end.answer.status in (400, 403, 404)
        ]
        if refused:
            for account in set(refused) - self._in_host_team(*refused):
                ends[account] = Done.REFUSED

    def _in_host_team(self, *accounts: AccountId) -> set[AccountId]:
        """Which of these are members of the host team, or may be: the refusal itself is shown then."""
        found = self._known.find(Place(self._settings.team_id), accounts)
        return {account for account, member in found.items() if member is not None}

    # --- answers --------------------------------------------------------------------------------------------------

    def _not_yet(self, place: Place, error: Gone) -> IntegrationError:
        """What a place that cannot be written is: not there, or (when it can be read) too young."""
        own = self._service.id()
        found = self._known.find(place, [AccountId(own)], anew=True)[AccountId(own)]
        return error if isinstance(found, Gone) else NotReadyYet(NOT_YET, error.detail, RECHECK)

    def _result(self, place: Place, ends: Ends, gone: Done) -> BatchResult:
        """The outcome for each; what refused or lost every single one as a whole is raised."""
        errors = [end.error if isinstance(end, End) and end.whole else None for end in ends.values()]
        if errors and all(isinstance(error, WHOLE) for error in errors):
            error = next(error for error in errors if error)
            raise self._not_yet(place, error) if isinstance(error, Gone) else error
        outcomes: dict[AccountId, Done] = {}
        reasons: dict[AccountId, Said] = {}
        for account, end in ends.items():
            if isinstance(end, End):
                outcomes[account], reason = _outcome(end, gone)
            else:
                outcomes[account] = end
                reason = NOT_IN_HOST_TEAM if end is Done.REFUSED else None
            if reason:
                reasons[account] = reason
        return BatchResult(outcomes, reasons)


def _outcome(end: End, gone: Done) -> tuple[Done, Said | None]:
    answer, error = end.answer, end.error
    if isinstance(error, OutcomeUnknown | Transient):
        # what was not sent at all is also "unknown" here: the next run looks and does what is missing
        return Done.UNKNOWN, None
    if isinstance(answer, Answer):
        if answer.status < 300:
            return (Done.CHANGED if answer.understood else Done.UNKNOWN), None
        if not_there(answer):
            return (gone, None) if gone is Done.ALREADY_SO else (gone, UNKNOWN_ACCOUNT)
    return Done.REFUSED, error.message if error else None
