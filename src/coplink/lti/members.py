"""One page of a Names and Roles service: decoded for the fields coplink uses, and a fingerprint for each member.

A page of the expected shape is decoded straight into typed members; one that holds anything odd is taken apart with
patience, so that one member's strange name does not hide the others. Source: NRPS 2.0, LTI handbook 4.5.
"""

from __future__ import annotations

import hmac
import json
from array import array
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.poly1305 import Poly1305

from coplink.core.people import AccountId
from coplink.core.roster import Listed
from coplink.lti import odd
from coplink.lti.arrivals import accounts, email
from coplink.lti.claims import CORE, LONGEST_ID, LONGEST_TEXT, clean, expanded
from coplink.lti.egress import described
from coplink.lti.roles import is_test_account, leads_context
from coplink.ports.records import Registration

ACTIVE = ("Active", None)
PRINT = 8
_NOTHING = msgspec.Raw(b"null")


def _fast() -> bool:
    """Whether this machine's OpenSSL has the universal hash; one that keeps to FIPS 140 has not."""
    try:
        Poly1305.generate_tag(bytes(32), b"")
    except UnsupportedAlgorithm:
        return False
    return True


def _slower(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")


_FAST = _fast()


class Message(msgspec.Struct, gc=False):
    """What a link would have been launched with by this member; its custom parameters as they came."""

    custom: msgspec.Raw = msgspec.field(name=CORE + "custom", default=_NOTHING)


class Member(msgspec.Struct, gc=False):
    """Somebody on a page, as far as coplink uses it; nothing here has been checked."""

    user_id: str
    roles: list[str] | None = None
    status: str | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None


class MemberOfTheTool(Member, gc=False):
    """The same with custom parameters of the tool itself."""

    message: list[Message] | None = None


class _Context(msgspec.Struct):
    id: str | None = None


class _Page(msgspec.Struct):
    members: list[Member]
    context: _Context | None = None


class _PageOfTheTool(msgspec.Struct):
    members: list[MemberOfTheTool]
    context: _Context | None = None


class Members:
    """Reads the pages of one context. ``of_the_tool``: custom parameters are those of the tool itself."""

    def __init__(self, registration: Registration, context: str, of_the_tool: bool, secret: bytes) -> None:
        self._registration, self._context, self._secret = registration, context, secret
        self._of_the_tool = of_the_tool
        self._typed: msgspec.json.Decoder[_Page | _PageOfTheTool] = msgspec.json.Decoder(
            _PageOfTheTool if of_the_tool else _Page
        )
        self._encoded = msgspec.msgpack.Encoder().encode
        key = blake2b(b"pages of rosters", key=secret, digest_size=32).digest()
        self._hashed = partial(Poly1305.generate_tag if _FAST else _slower, key)

    def decode(self, body: bytes, url: str) -> Sequence[Member]:
        """Everybody on a page. Raises ``UnexpectedReply`` when it is no page of this context's roster."""
        try:
            page = self._typed.decode(body)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return self._patiently(body, url)
        if page.context is not None:
            self._same_context(page.context.id, url)
        return page.members

    def of_somebody(self) -> None:
        """From now on custom parameters are nobody's word: the tool's own were not asked for."""
        self._of_the_tool = False
        self._typed = msgspec.json.Decoder(_Page)

    def digest(self, body: bytes) -> bytes:
        """A keyed digest of a page, 16 bytes.

        A universal hash under one key, hidden behind a pseudo-random function under another: as sure as a cryptographic
        hash for whoever has no key, and seven times as fast, which is most of what an unchanged roster costs.
        """
        return blake2b(self._hashed(body), key=self._secret, digest_size=16).digest()

    def prints(self, members: Sequence[Member]) -> array[int]:
        """A keyed fingerprint of 8 bytes for each member, over every field coplink uses."""
        encoded, secret = self._encoded, self._secret
        digests = [blake2b(encoded(member), key=secret, digest_size=PRINT).digest() for member in members]
        prints = array("Q")
        prints.frombytes(b"".join(digests))
        return prints

    def person(self, member: Member) -> Listed | None:
        """Who this is; None for the platform's pretend student and for those who are not active."""
        roles = member.roles or ()
        if member.status not in ACTIVE or is_test_account(roles):
            return None
        return Listed(
            member.user_id,
            _name(member),
            email(_text(member.email)),
            leads_context(roles),
            self._accounts(member),
        )

    def _accounts(self, member: Member) -> dict[str, AccountId] | None:
        """Accounts named by the custom parameters that come per member when the course's own id was asked for."""
        if not isinstance(member, MemberOfTheTool):
            return None
        found: dict[str, str] = {}
        for message in member.message or ():
            try:
                custom = json.loads(bytes(message.custom))
            except (ValueError, RecursionError):  # a number or a depth beyond reason
                continue
            if isinstance(custom, dict):
                found.update(accounts(self._registration, expanded(custom)))
        return {integration: AccountId(account) for integration, account in found.items()} or None

    def _same_context(self, named: str | None, url: str) -> None:
        if self._context and named is not None and named != self._context:
            raise odd.not_understood(f"{described('GET', url)}: the roster of another context")

    def _patiently(self, body: bytes, url: str) -> Sequence[Member]:
        try:
            page = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise odd.not_understood(f"{described('GET', url)}: no JSON") from error
        if not isinstance(page, dict):
            raise odd.not_understood(f"{described('GET', url)}: no JSON object")
        members, context = page.get("members"), page.get("context")
        if not isinstance(members, list):
            raise odd.not_understood(f"{described('GET', url)}: no members")
        named = context.get("id") if isinstance(context, dict) else None
        self._same_context(named if isinstance(named, str) else None, url)
        return [self._member(one if isinstance(one, dict) else {}) for one in members]

    def _member(self, given: Mapping[str, Any]) -> Member:
        """A member of any shape at all; without an id of the right kind it has an empty one."""
        subject, status = given.get("user_id"), given.get("status")
        fields: dict[str, Any] = {
            "user_id": subject if isinstance(subject, str) and is_subject(subject) else "",
            "roles": [clean(role) for role in _list(given.get("roles")) if isinstance(role, str)],
            "status": status if status is None else clean(str(status)),
        }
        for field in ("name", "given_name", "family_name", "email"):
            value = given.get(field)
            fields[field] = clean(value) if isinstance(value, str) else None
        if not self._of_the_tool:
            return Member(**fields)
        customs = [one.get(CORE + "custom") for one in _list(given.get("message")) if isinstance(one, dict)]
        found = [Message(msgspec.Raw(json.dumps(custom).encode())) for custom in customs]
        return MemberOfTheTool(**fields, message=found)


def is_subject(subject: str) -> bool:
    """Whether this can be somebody's id on a platform."""
    return bool(subject) and len(subject) <= LONGEST_ID and subject.isprintable()


def _list(value: Any) -> Sequence[Any]:
    """A list, a single object as a list of one (both occur for ``message``), or nothing."""
    if isinstance(value, list):
        return value
    return (value,) if isinstance(value, dict) else ()


def _name(member: Member) -> str | None:
    given, family = _text(member.given_name), _text(member.family_name)
    return _text(member.name) or _text(f"{given or ''} {family or ''}".strip())


def _text(value: str | None) -> str | None:
    """Text for people; most of it is clean as it comes."""
    if value is None or (value.isascii() and value.isprintable() and "  " not in value):
        return value.strip()[:LONGEST_TEXT] or None if value else None
    return clean(value) or None
