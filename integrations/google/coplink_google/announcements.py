"""What is said to everybody, as a message in the community's Chat space.

The message's name over there is made of the key, so Chat takes a second try for the first. Google reads the text as
Markdown, in which a backslash before any punctuation shows it as it is (CommonMark 0.31, 2.4): what looks like markup,
or like a mention of somebody, is shown as it was written.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping

from coplink.core.announcing import Announcement
from coplink.core.words import say
from coplink.ports.announcements import PostLink
from coplink.ports.errors import OutcomeUnknown
from coplink_google.chat import NO_SPACE
from coplink_google.replies import AlreadyThere
from coplink_google.workspace import Workspace

MARKDOWN = "MARKUP_SYNTAX_MARKDOWN"
_PUNCTUATION = re.compile(r"""([!-/:-@\[-`{-~])""")
_LEADING = re.compile(r"^[ \t]+", re.MULTILINE)
_NONE = say(
    "This community has no Chat space: it was made before the connection asked for one, or Google Chat is not allowed."
)


class ChatAnnouncements:
    """Says something in ``parts["chat"]``."""

    def __init__(self, workspace: Workspace) -> None:
        self._google = workspace

    def post(self, parts: Mapping[str, str], announcement: Announcement, key: str) -> PostLink:
        """One message, however often it is asked for."""
        space = parts.get("chat", NO_SPACE)
        if space == NO_SPACE:
            return PostLink("", silent=_NONE)
        digest = hashlib.sha256(f"{space} {key}".encode()).hexdigest()
        name, request = f"client-{digest[:40]}", str(uuid.UUID(digest[:32]))
        remote, body = f"{space}/messages/{name}", {"text": message(announcement), "markupSyntax": MARKDOWN}
        try:
            answer = self._google.call(
                "chat.spaces.messages.create", parent=space, messageId=name, requestId=request, body=body
            )
        except AlreadyThere:
            return PostLink(remote, found=True)
        if not answer.get("name"):
            raise OutcomeUnknown("chat.spaces.messages.create")
        return PostLink(remote)


def message(announcement: Announcement) -> str:
    """Title, text, who says it and where to read on, each as it was written."""
    by = f"{plain(announcement.by)} · " if announcement.by else ""
    return f"**{plain(announcement.title)}**\n\n{plain(announcement.text)}\n\n{by}<{announcement.link}>"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: lines end where they ended, and begin as far in."""
    kept = _LEADING.sub(lambda blank: "\u00a0" * len(blank[0]), text)
    kept = _PUNCTUATION.sub(r"\\\1", kept)
    return "\n\n".join(part.replace("\n", "\\\n") for part in re.split(r"\n{2,}", kept))
