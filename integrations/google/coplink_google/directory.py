"""Accounts of the connection's own domain, looked up by address; a proposal, never a proof."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from coplink.core.people import AccountId
from coplink.ports.directory import Found
from coplink.ports.errors import Gone
from coplink_google.options import Options
from coplink_google.replies import text_of, texts_of
from coplink_google.workspace import Workspace

FIELDS = "id,primaryEmail,aliases,suspended,archived"
REMEMBERED = 2_000


class GoogleDirectory:
    """Asks for one account by its primary address or an alias; Google keeps both unique within a domain."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self._google, self._options = workspace, options
        self._lock = threading.Lock()
        self._authors: dict[str, AccountId | None] = {}

    def find(self, addresses: Sequence[str]) -> Mapping[str, Found]:
        found = {address: self._look(address) for address in dict.fromkeys(addresses)}
        return {address: one for address, one in found.items() if one is not None}

    def author(self, address: str) -> AccountId | None:
        """The account of a file's author; remembered for the life of the connection, as authors recur."""
        wanted = address.strip().casefold()
        with self._lock:
            if wanted in self._authors:
                return self._authors[wanted]
        found = self._look(wanted)
        with self._lock:
            if len(self._authors) >= REMEMBERED:
                self._authors.clear()
            self._authors[wanted] = found.account if found else None
        return found.account if found else None

    def address(self, account: AccountId) -> str | None:
        """The primary address of an account of this domain; None where there is no such account in use."""
        found = self._get(account)
        return found.address if found and found.account == account else None

    def _look(self, address: str) -> Found | None:
        wanted = address.strip().casefold()
        if not self._options.owns(wanted) or wanted == self._options.robot or len(wanted) > 254:
            return None
        return self._get(wanted)

    def _get(self, key: str) -> Found | None:
        try:
            row = self._google.call("directory.users.get", userKey=key, fields=FIELDS)
        except Gone:
            return None
        primary = text_of(row, "primaryEmail").casefold()
        own = {primary, *(alias.casefold() for alias in texts_of(row, "aliases"))}
        in_use = not row.get("suspended") and not row.get("archived")
        asked_for = key in own or key == row.get("id")
        if not in_use or not asked_for or not self._options.owns(primary):
            return None
        return Found(AccountId(text_of(row, "id")), primary)
