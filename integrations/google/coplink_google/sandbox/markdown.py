"""What people see of a message written in Markdown, as far as coplink writes it: escapes, line ends, bold, links."""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"""\\(?P<kept>[!-/:-@\[-`{-~])|(?P<line>\\\n)|(?P<bold>\*\*)|<(?P<link>https?://[^<>\s]*)>|(?P<markup>[*_`~<>\[\]])"""
)


def shown(text: str) -> str:
    """The text as it appears; markup that nobody escaped disappears, so that a test sees it missing."""

    def one(found: re.Match[str]) -> str:
        if found["line"]:
            return "\n"
        return found["kept"] or found["link"] or ""

    return TOKEN.sub(one, text)
