"""A launch in a browser that sends no cookie: the platform keeps the state for us, and gives it back to the same page.

Where the browser's cookie does not come, a login is bound to its browser by the platform's storage instead
(``lti.put_data``, ``lti.get_data``). A launch that was verified completely is then *held* in a row of its own: nobody
has entered yet. The page reads the state back from the platform and sends it with a one-time code; here, on the
server, both are compared, once. Row 26 of the LTI handbook's table.

Source: 1EdTech LTI Client Side postMessages 0.1 and LTI Platform Storage 0.1; LTI handbook, section 3.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from coplink.lti.origins import origin
from coplink.ports.records import Login, Registration
from coplink.ports.storage import UnitOfWork

DOOR = "lti-storage"
HELD_FOR = timedelta(seconds=60)
FRAME, CLAIMS = "storage", "claims"


@dataclass(frozen=True, slots=True)
class PlatformStorage:
    """Where the platform keeps the state of one login: a frame beside ours (``_parent``: the one around it).

    ``origin`` is that of the registered authorization address; a message of any other origin is not heard.
    """

    frame: str
    origin: str
    state: str = field(repr=False)

    @property
    def key(self) -> str:
        """The name the state is kept under: another for each login, and it tells nothing about the state."""
        return "coplink_" + hashlib.sha256(self.state.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Held:
    """A verified launch that nobody has entered yet: the page must send ``code`` and what it reads at ``storage``."""

    storage: PlatformStorage
    code: str = field(repr=False)
    frame_ancestors: tuple[str, ...] = ()


def named(frame: str, registration: Registration, state: str) -> PlatformStorage | None:
    """The storage a platform offered for this login; None where it offered none."""
    where = origin(registration.authorization_url) if frame else None
    return PlatformStorage(frame, where, state) if where else None


def hold(
    uow: UnitOfWork,
    login: Login,
    storage: PlatformStorage,
    claims: Mapping[str, Any],
    frame_ancestors: tuple[str, ...],
    now: datetime,
) -> Held:
    """Keep a verified launch for a minute under a code that works once; the caller commits."""
    code = secrets.token_urlsafe(32)
    values = {**login.values, CLAIMS: json.dumps(claims)}
    uow.logins.hold(Login(code, login.state, DOOR, login.about, "", values, now + HELD_FOR), now)
    return Held(storage, code, frame_ancestors)


def released(login: Login | None, state: str) -> dict[str, Any] | None:
    """The verified claims of a held launch if the page has read back its state; None otherwise."""
    if login is None or login.door != DOOR or not state or len(state) > 200:
        return None
    if not hmac.compare_digest(login.nonce.encode(), state.encode("utf-8", "replace")):
        return None
    claims: dict[str, Any] = json.loads(login.values[CLAIMS])
    return claims
