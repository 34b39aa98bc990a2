"""Developer keys and the tokens given out for them: what a token may do, and until when."""

from __future__ import annotations

import re
from dataclasses import dataclass

from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Request

from coplink.sandbox.store import Store
from coplink.sandbox.wire import Refuse

# How Canvas' routes call the ids in a path; scopes are written with these names.
_NAMES = {
    "course": "course_id",
    "group": "group_id",
    "category": "group_category_id",
    "user": "user_id",
    "module": "module_id",
    "link": "id",
    "page": "url_or_id",
}
_ODD = {
    "/courses/:course_id": "/courses/:id",
    "/courses/:course_id/users/:user_id": "/courses/:course_id/users/:id",
    "/users/self": "/users/:id",
}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token came along, and what it may do: ``scopes`` None is everything its owner may."""

    district: str
    scopes: frozenset[str] | None = None
    includes: bool = True


def scope_of(method: str, path: str) -> str:
    """The scope a route demands, from its path in werkzeug's form."""

    def name(found: re.Match[str]) -> str:
        return ":" + _NAMES.get(found[1], "id")

    plain = re.sub(r"<(?:\w+:)?(\w+)>", name, path)
    return f"url:{method}|/api/v1{_ODD.get(plain, plain)}"


def bearer(store: Store, token: str, now: float) -> Bearer | None:
    """What a token of a developer key may do; None for one that was never given out."""
    known = store.get("canvas.tokens", token) if token else None
    if known is None:
        return None
    key = store.get("canvas.keys", known["key"])
    if key is None or not key["on"] or store.get("canvas.consents", known["consent"]) is None:
        return None
    if now >= known["until"]:
        raise Refuse(
            401, "unauthenticated", "Expired access token.", {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
        )
    return Bearer(key["district"], frozenset(known["scopes"]), key["includes"])


def without_includes(request: Request) -> None:
    """Canvas drops every ``include[]`` but ``uuid`` for keys that do not allow it, and says nothing."""
    pairs = request.args.items(multi=True)
    kept = [(name, value) for name, value in pairs if name != "include[]" or value == "uuid"]
    request.args = ImmutableMultiDict(kept)
