"""Requests and answers checked against Google's own discovery documents, as bundled with its client.

Left to a table of ours, because the documents lack it: roles and other enumerations given as text. ``readOnly`` is not
enforced: the documents mark ``Permission.emailAddress`` so, although a grant needs it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from coplink.sandbox.wire import Refuse

DOCUMENTS = {
    "drive": "drive.v3.json",
    "calendar": "calendar.v3.json",
    "directory": "admin.directory_v1.json",
    "settings": "groupssettings.v1.json",
    "chat": "chat.v1.json",
    "identity": "cloudidentity.v1.json",
}
ALLOWED: Mapping[tuple[str, str], frozenset[str]] = {
    ("Permission", "role"): frozenset({"organizer", "fileOrganizer", "writer", "commenter", "reader"}),
    ("Permission", "type"): frozenset({"user", "group", "domain", "anyone"}),
    ("AclRule", "role"): frozenset(
        {"none", "freeBusyReader", "reader", "writer", "owner", "writerWithoutPrivateAccess"}
    ),
    ("Member", "role"): frozenset({"OWNER", "MANAGER", "MEMBER"}),
    ("Event", "status"): frozenset({"confirmed", "tentative", "cancelled"}),
    ("Groups", "allowExternalMembers"): frozenset({"true", "false"}),
    ("Groups", "includeInGlobalAddressList"): frozenset({"true", "false"}),
    ("Groups", "whoCanJoin"): frozenset(
        {"ANYONE_CAN_JOIN", "ALL_IN_DOMAIN_CAN_JOIN", "INVITED_CAN_JOIN", "CAN_REQUEST_TO_JOIN"}
    ),
    ("Groups", "whoCanViewMembership"): frozenset(
        {"ALL_IN_DOMAIN_CAN_VIEW", "ALL_MEMBERS_CAN_VIEW", "ALL_MANAGERS_CAN_VIEW", "ALL_OWNERS_CAN_VIEW"}
    ),
    ("Groups", "whoCanDiscoverGroup"): frozenset(
        {"ANYONE_CAN_DISCOVER", "ALL_IN_DOMAIN_CAN_DISCOVER", "ALL_MEMBERS_CAN_DISCOVER"}
    ),
}
LENGTHS = {
    ("Space", "displayName"): 128,
    ("SpaceDetails", "description"): 4096,
    ("Groups", "description"): 300,
    ("Groups", "name"): 75,
    ("Group", "description"): 4096,
}
NEEDED = {
    "drive.drives.create": ("name",),
    "drive.permissions.create": ("type", "role"),
    "calendar.acl.insert": ("role", "scope"),
    "directory.members.insert": ("email",),
    "directory.groups.insert": ("email",),
    "chat.spaces.create": ("spaceType", "displayName"),
    "chat.spaces.messages.create": ("text",),
    "chat.spaces.members.create": ("groupMember",),
}


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a document: how it is reached and what it takes."""

    name: str
    http: str
    path: str
    parameters: Mapping[str, Any]
    request: str | None
    response: str | None
    scopes: frozenset[str]
    schemas: Mapping[str, Any]


@cache
def _document(api: str) -> Mapping[str, Any]:
    text = (files("googleapiclient") / "discovery_cache" / "documents" / DOCUMENTS[api]).read_text("utf-8")
    document: Mapping[str, Any] = json.loads(text)
    return document


@cache
def method(name: str) -> Method:
    """The method of that name ("drive.files.list"), as its document describes it."""
    api, _, path = name.partition(".")
    document = _document(api)
    place: Any = document
    *resources, verb = path.split(".")
    for resource in resources:
        place = place["resources"][resource]
    raw = place["methods"][verb]
    return Method(
        name,
        raw["httpMethod"],
        "/" + document["servicePath"] + (raw["flatPath"] if "{+" in raw["path"] else raw["path"]),
        {**document["parameters"], **raw.get("parameters", {})},
        (raw.get("request") or {}).get("$ref"),
        (raw.get("response") or {}).get("$ref"),
        frozenset(raw.get("scopes", ())),
        document["schemas"],
    )


