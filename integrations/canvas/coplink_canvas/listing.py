"""Listings of Canvas: pages by ``Link`` header, on our server only, and never in a circle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import UnexpectedReply

Row = Mapping[str, Any]
MOST_PAGES = 500


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing brought, and whether its last page was read."""

    rows: tuple[Row, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Sitters:
    """Whose accounts sit in a group and whether they lead, and whether the last page of them was read."""

    leads: Mapping[str, bool]
    complete: bool


class Pages:
    """Stands between a listing and the SDK's requester: next links stay on our server and never run in a circle."""

    def __init__(self, requester: Any) -> None:
        self._requester = requester
        self.base_url: str = requester.base_url
        self.new_quizzes_url: str = requester.new_quizzes_url
        self.read = 0
        self._asked: set[str] = set()

    def request(self, method: str, endpoint: str, **named: Any) -> Any:
        if endpoint in self._asked or self.read >= MOST_PAGES:
            raise UnexpectedReply(
                say("A listing in Canvas does not come to an end."), "next link seen before"
            )
        self._asked.add(endpoint)
        response = self._requester.request(method, endpoint, **named)
        link = response.links.get("next")
        if link is not None and not str(link.get("url", "")).startswith(self.base_url):
            raise UnexpectedReply(
                say("A listing in Canvas points to another server."), "next link to another origin"
            )
        self.read += 1
        return response


class Plain:
    """A row of a listing as it came, in the place of an object of the SDK."""

    def __init__(self, requester: Any, row: Row) -> None:
        self.row = dict(row)


class Sitting:
    """One membership of a group, of which no more is kept than whose it is and whether they lead."""

    __slots__ = ("account", "leads")

    def __init__(self, requester: Any, row: Row) -> None:
        self.account, self.leads = number(row, "user_id"), row.get("moderator") is True


class Forgetful(list[Any]):
    """The SDK keeps its last five answers in memory for debugging; we keep none."""

    def insert(self, index: Any, value: Any) -> None:
        return None


def last_page(links: Mapping[str, Mapping[str, str]]) -> int | None:
    """The number of the last page by the ``Link`` header; None where it does not say."""
    found = re.search(r"[?&]page=(\d{1,6})(&|$)", str(links.get("last", {}).get("url", "")))
    return int(found[1]) if found else None


def number(row: Row, name: str) -> str:
    """The id under this name; raises ``UnexpectedReply`` for anything else."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _odd(name)
    return str(value)


def text(row: Row, name: str) -> str:
    """The text under this name; raises ``UnexpectedReply`` for anything else."""
    value = row.get(name)
    if not isinstance(value, str):
        raise _odd(name)
    return value


def _odd(name: str) -> UnexpectedReply:
    return UnexpectedReply(
        say("Canvas answered something coplink does not understand."), f"no {name} in the answer"
    )
