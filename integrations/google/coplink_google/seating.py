"""One writing of seats: a batch of inserts, changes of role or removals, and then what its answers leave open.

    insert   404            the address is nobody's now: asked for anew by the account, and once more
             409            there already, or still on the way in at Google: looked at, and its role changed if need be
             another's id   the address belongs to somebody else by now: that seat is taken back at once
             429            after every repetition: perhaps made all the same, so unknown and not refused
    patch    404            not there any more: inserted
    delete   404            already so
A 404 may also mean that the group is gone; one look at it tells.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.core.words import Said, say
from coplink.ports.errors import Gone, IntegrationError, OutcomeUnknown, OwnPace, PolicyForbids, Throttled
from coplink.ports.seats import BatchResult, Done
from coplink_google.batches import Batches, Ended
from coplink_google.directory import GoogleDirectory
from coplink_google.guests import NOT_TAKEN, POLICY, account_of, outside
from coplink_google.options import Options
from coplink_google.replies import AlreadyThere
from coplink_google.workspace import Part

log = logging.getLogger("coplink.google")

INSERT = "directory.members.insert"
DELETE = "directory.members.delete"
ROLES = ("MEMBER", "MANAGER", "OWNER")
SHOWN = "id,email,role,type,status"
NOBODY = say("Google Workspace has no such account in use.")
STRANGER = say(
    "The address of this account belongs to somebody else by now; coplink could not take back the seat it gave them."
)


class Seating:
    """The outcomes of one call of the port, as they become known. ``owners`` were made by people: never demoted."""

    def __init__(self, batches: Batches, directory: GoogleDirectory, options: Options, group: str) -> None:
        self._batches, self._directory, self._options, self._group = batches, directory, options, group
        self._outcomes: dict[AccountId, Done] = {}
        self._reasons: dict[AccountId, Said] = {}
        self._stopped: list[IntegrationError] = []
        self._tried: dict[AccountId, str] = {}
        self._again: set[AccountId] = set()
        self._perhaps: set[AccountId] = set()

    # --- putting --------------------------------------------------------------------------------------------------

    def put(self, wanted: Mapping[AccountId, Seat], owners: Collection[AccountId] | None) -> BatchResult:
        """Seat everybody, or change their role; ``owners`` None: nobody has looked yet who they are."""
        new = [account for account, seat in wanted.items() if seat.before is None]
        so = {a for a, seat in wanted.items() if seat.before and seat.before.leads == seat.role.leads}
        self._outcomes |= dict.fromkeys(so, Done.ALREADY_SO)
        moved = [account for account, seat in wanted.items() if seat.before is not None and account not in so]
        if owners is None:
            doubtful = [account for account in moved if not wanted[account].role.leads]
            moved = [account for account in moved if account not in doubtful]
            new += self._look(wanted, doubtful)
            for account in new:
                self._outcomes.pop(account, None)
        else:
            self._outcomes |= {account: Done.ALREADY_SO for account in moved if account in owners}
            moved = [account for account in moved if account not in owners]
        address = {
            account: seat.address.casefold()
            for account, seat in wanted.items()
            if self._options.owns(seat.address) and seat.address.casefold() != self._options.robot
        }
        address |= {account: account for account in wanted if outside(account)}
        address |= self._addresses([account for account in new if account not in address])
        inserts = {
            account: self._insert(account, address[account], wanted) for account in new if account in address
        }
        self._write(wanted, {**inserts, **{account: self._change(account, wanted) for account in moved}})
        return self._result(wanted)

    def _write(
        self, wanted: Mapping[AccountId, Seat], parts: Mapping[AccountId, Part], last: bool = False
    ) -> None:
        """Inserts and changes of role, and what follows from their answers."""
        duplicate, missing, others = list[AccountId](), list[AccountId](), dict[AccountId, str]()
        for account, ended in self._send(parts).items():
            named = (ended.answer or {}).get("id")
            if isinstance(ended.refused, AlreadyThere):
                duplicate.append(account)
            elif isinstance(ended.refused, Gone):
                missing.append(account)
            elif (
                parts[account].operation == INSERT
                and isinstance(named, str)
                and not _is(account, ended.answer)
            ):
                self._outcomes[account] = Done.UNKNOWN
                others[account] = named
            else:
                self._note(account, ended)
        left = self._take_back(others)
        others = {account: named for account, named in others.items() if account not in left}
        unseen = self._look(wanted, duplicate)
        if last:
            for account in missing + list(others):
                self._refuse(account, NOT_TAKEN if outside(account) else NOBODY)
        elif (missing or others or unseen) and (not missing or self._group_is_there(missing)):
            self._anew(wanted, [*missing, *others, *unseen])

    def _take_back(self, others: Mapping[AccountId, str]) -> set[AccountId]:
        """Take these seats from strangers; those by whose address one keeps it still, which is unknown and logged."""
        left = dict(others)
        for _ in range(2):
            ended = self._send({account: self._part("delete", named) for account, named in left.items()})
            left = {a: left[a] for a, one in ended.items() if not isinstance(one.refused, Gone | None)}
        for account in left:
            self._outcomes[account], self._reasons[account] = Done.UNKNOWN, STRANGER
        if left:
            log.warning(
                "group %s: %d seats given by an outdated address not taken back", self._group, len(left)
            )
        return set(left)

    def _anew(self, wanted: Mapping[AccountId, Seat], accounts: Sequence[AccountId]) -> None:
        """Whoever was not found by what we knew of them: by the address their account has now, if it is another."""
        address = self._addresses(accounts)
        other = [
            account for account in accounts if address.get(account) not in (None, self._tried.get(account))
        ]
        for account in accounts:
            if (
                account in address
                and account not in other
                and self._outcomes.get(account) is not Done.UNKNOWN
            ):
                self._refuse(account, NOT_TAKEN if outside(account) else NOBODY)
        self._write(wanted, {a: self._insert(a, address[a], wanted) for a in other}, last=True)

    def _look(self, wanted: Mapping[AccountId, Seat], accounts: Sequence[AccountId]) -> list[AccountId]:
        """As what these sit there, and make that what is wanted; those whom Google does not show."""
        unseen, change = list[AccountId](), list[AccountId]()
        for account, ended in self._send({a: self._part("get", a, fields=SHOWN) for a in accounts}).items():
            if isinstance(ended.refused, Gone):  # invited, or added so recently that Google does not show it
                self._outcomes[account] = Done.UNKNOWN
                unseen.append(account)
            elif ended.answer is None:
                self._note(account, ended)
            elif ended.answer.get("role") in (_role(wanted[account]), "OWNER", *_spared(wanted[account])):
                self._outcomes[account] = Done.CHANGED if account in self._again else Done.ALREADY_SO
            else:
                change.append(account)
        for account, ended in self._send({a: self._change(a, wanted) for a in change}).items():
            self._note(account, ended)
        return unseen

    def _addresses(self, accounts: Sequence[AccountId]) -> dict[AccountId, str]:
        """The addresses of these accounts now; whoever has none is refused."""
        known: dict[AccountId, str] = {account: account for account in accounts if outside(account)}
        own = [account for account in accounts if account not in known]
        try:
            answered = self._directory.addresses(own)
        except IntegrationError as error:
            if not self._wrote():
                raise
            answered = dict.fromkeys(own, error)
        for account, found in answered.items():
            if isinstance(found, IntegrationError):
                self._note(account, Ended(None, found))
            elif found is None:
                self._refuse(account, NOBODY)
            else:
                known[account] = found
        return known

    # --- removing -------------------------------------------------------------------------------------------------

    def remove(self, accounts: Sequence[AccountId]) -> BatchResult:
        """Take these seats away."""
        missing = list[AccountId]()
        for account, ended in self._send({a: self._part("delete", a) for a in accounts}).items():
            if isinstance(ended.refused, Gone):
                missing.append(account)
            elif ended.refused is None:
                self._outcomes[account] = Done.CHANGED
            else:
                self._note(account, ended)
        if missing and self._group_is_there(missing):
            for account in missing:
                self._outcomes[account] = Done.CHANGED if account in self._again else Done.ALREADY_SO
        return self._result(accounts)

    # --- what both need -------------------------------------------------------------------------------------------

    def _insert(self, account: AccountId, address: str, wanted: Mapping[AccountId, Seat]) -> Part:
        self._tried[account] = address
        body = {"email": address, "role": _role(wanted[account])}
        return Part(INSERT, {"groupKey": self._group, "body": body})

    def _change(self, account: AccountId, wanted: Mapping[AccountId, Seat]) -> Part:
        return self._part("patch", account, body={"role": _role(wanted[account])})

    def _part(self, verb: str, account: str, **more: Any) -> Part:
        return Part(f"directory.members.{verb}", {"groupKey": self._group, "memberKey": account, **more})

    def _send(self, parts: Mapping[AccountId, Part]) -> dict[AccountId, Ended]:
        """Send one part for each; what befalls all of them is raised only while nothing can have been written."""
        if not parts:
            return {}
        try:
            ended = dict(zip(parts, self._batches.send(list(parts.values())), strict=True))
        except IntegrationError as error:
            if not self._wrote():
                raise
            ended = {account: Ended(None, error) for account in parts}
        for account, one in ended.items():
            if one.again and _writes_seat_of(parts[account], account):
                self._again.add(account)
            sent = isinstance(one.refused, Throttled) and not isinstance(one.refused, OwnPace)
            if sent and parts[account].operation == INSERT:
                self._perhaps.add(account)
        return ended

    def _group_is_there(self, missing: Sequence[AccountId]) -> bool:
        """Whether what was not found is a person, and not the group itself; raises ``Gone`` for that."""
        look = Part("directory.groups.get", {"groupKey": self._group, "fields": "id"})
        refused = self._batches.send([look])[0].refused
        for account in missing if refused is not None else ():
            self._note(account, Ended(None, refused))
        return refused is None

    def _note(self, account: AccountId, ended: Ended) -> None:
        """How a write ended: one answered with something that is no member may or may not have happened."""
        refused = ended.refused
        if refused is None:
            answer = ended.answer or {}
            good = answer.get("role") in ROLES and _is(account, answer)
            self._outcomes[account] = Done.CHANGED if good else Done.UNKNOWN
        elif isinstance(refused, OutcomeUnknown):
            self._outcomes[account], self._reasons[account] = Done.UNKNOWN, refused.message
        else:
            kept_out = outside(account) and isinstance(refused, PolicyForbids)
            self._refuse(account, POLICY if kept_out else refused.message)
            if not isinstance(refused, PolicyForbids):  # a policy is this person's matter, not the call's
                self._stopped.append(refused)

    def _refuse(self, account: AccountId, said: Said) -> None:
        self._outcomes[account], self._reasons[account] = Done.REFUSED, said

    def _wrote(self) -> bool:
        return any(done in (Done.CHANGED, Done.UNKNOWN) for done in self._outcomes.values())

    def _result(self, accounts: Collection[AccountId]) -> BatchResult:
        """What became of each. What stops the call is raised as long as nothing can have been written."""
        if self._stopped and not self._wrote():
            raise self._stopped[0]
        for account in self._perhaps:  # Google may have done what it throttled
            self._outcomes[account] = Done.UNKNOWN
        outcomes = {account: self._outcomes.get(account, Done.UNKNOWN) for account in accounts}
        told = (Done.REFUSED, Done.UNKNOWN)
        return BatchResult(
            outcomes, {a: self._reasons[a] for a in outcomes if a in self._reasons and outcomes[a] in told}
        )


def _writes_seat_of(part: Part, account: AccountId) -> bool:
    """Whether a part makes or takes away this account's seat: one repeated may have been done the first time."""
    return part.operation == INSERT or (part.operation == DELETE and part.parameters["memberKey"] == account)


def _is(account: AccountId, row: Mapping[str, Any] | None) -> bool:
    """Whether a row of the group is of this account."""
    row = row or {}
    return account_of(str(row.get("email", ""))) == account if outside(account) else row.get("id") == account


def _spared(seat: Seat) -> tuple[str, ...]:
    """The role that nobody lowers whose seat was not known."""
    return ("MANAGER",) if seat.spares(Role.FACILITATOR) else ()


def _role(seat: Seat) -> str:
    return "MANAGER" if seat.role.leads else "MEMBER"
