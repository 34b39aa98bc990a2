"""What a channel may be called and what its description says; pure.

Rules of Microsoft's limits page for Teams (2023): at most 50 characters, none of a list of signs, no leading underscore
or dot, no trailing dot, no reserved word.
"""

from __future__ import annotations

import re
import unicodedata

from coplink.ports.spaces import SpaceWish

LONGEST = 50
DESCRIPTION = 1024
_FORBIDDEN = re.compile(r"""[~#%&*{}+/\\:<>?|'",]|\.\.+""")
_RESERVED = {"forms", "con", "prn", "aux", "nul", "desktop.ini", "general"}
_RESERVED |= {f"{device}{n}" for device in ("com", "lpt") for n in range(10)}


def channel_name(name: str, suffix: str = "") -> str:
    """``name`` as Teams takes it; with ``suffix`` in brackets where the plain name is taken already."""
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in name)
    text = re.sub(r"\s+", " ", _FORBIDDEN.sub(" ", text.replace("&", " and "))).strip(" ._")
    if not text or text.casefold() in _RESERVED or "_vti_" in text.casefold():
        text = f"Community {text}".replace("_vti_", " ").strip()
    end = f" ({suffix})" if suffix else ""
    return _cut(text, LONGEST - len(end)).rstrip(" .") + end


def description(wish: SpaceWish) -> str:
    """The sentence about the community, and our marker on a line of its own at the end."""
    about = " ".join(wish.about.split())
    return f"{_cut(about, DESCRIPTION - len(wish.marker) - 2)}\n{wish.marker}".strip()


def carries(text: object, marker: str) -> bool:
    """Whether a description ends with our marker."""
    return isinstance(text, str) and text.rstrip().endswith(marker)


def _cut(text: str, length: int) -> str:
    """Cut by UTF-16 units, as Microsoft counts; never through a sign made of two."""
    while len(text.encode("utf-16-le")) // 2 > length:
        text = text[:-1]
    return text.rstrip()
