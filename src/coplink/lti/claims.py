"""Reads the claims of a verified token without trusting their shape.

A claim of the wrong JSON type is refused, never guessed at; ``null`` counts as absent (Canvas sends it). Text that
people will see is cleaned of what databases and pages cannot hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coplink.core.errors import BadToken
from coplink.core.words import say

CORE = "https://purl.imsglobal.org/spec/lti/claim/"
NAMES_AND_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
LONGEST_ID = 255
LONGEST_TEXT = 500


def refused(detail: str) -> BadToken:
    """The launch is not as it must be; what exactly is for the log alone."""
    message = say(
        "The learning platform sent a launch that coplink cannot accept. Please open it again from there."
    )
    return BadToken(message, detail)


class Claims:
    """A JSON object, read strictly; ``where`` says in the log which one."""

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self._values, self._where = values, where

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def _get(self, name: str, kind: type, required: bool) -> Any:
        value = self._values.get(name)
        if value is None:
            if required:
                raise refused(f"{self._where}{name} is missing")
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise refused(f"{self._where}{name} is no {kind.__name__}")
        return value

    def text(self, name: str) -> str | None:
        """Text for people, cleaned and cut; None when absent or blank."""
        value = self._get(name, str, required=False)
        return clean(value) or None if value is not None else None

    def raw(self, name: str) -> str | None:
        """Text to be used byte for byte; the caller checks it."""
        value: str | None = self._get(name, str, required=False)
        return value

    def opaque(self, name: str) -> Any:
        """Anything at all, to be given back as it is; None when absent."""
        return self._values.get(name)

    def required(self, name: str) -> str:
        """Text that must be there and not be empty."""
        value: str = self._get(name, str, required=True)
        if not value:
            raise refused(f"{self._where}{name} is empty")
        return value

    def identifier(self, name: str) -> str:
        """An id: there, not empty, printable ASCII, at most 255 characters (LTI 1.3 core, 5.3)."""
        value = self.required(name)
        if len(value) > LONGEST_ID or not value.isascii() or not value.isprintable():
            raise refused(f"{self._where}{name} is no proper id")
        return value

    def texts(self, name: str, required: bool = False) -> tuple[str, ...]:
        """A list of texts; empty when absent."""
        value = self._get(name, list, required)
        if value is None:
            return ()
        if not all(isinstance(one, str) for one in value):
            raise refused(f"{self._where}{name} holds something that is no text")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """Yes or no; no when absent."""
        return bool(self._get(name, bool, required=False))

    def inner(self, name: str, required: bool = False) -> Claims | None:
        """A nested object, or None when absent."""
        value = self._get(name, dict, required)
        return Claims(value, f"{self._where}{name}.") if value is not None else None

    def fields(self, name: str) -> dict[str, str]:
        """Custom parameters: texts (and numbers, which Canvas sends for ids); unexpanded ``$variables`` are absent."""
        found = self._get(name, dict, required=False) or {}
        return expanded(found)


def expanded(found: Mapping[str, Any]) -> dict[str, str]:
    """Custom parameters that have a value: texts and whole numbers, no ``$Variable`` the platform did not know."""
    fields = {}
    for name, value in found.items():
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value and not value.startswith("$"):
            fields[name] = clean(value)
    return {name: value for name, value in fields.items() if value}


def clean(value: str) -> str:
    """Without control characters and broken surrogates, blanks at the ends, or more than a title needs."""
    if value.isprintable():
        return " ".join(value.split())[:LONGEST_TEXT]
    kept = "".join(c if c.isprintable() else " " for c in value if not "\ud800" <= c <= "\udfff")
    return " ".join(kept.split())[:LONGEST_TEXT]
