"""What a channel or a team may be called and what its description says; pure.

Rules of Microsoft's limits page for Teams (2023): a channel's name has at most 50 characters, none of a list of signs,
no leading underscore or dot, no trailing dot, no reserved word. A team's has at most 256 and may hold any sign; two
teams may have the same.
"""

from __future__ import annotations

import re
import unicodedata

from coplink.ports.spaces import Planned, SpaceWish
from coplink_teams import CHANNEL, CHANNEL_STEPS, TEAM, TEAM_STEPS

LONGEST = 50
LONGEST_TEAM = 256
DESCRIPTION = 1024
_FORBIDDEN = re.compile(r"""[~#%&*{}+/\\:<>?|'",]|\.\.+""")
_RESERVED = {"forms", "con", "prn", "aux", "nul", "desktop.ini", "general"}
_RESERVED |= {f"{device}{n}" for device in ("com", "lpt") for n in range(10)}


def channel_name(name: str, suffix: str = "") -> str:
    """``name`` as Teams takes it; with ``suffix`` in brackets where the plain name is taken already."""
    text = _readable(name)
    text = re.sub(r"\s+", " ", _FORBIDDEN.sub(" ", text.replace("&", " and "))).strip(" ._")
    if not text or text.casefold() in _RESERVED or "_vti_" in text.casefold():
        text = f"Community {text}".replace("_vti_", " ").strip()
    end = f" ({suffix})" if suffix else ""
    return _cut(text, LONGEST - len(end)).rstrip(" .") + end


def team_name(name: str) -> str:
    """``name`` as a team may have it."""
    return _cut(" ".join(_readable(name).split()), LONGEST_TEAM) or "Community"


def mode_of(wish: SpaceWish, mode: str) -> str:
    """The mode of one space: a place that was begun is finished as it was begun; a new one follows the connection."""
    if not wish.parts:
        return mode
    return TEAM if wish.parts.keys() & {"order", "team"} else CHANNEL


def planned(wish: SpaceWish, mode: str) -> Planned:
    """What would be made for a wish."""
    if mode_of(wish, mode) == TEAM:
        return Planned(team_name(wish.name), TEAM_STEPS)
    return Planned(channel_name(wish.name), CHANNEL_STEPS)


def description(wish: SpaceWish) -> str:
    """The sentence about the community, and our marker on a line of its own at the end."""
    about = " ".join(wish.about.split())
    return f"{_cut(about, DESCRIPTION - len(wish.marker) - 2)}\n{wish.marker}".strip()


def carries(text: object, marker: str) -> bool:
    """Whether a description ends with our marker."""
    return isinstance(text, str) and text.rstrip().endswith(marker)


def _readable(name: str) -> str:
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in name)


def _cut(text: str, length: int) -> str:
    """Cut by UTF-16 units, as Microsoft counts; never through a sign made of two."""
    while len(text.encode("utf-16-le")) // 2 > length:
        text = text[:-1]
    return text.rstrip()
