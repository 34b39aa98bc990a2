"""Announcements: what somebody who leads a community says to everybody, once, and how far it is in each place."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from coplink.core.errors import DomainError
from coplink.core.people import CommunityId, InstitutionId, PersonId
from coplink.core.spaces import SpaceId, Trouble
from coplink.core.words import say

SaidId = NewType("SaidId", str)

TITLE_LENGTH = 100
TEXT_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Announcement:
    """What everybody is told: a title in one line, plain text in paragraphs, where to read on, who says it.

    ``link`` leads to the community's page in coplink. ``by`` is the name to show, since over there the author is an
    account of coplink's. ``inviting``: it is for people who do not belong yet, and leads to an invitation.
    """

    title: str
    text: str
    link: str
    by: str = ""
    inviting: bool = False


@dataclass(frozen=True, slots=True)
class SaidToAll:
    """An announcement of a community: who said it, through which institution, and when (UTC).

    ``inviting``: it was said to invite, for people who do not belong yet.
    """

    id: SaidId
    community: CommunityId
    institution: InstitutionId
    person: PersonId
    title: str
    text: str
    at: datetime
    inviting: bool = False


class PostState(StrEnum):
    """How far an announcement is in one place: ``waiting`` goes on by itself, ``stuck`` waits for a person.

    ``silent``: it will not appear there; the trouble says why.
    """

    WAITING = "waiting"
    POSTED = "posted"
    STUCK = "stuck"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Post:
    """One announcement in one place: its remote id and address once it is there, else what is wrong and who can act."""

    said: SaidId
    space: SpaceId
    state: PostState
    remote: str = ""
    link: str = ""
    trouble: Trouble | None = None
    at: datetime | None = None


def words_of(title: str, text: str) -> tuple[str, str]:
    """Title and text as they are kept: the title in one line, nothing around either; raises ``DomainError``."""
    title = " ".join(_printable(title).split())
    text = "\n".join(line.rstrip() for line in _printable(text).splitlines()).strip()
    if not title or not text:
        raise DomainError(say("Give it a title, and say something."))
    if len(title) > TITLE_LENGTH:
        raise DomainError(say("A title has at most {most} characters.", most=TITLE_LENGTH))
    if len(text) > TEXT_LENGTH:
        raise DomainError(say("Say it in at most {most} characters.", most=TEXT_LENGTH))
    return title, text


def in_short(text: str, most: int) -> str:
    """The text in one line of at most ``most`` characters, for places that show no more."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _printable(text: str) -> str:
    """A space for every control character, which databases and platforms refuse; line ends stay."""
    return "".join(
        " " if unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r" else letter
        for letter in text
    )
