"""A good launch, changed at random: names taken out, emptied, said twice, or given a value of any type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from coplink.testing.platform import CORE, NRPS

Path = tuple[str, ...]
PEOPLE = ("name", "given_name", "family_name", "email", "locale")
PARTY = ("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce")
LTI = [
    "message_type",
    "version",
    "deployment_id",
    "target_link_uri",
    "resource_link",
    "roles",
    "context",
    "custom",
    "launch_presentation",
    "tool_platform",
    "lti1p1",
    "lis",
]
TOP: list[Path] = [(name,) for name in (*PEOPLE, *PARTY, *(CORE + name for name in LTI), NRPS, "unknown")]
INNER: list[Path] = [
    *((CORE + "resource_link", name) for name in ("id", "title", "description")),
    *((CORE + "context", name) for name in ("id", "title", "label", "type")),
    *((CORE + "custom", name) for name in ("canvas_user_id", "canvas_course_id", "other")),
    *((CORE + "launch_presentation", name) for name in ("return_url", "locale", "document_target")),
    *((CORE + "tool_platform", name) for name in ("guid", "product_family_code")),
    *((NRPS, name) for name in ("context_memberships_url", "service_versions")),
]
HEADER: list[Path] = [(name,) for name in ("alg", "kid", "typ", "cty", "jku", "jwk", "x5u", "x5c", "zip")]

letters = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(1_788_263_000, 1_788_268_000),  # around the scene's own moment
    st.floats(allow_nan=False, allow_infinity=False),
    letters,
    st.text(max_size=300),
    st.sampled_from(["client-north", "1.3.0", "https://north.example/x", "Instructor", "\ud800", "\x00"]),
)
# What is almost right in one place or another.
near = st.sampled_from(
    [
        ["client-north"],
        ["client-north", "another"],
        ["another", "client-north"],
        "client-south",
        ["Instructor", ""],
        {"id": "course-9"},
        {"id": "x" * 256},
        {"context_memberships_url": "https://north.example/m"},
        {"context_memberships_url": "https://evil.example/m"},
        {"context_memberships_url": "https://north.example@evil.example/m"},
        {"context_memberships_url": "http://north.example/m"},
        {"platform_notification_service_url": "https://evil.example/", "notice_types_supported": [7]},
        "https://coplink.example/me",
        "LtiSubmissionReviewRequest",
        1_788_264_000 - 361,
        1_788_264_000 + 61,
        1_788_264_000 + 3_661,
    ]
)
anything = near | st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(letters, inner, max_size=4),
    max_leaves=8,
)
empty = st.sampled_from(["", [], {}, None, 0, False])


@dataclass(frozen=True, slots=True)
class Change:
    """One change: ``how`` is take out, empty, set or say twice."""

    how: str
    path: Path
    value: Any = None


def changes(paths: Sequence[Path], most: int = 3) -> st.SearchStrategy[list[Change]]:
    where = st.sampled_from(paths)
    one = st.one_of(
        st.builds(Change, st.just("take out"), where),
        st.builds(Change, st.just("set"), where, empty),
        st.builds(Change, st.just("set"), where, anything),
        st.builds(Change, st.just("twice"), where, anything),
    )
    return st.lists(one, min_size=1, max_size=most)


def changed(document: Mapping[str, Any], wanted: Sequence[Change]) -> tuple[dict[str, Any], set[Path]]:
    """The document after the changes, and the paths whose last name is to be said twice."""
    result: dict[str, Any] = json.loads(json.dumps(document))
    twice: set[Path] = set()
    for change in wanted:
        holder: Any = result
        for name in change.path[:-1]:
            holder = holder.setdefault(name, {}) if isinstance(holder, dict) else None
        if not isinstance(holder, dict):
            continue
        if change.how == "take out":
            holder.pop(change.path[-1], None)
            twice -= {path for path in twice if path[: len(change.path)] == change.path}
            continue
        if change.how == "twice":
            twice.add(change.path)
            holder.setdefault(change.path[-1], change.value)
        else:
            twice -= {
                path for path in twice if path != change.path and path[: len(change.path)] == change.path
            }
            holder[change.path[-1]] = change.value
    return result, twice


def written(document: Any, twice: set[Path], at: Path = ()) -> str:
    """JSON in which some names occur twice in their object."""
    if not isinstance(document, dict):
        return json.dumps(document)
    pairs = []
    for name, value in document.items():
        path = (*at, name)
        pair = f"{json.dumps(name)}: {written(value, twice, path)}"
        pairs += [pair] * (2 if path in twice else 1)
    return "{" + ", ".join(pairs) + "}"
