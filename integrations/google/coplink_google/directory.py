"""Accounts of the connection's own domain, looked up by address; a proposal, never a proof."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from coplink.core.people import AccountId
from coplink.ports.directory import Found
from coplink.ports.errors import Gone, IntegrationError, Transient
from coplink_google.batches import Batches, Ended
from coplink_google.operations import FOLDER
from coplink_google.options import Options
from coplink_google.replies import text_of, texts_of
from coplink_google.workspace import Part, Workspace

FIELDS = "id,primaryEmail,aliases,suspended,archived"
REMEMBERED = 2_000
FORBIDDEN = " 403 forbidden"  # how Google refuses to tell of an account of another institution
NO_KEY = " 400 "  # an address that is none in Google's eyes


def as_anybody(options: Options) -> Mapping[str, str]:
    """How an account without an admin role asks: for what everybody in the domain may see of each other."""
    return {"viewType": "domain_public"} if options.mode == FOLDER else {}


class GoogleDirectory:
    """Asks for one account by its primary address or an alias; Google keeps both unique within a domain."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self._options = options
        self._as_anybody = as_anybody(options)
        self._batches = Batches(workspace)
        self._lock = threading.Lock()
        self._authors: dict[str, AccountId | None] = {}
        self._known: dict[str, bool] = {}  # whether an account or an address is the institution's own

    def find(self, addresses: Sequence[str]) -> Mapping[str, Found]:
        asked = {address: self._asked(address) for address in addresses}
        keys = tuple(dict.fromkeys(key for key in asked.values() if key))
        ended = (
            zip(keys, self._batches.send([self._asking(key) for key in keys]), strict=True) if keys else ()
        )
        known = {key: self._found(key, one) for key, one in ended}
        return {address: one for address, key in asked.items() if key and (one := known[key]) is not None}

    def author(self, address: str) -> AccountId | None:
        """The account of a file's author; remembered for the life of the connection, as authors recur."""
        wanted = address.strip().casefold()
        with self._lock:
            if wanted in self._authors:
                return self._authors[wanted]
        found = self.find([wanted]).get(wanted)
        with self._lock:
            if len(self._authors) >= REMEMBERED:
                self._authors.clear()
            self._authors[wanted] = found.account if found else None
        return found.account if found else None

    def addresses(
        self, accounts: Sequence[AccountId], in_use: bool = True
    ) -> Mapping[AccountId, str | IntegrationError | None]:
        """The primary addresses of accounts of this domain; None where there is no such account in use.

        Without ``in_use`` also those of accounts that are suspended, or lie in another domain of the institution.
        """
        if not accounts:
            return {}
        known: dict[AccountId, str | IntegrationError | None] = {}
        ended = self._batches.send([self._asking(account) for account in accounts])
        for account, one in zip(accounts, ended, strict=True):
            try:
                found = self._found(account, one, in_use)
            except IntegrationError as error:
                known[account] = error
            else:
                known[account] = found.address if found and found.account == account else None
        return known

    def ours(self, keys: Sequence[str]) -> Mapping[str, bool]:
        """Whether these accounts or addresses are the institution's own, of whatever domain, in use or not.

        Left out is who stays in doubt. Google says of an account of another institution either that there is none or,
        as of everything while the permission is missing, that it may not be told: the robot account is asked for
        along with them, and only while that is told does this mean another institution's. Whoever was once our own is
        so for the life of the connection, and so is a stranger; raises what stops the asking for good.
        """
        with self._lock:
            asked = [key for key in dict.fromkeys(keys) if key not in self._known]
            known = {key: self._known[key] for key in keys if key in self._known}
        if not asked:
            return known
        try:
            sure, *ended = self._batches.send([self._asking(key) for key in (self._options.robot, *asked)])
        except Transient:
            return known
        if sure.refused is not None and not isinstance(sure.refused, Transient | Gone):
            raise sure.refused
        for key, one in zip(asked, ended, strict=True):
            if one.answer is not None and ("@" in key or one.answer.get("id") == key):
                known[key] = True
            elif sure.refused is None and one.refused is not None and _elsewhere(key, one.refused):
                known[key] = False
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known |= {key: known[key] for key in asked if key in known}
        return known

    def accounts(self, addresses: Sequence[str]) -> Mapping[str, AccountId]:
        """The accounts of these primary addresses, in use or not: whoever is suspended still has access somewhere."""
        known: dict[str, AccountId] = {}
        own = [address for address in addresses if self._options.owns(address)]
        for address, one in zip(
            own, self._batches.send([self._asking(a) for a in own]) if own else (), strict=True
        ):
            if one.refused is not None and not isinstance(one.refused, Gone):
                raise one.refused
            if one.answer is not None and text_of(one.answer, "primaryEmail").casefold() == address:
                known[address] = AccountId(text_of(one.answer, "id"))
        return known

    def _asking(self, key: str) -> Part:
        return Part("directory.users.get", {"userKey": key, "fields": FIELDS, **self._as_anybody})

    def _asked(self, address: str) -> str | None:
        wanted = address.strip().casefold()
        foreign = not self._options.owns(wanted) or wanted == self._options.robot or len(wanted) > 254
        return None if foreign else wanted

    def _found(self, key: str, ended: Ended, in_use: bool = True) -> Found | None:
        if isinstance(ended.refused, Gone):
            return None
        if ended.refused is not None:
            raise ended.refused
        row = ended.answer or {}
        primary = text_of(row, "primaryEmail").casefold()
        own = {primary, *(alias.casefold() for alias in texts_of(row, "aliases"))}
        closed = row.get("suspended") or row.get("archived") or not self._options.owns(primary)
        asked_for = key in own or key == row.get("id")
        if (in_use and closed) or not asked_for:
            return None
        return Found(AccountId(text_of(row, "id")), primary)


def _elsewhere(key: str, refused: IntegrationError) -> bool:
    """Whether a refusal says that this is nobody of the institution, as long as others of it are told."""
    detail = refused.detail or ""
    return isinstance(refused, Gone) or FORBIDDEN in detail or ("@" in key and NO_KEY in detail)
