"""What a platform says of itself before coplink registers there, read strictly.

Whoever opens our registration page names the address of this document, so nothing in it is believed that does not hold
together: the issuer must be the host the document came from, and every address in it must lie there too.

Source: LTI Dynamic Registration 1.0 section 3.2 to 3.4; OpenID Connect Discovery 1.0; LTI handbook 4.1, 4.4 (Canvas).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coplink.core.errors import LaunchError
from coplink.core.words import Said, say
from coplink.lti.claims import clean
from coplink.lti.origins import origin, split

LIMIT = 256 * 1024
LONGEST_ADDRESS, LONGEST_TOKEN, LONGEST_ISSUER = 4000, 8000, 255
ACCOUNT_NAME = "https://canvas.instructure.com/lti/account_name"
LONGEST_NAME = 80
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
RESOURCE_LINK = "LtiResourceLinkRequest"

# The hosted Canvas answers for every school under three issuers; these hosts are its own, and no others.
_CANVAS = {
    "https://canvas.instructure.com": r"sso\.canvaslms\.com|[a-z0-9-]+\.instructure\.com",
    "https://canvas.beta.instructure.com": r"sso\.beta\.canvaslms\.com|[a-z0-9-]+\.beta\.instructure\.com",
    "https://canvas.test.instructure.com": r"sso\.test\.canvaslms\.com|[a-z0-9-]+\.test\.instructure\.com",
}
_NEEDED = (
    ("response_types_supported", "id_token"),
    ("id_token_signing_alg_values_supported", "RS256"),
    ("token_endpoint_auth_methods_supported", "private_key_jwt"),
    ("token_endpoint_auth_signing_alg_values_supported", "RS256"),
)


@dataclass(frozen=True, slots=True)
class PlatformConfiguration:
    """A platform's addresses and abilities. ``audience`` is empty where tokens are asked with the token address.

    ``account`` is whose account it is over there, in the platform's words; empty where it does not say.
    ``scopes`` and ``placements`` (by message type) are None where the platform does not say.
    """

    issuer: str
    authorization_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    audience: str
    family: str
    account: str
    scopes: frozenset[str] | None
    messages: Mapping[str, frozenset[str] | None]

    @property
    def is_canvas(self) -> bool:
        """Whether it is a Canvas, which understands Canvas' placements, variables and extension keys."""
        return self.family == "canvas"


def refused(message: Said, detail: str) -> LaunchError:
    """A registration that cannot go on; the sentence is for the administrator who looks at the page."""
    return LaunchError(message, detail)


def check_address(address: str) -> str:
    """The origin a configuration is fetched from; raises ``LaunchError`` for what is no plain web address.

    Whether its host may be called at all is judged when it is called (``outside``).
    """
    found = origin(address)
    parts = split(address)
    if found is None or parts is None or parts.fragment or len(address) > LONGEST_ADDRESS:
        raise refused(
            say(
                "The address of the learning platform's configuration cannot be used. It must be an https address."
            ),
            f"openid_configuration: {len(address)} characters",
        )
    return found


def read(body: bytes, address: str) -> PlatformConfiguration:
    """Read and check a configuration that came from ``address``; raises ``LaunchError`` for one that cannot be used."""
    said = _parsed(body)
    issuer = _text(said, "issuer", LONGEST_ISSUER)
    site = _Site(issuer, address)
    for name, value in _NEEDED:
        if value not in _texts(said, name):
            raise _lacking(f"{name} lacks {value}")
    lti = said.get(PLATFORM)
    if not isinstance(lti, dict):
        raise _lacking(f"{PLATFORM} is missing")
    messages = _messages(lti.get("messages_supported"))
    if RESOURCE_LINK not in messages:
        raise _lacking(f"messages_supported lacks {RESOURCE_LINK}")
    audience = said.get("authorization_server")
    family, account = lti.get("product_family_code"), lti.get(ACCOUNT_NAME)
    return PlatformConfiguration(
        issuer,
        site.own(_text(said, "authorization_endpoint", LONGEST_ADDRESS), "authorization_endpoint"),
        site.own(_text(said, "token_endpoint", LONGEST_ADDRESS), "token_endpoint"),
        site.own(_text(said, "jwks_uri", LONGEST_ADDRESS), "jwks_uri"),
        site.own(_text(said, "registration_endpoint", LONGEST_ADDRESS), "registration_endpoint"),
        # Canvas names a bare host there, which is no audience; its tokens are asked with the token address.
        audience if isinstance(audience, str) and site.has(audience) else "",
        family if isinstance(family, str) else "",
        clean(account)[:LONGEST_NAME] if isinstance(account, str) else "",
        frozenset(_texts(said, "scopes_supported")) if "scopes_supported" in said else None,
        messages,
    )


class _Site:
    """The hosts that belong to an issuer: its own, or the hosted Canvas' (an exact table)."""

    def __init__(self, issuer: str, address: str) -> None:
        self._origin, self._canvas = origin(issuer), _CANVAS.get(issuer)
        if self._origin is None or split(issuer) is None:
            raise _strange("issuer is no web address")
        if not self.has(address):
            raise _strange(f"configuration of {origin(address)} names the issuer {issuer!r}")

    def own(self, address: str, name: str) -> str:
        """The address, if it lies on the issuer's site."""
        if not self.has(address):
            raise _strange(f"{name} is on {origin(address)}")
        return address

    def has(self, address: str) -> bool:
        """Whether an address lies there."""
        parts = split(address)
        if parts is None or parts.hostname is None or parts.fragment:
            return False
        if self._canvas is not None:
            plain = parts.scheme == "https" and parts.port in (None, 443)
            return plain and re.fullmatch(self._canvas, parts.hostname) is not None
        return origin(address) == self._origin


def on_site(address: object, platform: PlatformConfiguration) -> bool:
    """Whether an address lies on the platform's site."""
    try:
        return isinstance(address, str) and bool(_Site(platform.issuer, address))
    except LaunchError:
        return False


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _strange("the configuration is no JSON") from error
    if not isinstance(said, dict):
        raise _strange("the configuration is no JSON object")
    return said


def _text(said: Mapping[str, Any], name: str, longest: int) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value or len(value) > longest or not value.isprintable():
        raise _strange(f"{name} is missing or no text")
    return value


def _texts(said: Mapping[str, Any], name: str) -> list[str]:
    value = said.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _messages(listed: object) -> dict[str, frozenset[str] | None]:
    """Message types with their placements; some platforms list bare names."""
    found: dict[str, frozenset[str] | None] = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, str):
            found[one] = None
        elif isinstance(one, dict) and isinstance(one.get("type"), str):
            found[one["type"]] = frozenset(_texts(one, "placements")) if "placements" in one else None
    return found


def _lacking(detail: str) -> LaunchError:
    message = say("This learning platform does not offer what coplink needs (LTI 1.3 with signed launches).")
    return refused(message, detail)


def _strange(detail: str) -> LaunchError:
    message = say(
        "What the learning platform says about itself does not hold together, so coplink does not register there."
        " Its administrator can set coplink up by hand instead."
    )
    return refused(message, detail)
