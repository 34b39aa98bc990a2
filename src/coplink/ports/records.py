"""Values the house keeps that are not part of the vocabulary: registrations, logins, connections, links, reports.

All times are UTC and aware. ``sealed`` or secret values appear here in the clear: storage seals them on the way in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from coplink.core.people import InstitutionId
from coplink.core.spaces import ConnectionId, Trouble
from coplink.core.words import Said
from coplink.ports.integration import Check


class RegistrationState(StrEnum):
    """Whether a platform may send people: dynamic registration leaves it pending until a person approves."""

    OPEN = "open"
    PENDING = "pending"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Registration:
    """coplink as registered on one LTI platform: (issuer, client id) names it; one issuer serves many schools.

    ``claims`` says what its custom parameters mean: ``account:<integration>`` names the custom field that holds the
    person's account there, ``asked:<name>`` the field that says where a community could live (a course id);
    ``told_by:<meaning>`` the issuer that is believed about one of these instead, which then is not among them.
    ``managed_url`` is where the platform keeps what it registered (``registration_client_uri``), where it said so.
    """

    id: str
    institution: InstitutionId
    issuer: str
    client_id: str
    authorization_url: str
    token_url: str
    jwks_url: str
    audience: str = ""
    claims: Mapping[str, str] = field(default_factory=dict)
    state: RegistrationState = RegistrationState.OPEN
    managed_url: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of a registration; ``institution`` is the wall. Pending until a person approves it.

    One that was disabled is not approved any more, and says since when.
    """

    registration: str
    deployment_id: str
    institution: InstitutionId
    approved_at: datetime | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """One login under way, stored before the browser is sent off; consumed exactly once.

    ``door`` is ``lti`` or an integration's key; ``about`` the registration or connection; ``browser`` a hash of the
    browser's cookie, empty where none could be set; ``values`` what the door needs again (target, PKCE verifier).
    """

    state: str
    nonce: str
    door: str
    about: str
    browser: str
    values: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One of our signing keys (RSA, PEM), published from ``made_at``.

    It signs from ``signs_from`` (None: at once) until ``retired_at``, which may lie ahead, and stays published for a
    while after that, because platforms remember key sets.
    """

    kid: str
    private_pem: str
    made_at: datetime
    retired_at: datetime | None = None
    signs_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection as stored: whose, to what, with which settings (secrets in the clear here).

    One that has ended says since when; its settings are empty as soon as coplink has taken its leave over there.
    """

    id: ConnectionId
    institution: InstitutionId
    integration: str
    settings: Mapping[str, str]
    realm: str
    made_at: datetime
    trouble: Trouble | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckUp:
    """What the last check-up of a connection found; it is dropped with the settings it was made with."""

    connection: ConnectionId
    institution: InstitutionId
    at: datetime
    checks: tuple[Check, ...]


class LinkKind(StrEnum):
    """What a secret link opens."""

    ADMIN = "admin"
    INVITATION = "invitation"
    FEED = "feed"
    ACCOUNT = "account"
    PLATFORM = "platform"
    PRESENTER = "presenter"
    NO_THANKS = "no_thanks"


@dataclass(frozen=True, slots=True)
class Link:
    """A secret address. Looked up by its hash; the token itself is sealed so that its owner can see it again.

    ``community`` and ``person`` are set where the kind needs them. One-time links carry ``used_at`` after use.
    """

    id: str
    kind: LinkKind
    token: str
    institution: InstitutionId
    community: str | None
    person: str | None
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        """Whether it still opens."""
        return not self.revoked_at and not self.used_at and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Presenter:
    """Somebody without an account who comes to one meeting, by a link of their own; the date is its original one."""

    link: Link
    meeting: date
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """A visitor's session on the server. ``id_hash`` is what the browser's secret hashes to; ``values`` are small.

    ``person`` is empty before anybody has come through a door (an invitation link was opened, for instance).
    """

    id_hash: str
    person: str | None
    institution: InstitutionId | None
    csrf: str
    values: Mapping[str, str]
    made_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ContextLink:
    """A course, group or channel that belongs to a community, and where its roster can be read."""

    id: str
    institution: InstitutionId
    realm: str
    context: str
    title: str
    community: str
    roster: Mapping[str, str] | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one run did, in counts; ``sentences`` tell it to people."""

    kind: str
    target: str
    community: str
    at: datetime
    counts: Mapping[str, int]
    sentences: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a kind of person (``who``) should do; one per ``(community, about, code)`` while it is open."""

    id: str
    institution: InstitutionId
    community: str | None
    about: str
    code: str
    message: Said
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a community's history (append-only): who did what; ``actor`` is a person id, or empty for coplink."""

    community: str
    institution: InstitutionId
    at: datetime
    actor: str
    message: Said
