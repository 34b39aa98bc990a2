"""One finished exchange with Microsoft, and careful ways to look into it: its body may be anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import UnexpectedReply

NOT_UNDERSTOOD = say("Microsoft answered something coplink does not understand.")


@dataclass(frozen=True, slots=True)
class Answer:
    """One finished exchange; ``write``: it was meant to change something; ``again``: it was sent more than once."""

    operation: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    write: bool = False
    again: bool = False

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raises ``UnexpectedReply`` for anything else."""
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise UnexpectedReply(NOT_UNDERSTOOD, self.detail("no JSON")) from error
        if not isinstance(value, dict):
            raise UnexpectedReply(NOT_UNDERSTOOD, self.detail("no JSON object"))
        return value

    @property
    def understood(self) -> bool:
        """Whether a 2xx says plainly that it was done: with a JSON object, or with no body where none is due."""
        try:
            return isinstance(json.loads(self.body), dict)
        except ValueError:
            return not self.body and self.status in (201, 202, 204)

    def error(self) -> tuple[str, str]:
        """The vendor's error code and message; empty where the body is in no known form."""
        try:
            error = json.loads(self.body)["error"]
            inner = error.get("innerError") or {}
            code = str(error["code"])
            if isinstance(inner.get("code"), str) and inner["code"] != code:
                code = f"{code}/{inner['code']}"
            return code, str(error.get("message") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            return "", ""

    def detail(self, more: str = "") -> str:
        """For the log: operation, status and the vendor's code; never a body."""
        code = re.sub(r"[^\w./-]", "", self.error()[0])[:80] if self.status >= 400 else ""
        return " ".join(part for part in (self.operation, str(self.status), code, more) if part)

    @property
    def retry_after(self) -> float | None:
        """The seconds the service asks us to wait, at most a day."""
        try:
            return min(max(float(self.headers.get("retry-after", "")), 0.0), 86_400.0)
        except ValueError:
            return None
