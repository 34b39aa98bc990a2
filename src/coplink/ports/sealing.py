"""Sealing: secrets and personal values that lie in a database."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    """Seals a text for one owner and purpose and refuses to open it for another.

    ``owner`` is an institution id, or ``coplink`` for what belongs to the server. ``open`` raises
    ``coplink.core.errors.ConfigurationError`` when no key fits or owner or purpose differ.
    """

    def seal(self, owner: str, purpose: str, value: str) -> str: ...

    def open(self, owner: str, purpose: str, sealed: str) -> str: ...

    def wrap(self, purpose: str, value: str) -> str:
        """Seal something that lives minutes or hours; it is never sealed anew, it ends with its key at the latest."""
        ...

    def unwrap(self, purpose: str, wrapped: str) -> str | None:
        """The value; None when no key fits, or it was wrapped for another purpose."""
        ...

    def keyed_hash(self, purpose: str, *parts: str) -> str:
        """A hash nobody can compute without our key (HMAC-SHA-256, hex); stable as long as the oldest key is kept."""
        ...
