"""Partial answers: Google's ``fields`` parameter, read and applied ("files(id,name),nextPageToken")."""

from __future__ import annotations

import re
from typing import Any

from coplink.sandbox.wire import Refuse

Mask = dict[str, "Mask | None"]


def read(text: str) -> Mask:
    """The mask as a tree; None stands for everything below."""
    tokens = re.findall(r"[A-Za-z_*][\w]*|[(),/]", text)
    if "".join(tokens) != text.replace(" ", ""):
        raise Refuse(400, "invalidParameter", "invalid field selection")
    mask, rest = _fields(tokens)
    if rest:
        raise Refuse(400, "invalidParameter", "invalid field selection")
    return mask


def _fields(tokens: list[str]) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while True:
        one, tokens = _field(tokens)
        mask.update(one)
        if tokens[:1] != [","]:
            return mask, tokens
        tokens = tokens[1:]


def _field(tokens: list[str]) -> tuple[Mask, list[str]]:
    if not tokens or not re.match(r"[A-Za-z_*]", tokens[0]):
        raise Refuse(400, "invalidParameter", "invalid field selection")
    name, tokens = tokens[0], tokens[1:]
    if tokens[:1] == ["/"]:
        below, tokens = _field(tokens[1:])
        return {name: below}, tokens
    if tokens[:1] == ["("]:
        below, tokens = _fields(tokens[1:])
        if tokens[:1] != [")"]:
            raise Refuse(400, "invalidParameter", "invalid field selection")
        return {name: below}, tokens[1:]
    return {name: None}, tokens


def apply(mask: Mask | None, value: Any) -> Any:
    """What the mask leaves of a value."""
    if mask is None or "*" in mask:
        return value
    if isinstance(value, list):
        return [apply(mask, one) for one in value]
    if isinstance(value, dict):
        return {name: apply(mask[name], inner) for name, inner in value.items() if name in mask}
    return value
