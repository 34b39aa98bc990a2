"""The keys that Google signs identity tokens with, kept for an hour at most and shared by every door of this process.

Google changes its keys every few days. An unknown key id asks again once, at most every ``COOLDOWN`` seconds, so that
forged tokens cannot make coplink call Google for each of them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from coplink.ports.errors import Throttled
from coplink_google.fetch import NoAnswer, fetch_json
from coplink_google.quota import Quota

KEPT = 3600.0
COOLDOWN = 30.0


class KeySet:
    """The key set behind one address."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._keys: Mapping[str, Any] = {}
        self._read_at = self._asked_at = float("-inf")

    def key(self, key_id: str, now: float, timeout: float, quota: Quota) -> Any | None:
        """The public key of that id, or None; raises ``NoAnswer`` when the set cannot be read and none is kept."""
        with self._lock:
            known = self._keys.get(key_id)
            old = (
                not 0 <= now - self._read_at <= KEPT
            )  # a clock that was set back must not keep keys for ever
            if known is not None and not old:
                return known
            if not 0 <= now - self._asked_at < COOLDOWN:
                self._asked_at = now
                try:
                    self._keys = self._read(timeout, quota)
                    self._read_at = now
                except NoAnswer:
                    if known is None:
                        raise
            return self._keys.get(key_id)

    def _read(self, timeout: float, quota: Quota) -> Mapping[str, Any]:
        try:
            quota.take("sign-in")
        except Throttled as error:
            raise NoAnswer(error.detail) from None
        status, body, _ = fetch_json(self._url, timeout)
        rows = body.get("keys")
        if status != 200 or not isinstance(rows, list):
            raise NoAnswer(f"status {status}, no key set")
        keys = {}
        for row in rows:
            usable = isinstance(row, dict) and row.get("kty") == "RSA" and row.get("use", "sig") == "sig"
            if usable and isinstance(row.get("kid"), str):
                try:
                    keys[row["kid"]] = PyJWK(row, algorithm="RS256").key
                except PyJWTError:
                    continue  # one key we cannot read must not hide the others
        return keys


_SETS: dict[str, KeySet] = {}
_SETS_LOCK = threading.Lock()


def key_set(url: str) -> KeySet:
    """The one key set of that address in this process."""
    with _SETS_LOCK:
        return _SETS.setdefault(url, KeySet(url))
