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
anything = st.recursive(
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


NOW = 1_788_264_000
HERE, OTHER = "client-north", "client-south"


def almost() -> st.SearchStrategy[list[Change]]:
    """One thing that is nearly right, or right in an unusual way, and perhaps somebody without a name besides."""
    one = st.sampled_from(ALMOST)
    return st.tuples(one, changes([(name,) for name in PEOPLE], most=1) | st.just([])).map(
        lambda both: [*both[0], *both[1]]
    )


def _set(name: str, value: Any) -> Change:
    return Change("set", (name,), value)


ALMOST: list[list[Change]] = [
    [_set("aud", [HERE])],
    [_set("aud", [HERE]), Change("take out", ("azp",))],
    [_set("aud", [HERE, "another"])],
    [_set("aud", [HERE, "another"]), Change("take out", ("azp",))],
    [_set("aud", ["another", HERE]), Change("take out", ("azp",))],
    [_set("aud", [HERE, "another"]), _set("azp", "another")],
    [_set("aud", OTHER), _set("azp", OTHER)],
    [_set("azp", OTHER)],
    *([_set("iat", NOW + seconds), _set("exp", NOW + 60)] for seconds in (-86_400, -361, -359, 59, 61)),
    *([_set("nbf", NOW + seconds)] for seconds in (-86_400, 59, 61)),
    *([_set("exp", NOW + seconds)] for seconds in (-61, -59, 3_659, 3_661, 31_536_000)),
    [_set("sub", "x" * 255)],
    [_set("sub", "x" * 256)],
    [_set(CORE + "roles", ["Instructor", ""])],
    [_set(CORE + "roles", [])],
    [_set(CORE + "context", {"id": "course-9"})],
    [_set(CORE + "context", {"id": "x" * 256})],
    [_set(CORE + "target_link_uri", "https://coplink.example/me")],
    [_set(CORE + "target_link_uri", "https://coplink.example")],
    [_set(CORE + "message_type", "LtiSubmissionReviewRequest")],
    [_set(CORE + "version", "1.3")],
    *(
        [_set(NRPS, {"context_memberships_url": address})]
        for address in (
            "https://north.example/m",
            "https://evil.example/m",
            "https://north.example@evil.example/m",
            "http://north.example/m",
            "https://north.example:8443/m",
            "https://evil.example\\@north.example/m",
        )
    ),
    [_set(CORE + "platformnotificationservice", {"notice_types_supported": [7]})],
]


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
