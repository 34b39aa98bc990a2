"""What the specification says about one launch, written without a look at the code that judges it.

``verdict`` reads the claims of a launch and says whether it must be let in, must be refused, or may be either (a claim
that nobody need read has an odd shape). Sources: OpenID Connect Core 3.1.3.7, LTI 1.3 core 5.3, and the times coplink
promises: a minute of leeway, five minutes of age, an hour of life.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from coplink.testing.platform import CORE, NRPS

LEEWAY, AGE, LIFE = 60, 300, 3600


class Verdict(StrEnum):
    """What must become of a launch."""

    LET_IN = "let in"
    REFUSED = "refused"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the login promised, and where the platform lives."""

    issuer: str
    client: str
    nonce: str
    deployment: str
    target: str
    now: float
    hosts: frozenset[str]


def verdict(claims: Mapping[str, Any], expected: Expected) -> Verdict:
    """Judge claims whose names occur once."""
    given = {name: value for name, value in claims.items() if value is not None}
    if not all(rule(given, expected) for rule in RULES):
        return Verdict.REFUSED
    return Verdict.LET_IN if _platform_is_sound(given) else Verdict.EITHER


def text(value: Any) -> bool:
    return isinstance(value, str)


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(text, value))


def key(value: Any) -> bool:
    """An id: printable ASCII, 1 to 255 letters."""
    return text(value) and 0 < len(value) <= 255 and all(" " <= letter <= "~" for letter in value)


def moment(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= 1e12


def may(given: Mapping[str, Any], name: str, shape: Callable[[Any], bool]) -> bool:
    """Absent (or null), or of this shape."""
    return given.get(name) is None or shape(given[name])


def _party(given: Mapping[str, Any], expected: Expected) -> bool:
    audience = given.get("aud")
    audience = [audience] if text(audience) else audience
    if not texts(audience) or expected.client not in audience:
        return False
    return given["azp"] == expected.client if "azp" in given else len(audience) == 1


def _times(given: Mapping[str, Any], expected: Expected) -> bool:
    if not (moment(given.get("iat")) and moment(given.get("exp")) and may(given, "nbf", moment)):
        return False
    issued, ends, now = given["iat"], given["exp"], expected.now
    return bool(
        ends > now - LEEWAY
        and now - AGE - LEEWAY <= issued <= now + LEEWAY
        and given.get("nbf", 0) <= now + LEEWAY
        and ends - issued <= LIFE + LEEWAY
    )


def _login(given: Mapping[str, Any], expected: Expected) -> bool:
    return (
        given.get("iss"),
        given.get("nonce"),
        given.get(CORE + "deployment_id"),
        given.get(CORE + "target_link_uri"),
    ) == (expected.issuer, expected.nonce, expected.deployment, expected.target)


def _message(given: Mapping[str, Any], expected: Expected) -> bool:
    link = given.get(CORE + "resource_link")
    return (
        given.get(CORE + "message_type") == "LtiResourceLinkRequest"
        and given.get(CORE + "version") == "1.3.0"
        and isinstance(link, dict)
        and key(link.get("id"))
        and texts(given.get(CORE + "roles"))
        and key(given.get("sub"))
    )


def _context(given: Mapping[str, Any], expected: Expected) -> bool:
    def sound(context: Any) -> bool:
        return (
            isinstance(context, dict)
            and key(context.get("id"))
            and may(context, "type", texts)
            and may(context, "title", text)
            and may(context, "label", text)
        )

    return may(given, CORE + "context", sound)


def _roster(given: Mapping[str, Any], expected: Expected) -> bool:
    def sound(service: Any) -> bool:
        if not isinstance(service, dict) or not text(service.get("context_memberships_url")):
            return False
        address = service["context_memberships_url"]
        if not address.isprintable() or not address.isascii() or set(address) & set(" \\@"):
            return False
        try:
            parts = urlsplit(address)
            where = parts.hostname, parts.port
        except ValueError:
            return False
        ours = parts.scheme == "https" and where[0] in expected.hosts and where[1] in (None, 443)
        return ours and may(service, "service_versions", texts)

    return may(given, NRPS, sound)


def _rest(given: Mapping[str, Any], expected: Expected) -> bool:
    def shown(presentation: Any) -> bool:
        return isinstance(presentation, dict) and all(
            may(presentation, name, text) for name in ("return_url", "locale", "document_target")
        )

    people = ("name", "given_name", "family_name", "email")
    return (
        all(may(given, name, text) for name in people)
        and may(given, CORE + "custom", lambda value: isinstance(value, dict))
        and may(given, CORE + "launch_presentation", shown)
    )


def _platform_is_sound(given: Mapping[str, Any]) -> bool:
    """What is read in some launches only: with a roster, without a presentation, where notices are offered."""

    def notices(service: Any) -> bool:
        return (
            isinstance(service, dict)
            and may(service, "platform_notification_service_url", text)
            and may(service, "notice_types_supported", texts)
        )

    return (
        may(given, "locale", text)
        and may(
            given,
            CORE + "tool_platform",
            lambda value: isinstance(value, dict) and may(value, "product_family_code", text),
        )
        and may(given, CORE + "platformnotificationservice", notices)
        and may(given, CORE + "origin_contexts", texts)
    )


RULES = (_party, _times, _login, _message, _context, _roster, _rest)
