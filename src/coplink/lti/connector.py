"""Service calls to a platform: an access token for our signed assertion, and answers read with care.

Tokens are kept per institution and per issuer, client, token address and scopes: two schools on one issuer never share
one. Source: RFC 7523, 1EdTech Security Framework 4.1, RFC 8288 for ``Link``; LTI handbook 1.3 and 1.4.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import jwt
from requests.utils import parse_header_links

from coplink.core.people import InstitutionId
from coplink.core.words import say
from coplink.lti import odd
from coplink.lti.egress import Answer, Egress, described
from coplink.lti.line import Line
from coplink.lti.our_keys import OurKeys
from coplink.ports.clock import Clock
from coplink.ports.errors import Misconfigured
from coplink.ports.records import Registration, RegistrationState
from coplink.ports.storage import Storage

ASSERTION_LIFE = 60
MARGIN = 60.0
LONGEST_KEPT = 3600.0
TOKEN_LIMIT = 64 * 1024
PAGE_LIMIT = 8 * 1024 * 1024
WHOLE = ("https://", "http://")  # an address that needs no other to be read
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_Key = tuple[str, str, str, str, tuple[str, ...]]
Read = Callable[[str, int, Mapping[str, str]], Answer]


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    good_until: float


class Connector:
    """Access tokens and service calls for every registration; safe to use from many threads."""

    def __init__(self, storage: Storage, keys: OurKeys, clock: Clock, egress: Egress | None = None) -> None:
        self._storage, self._keys, self._now, self._egress = storage, keys, clock.now, egress or Egress()
        self._tokens: dict[_Key, _Token] = {}
        self._lock = threading.Lock()

    def service(
        self,
        registration: Registration,
        institution: InstitutionId,
        scopes: Sequence[str],
        url: str,
        accept: str,
    ) -> Service:
        """A service at ``url`` for many readings, as long as the institution has an approved deployment there."""
        self._approved(registration, institution)
        return Service(self, self._egress.line(url), registration, institution, scopes, accept)

    def _approved(self, registration: Registration, institution: InstitutionId) -> None:
        with self._storage.begin() as uow:
            deployments = uow.platforms.deployments(institution)
        approved = any(d.registration == registration.id and d.approved_at is not None for d in deployments)
        if not approved or registration.state is not RegistrationState.OPEN:
            message = say(
                "coplink is not approved for this learning platform. An administrator must approve it first."
            )
            raise Misconfigured(
                message,
                "coplink administrator",
                f"{registration.id} is {registration.state.value}, approved deployment: {approved}",
            )

    def token(
        self, registration: Registration, institution: InstitutionId, scopes: Iterable[str], renew: str = ""
    ) -> str:
        """An access token for these scopes; ``renew`` is one the platform just refused."""
        wanted = tuple(sorted(set(scopes)))
        key = (institution, registration.issuer, registration.client_id, registration.token_url, wanted)
        now = self._now().timestamp()
        with self._lock:
            for old in [k for k, kept in self._tokens.items() if kept.good_until <= now]:
                del self._tokens[old]
            kept = self._tokens.get(key)
            if kept is not None and kept.value != renew:
                return kept.value
        fresh = self._fetch(registration, wanted)
        with self._lock:
            self._tokens[key] = fresh
        return fresh.value

    def get(
        self,
        registration: Registration,
        institution: InstitutionId,
        scopes: Sequence[str],
        url: str,
        accept: str,
    ) -> Answer:
        """Read a service address once; a refused token is renewed once. Raises ``IntegrationError`` but for success."""
        return self.asked(registration, institution, scopes, url, accept, self._egress.get)

    def asked(
        self,
        registration: Registration,
        institution: InstitutionId,
        scopes: Sequence[str],
        url: str,
        accept: str,
        read: Read,
    ) -> Answer:
        """The same through ``read``, which is given address, limit and headers."""
        token = self.token(registration, institution, scopes)
        answer = read(url, PAGE_LIMIT, {"Accept": accept, "Authorization": f"Bearer {token}"})
        if answer.status == 401:
            token = self.token(registration, institution, scopes, renew=token)
            answer = read(url, PAGE_LIMIT, {"Accept": accept, "Authorization": f"Bearer {token}"})
        if not answer.ok:
            raise odd.service(answer, described("GET", url), scopes, self._now())
        return answer

    def _fetch(self, registration: Registration, scopes: tuple[str, ...]) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self.assertion(registration),
            "scope": " ".join(scopes),
        }
        answer = self._egress.post_form(registration.token_url, TOKEN_LIMIT, form)
        where = described("POST", registration.token_url)
        if not answer.ok:
            raise odd.token(answer, where, scopes, self._now())
        body = parsed(answer, where)
        value, life = body.get("access_token"), body.get("expires_in", 0)
        if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
            raise odd.not_understood(f"{where}: no access_token")
        if str(body.get("token_type", "bearer")).lower() != "bearer":
            raise odd.not_understood(f"{where}: token_type")
        granted = body.get("scope")
        if isinstance(granted, str) and granted and not set(scopes) <= set(granted.split()):
            raise odd.not_granted(scopes, f"{where}: granted less than was asked")
        # Anything but a plain number of seconds is no promise: such a token is used once.
        told = isinstance(life, int | float) and not isinstance(life, bool) and 0 < life < 1e9
        seconds = float(life) if told else 0.0
        return _Token(value, self._now().timestamp() + min(seconds, LONGEST_KEPT) - MARGIN)

    def assertion(self, registration: Registration) -> str:
        """Our proof to a token endpoint: signed, for one minute, for one use."""
        now = self._now()
        ours, issued = self._keys.current(now), int(now.timestamp())
        claims = {
            "iss": registration.client_id,
            "sub": registration.client_id,
            "aud": registration.audience or registration.token_url,
            "iat": issued,
            "exp": issued + ASSERTION_LIFE,
            "jti": secrets.token_urlsafe(24),
        }
        return jwt.encode(claims, ours.private, algorithm="RS256", headers={"kid": ours.kid})


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a platform, read for one institution over one line; belongs to one thread."""

    connector: Connector
    line: Line
    registration: Registration
    institution: InstitutionId
    scopes: Sequence[str]
    accept: str

    def reaches(self, url: str) -> bool:
        """Whether an address lies on the service's own host."""
        return self.line.target(url) is not None

    def get(self, url: str) -> Answer:
        """Read an address on the service's own host; a refused token is renewed once."""
        return self.connector.asked(
            self.registration, self.institution, self.scopes, url, self.accept, self.line.get
        )


def parsed(answer: Answer, where: str) -> Mapping[str, Any]:
    """The JSON object of an answer."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise odd.not_understood(f"{where}: no JSON") from error
    if not isinstance(body, dict):
        raise odd.not_understood(f"{where}: no JSON object")
    return body


def next_link(headers: Mapping[str, str], base: str) -> str | None:
    """The address of ``rel="next"`` in a ``Link`` header with several relations, letter for letter (RFC 8288)."""
    for link in parse_header_links(headers.get("link", "")):
        if "next" in link.get("rel", "").lower().split():
            if link["url"].startswith(WHOLE):
                return link["url"]
            try:
                return urljoin(base, link["url"])
            except ValueError:
                return link["url"]  # no address at all: whoever compares origins finds out
    return None