def query(called: Method, given: Mapping[str, list[str]]) -> dict[str, Any]:
    """The query's values in their types; refuses what the document does not know, or knows otherwise."""
    known = {name: rule for name, rule in called.parameters.items() if rule.get("location") == "query"}
    values: dict[str, Any] = {}
    for name, texts in given.items():
        if name not in known:
            raise Refuse(400, "invalidParameter", f"unknown parameter {name}")
        if len(texts) > 1 and not known[name].get("repeated"):
            raise Refuse(400, "invalidParameter", f"{name} is given more than once")
        found = [_typed(name, known[name], text) for text in texts]
        values[name] = found if known[name].get("repeated") else found[0]
    missing = [name for name, rule in known.items() if rule.get("required") and name not in values]
    if missing:
        raise Refuse(400, "required", f"required parameter: {missing[0]}")
    if values.get("alt", "json") != "json":
        raise Refuse(400, "invalidParameter", "the sandbox speaks JSON")
    return values


def _typed(name: str, rule: Mapping[str, Any], text: str) -> Any:
    kind = rule.get("type")
    bad = Refuse(400, "invalidParameter", f"invalid value for {name}")
    if kind == "boolean":
        if text not in ("true", "false"):
            raise bad
        return text == "true"
    if kind == "integer":
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise bad
        number = int(text)
        if number < int(rule.get("minimum", number)) or number > int(rule.get("maximum", number)):
            raise bad
        return number
    if "enum" in rule and text not in rule["enum"]:
        raise bad
    return text


def body(called: Method, value: Any) -> Mapping[str, Any]:
    """The request's body; refuses unknown fields, wrong types and missing required ones."""
    if called.request is None:
        if value not in (None, {}):
            raise Refuse(400, "badRequest", f"{called.name} takes no body")
        return {}
    if not isinstance(value, dict):
        raise Refuse(400, "parseError", "the body must be a JSON object")
    wrong = list(_wrong(called.schemas, called.request, value, called.request, patch=called.http == "PATCH"))
    properties = called.schemas[called.request]["properties"]
    wanted = {name for name, rule in properties.items() if _required(called, rule)}
    wanted |= set(NEEDED.get(called.name, ()))
    wrong += [f"{name} is required" for name in sorted(wanted) if not value.get(name)]
    if wrong:
        raise Refuse(400, "invalid", "; ".join(wrong[:3]))
    return value


def _required(called: Method, rule: Mapping[str, Any]) -> bool:
    listed = (rule.get("annotations") or {}).get("required", ())
    tail = called.name.partition(".")[2]
    return any(one.endswith("." + tail) for one in listed)


def answer(called: Method, value: Any) -> list[str]:
    """What is wrong with an answer of our own."""
    if called.response is None:
        return [] if value is None else [f"{called.name}: an answer where the document has none"]
    return [
        f"{called.name}: {one}" for one in _wrong(called.schemas, called.response, value, called.response)
    ]


def _wrong(
    schemas: Mapping[str, Any], name: str, value: Any, path: str, patch: bool = False
) -> Iterator[str]:
    yield from _mismatch(schemas, schemas[name], value, path, patch)
    for field, text in value.items() if isinstance(value, dict) else ():
        allowed = ALLOWED.get((name, field))
        if allowed and text is not None and text not in allowed:
            yield f"{path}.{field} is none of {', '.join(sorted(allowed))}"
        if isinstance(text, str) and len(text) > LENGTHS.get((name, field), len(text)):
            yield f"{path}.{field} is too long"


def _mismatch(
    schemas: Mapping[str, Any], rule: Mapping[str, Any], value: Any, path: str, patch: bool
) -> Iterator[str]:
    if "$ref" in rule:
        yield from _wrong(schemas, rule["$ref"], value, path, patch)
        return
    if value is None:
        if not patch:
            yield f"{path} is null"
        return
    kind = rule.get("type")
    if kind == "object" or "properties" in rule:
        if not isinstance(value, dict):
            yield f"{path} is no object"
            return
        known, more = rule.get("properties", {}), rule.get("additionalProperties")
        for field, inner in value.items():
            if field in known:
                yield from _mismatch(schemas, known[field], inner, f"{path}.{field}", patch)
            elif isinstance(more, dict):
                yield from _mismatch(schemas, more, inner, f"{path}.{field}", patch)
            else:
                yield f"{path}.{field} is unknown"
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for number, inner in enumerate(value):
            yield from _mismatch(schemas, rule["items"], inner, f"{path}[{number}]", patch)
    elif not _fits(rule, value):
        yield f"{path} is not of type {kind} {rule.get('format', '')}".rstrip()


def _fits(rule: Mapping[str, Any], value: Any) -> bool:
    kind, form = rule.get("type"), rule.get("format")
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "string":
        if not isinstance(value, str):
            return False
        if form in ("int64", "uint64"):
            return re.fullmatch(r"-?\d+", value) is not None
        if form == "date-time":
            return _is_moment(value)
        return "enum" not in rule or value in rule["enum"]
    return True


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
