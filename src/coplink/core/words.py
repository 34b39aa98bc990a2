"""Marks a sentence for translation, and carries it together with its values.

A ``Said`` is what errors, notices and reports keep: the English sentence with named gaps, and what goes into them. It
is stored so and translated when it is shown, because the reader's language is not known when it is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence for a person: English text with ``{named}`` gaps, and the values for them."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format_map(_Gaps(self.values))


class _Gaps(dict[str, str]):
    """Leaves a gap visible when its value is missing: a half sentence beats a crash on an error page."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def say(text: str, /, **values: object) -> Said:
    """Mark ``text`` for translation and bind its values; values are turned into text at once."""
    return Said(text, {key: str(value) for key, value in values.items()})
