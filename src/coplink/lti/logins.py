"""A login under way: how its initiation is checked, its one row, and the address the browser is sent to.

Source: LTI 1.3 core with the 1EdTech Security Framework 5.1.1; the rows of the LTI handbook are named where they apply.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

from coplink.core.errors import LaunchError
from coplink.core.words import say
from coplink.lti.origins import target_path
from coplink.ports.records import Registration

LONGEST = {
    "iss": 255,
    "client_id": 255,
    "target_link_uri": 2000,
    "login_hint": 4000,
    "lti_message_hint": 16000,
}
LONGEST_DEPLOYMENT = 255
# Platform storage names a frame; what is no plain frame name could end up in a selector or script (row 10).
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
_FRAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Initiation:
    """What a platform asks for when it starts a login; nothing in it is verified yet."""

    issuer: str
    client_id: str
    target: str
    deployment: str
    form: Mapping[str, str] = field(repr=False)
    storage: str = ""
    """The frame in which the platform offers to keep something for us; empty where it offers none."""

    def fields(self) -> dict[str, str]:
        """The initiation as a form of ours may repeat it: what the platform said to begin with, and nothing else."""
        named = (*LONGEST, "lti_deployment_id", "deployment_id")
        return {name: self.form[name] for name in named if self.form.get(name)}


def read_initiation(form: Mapping[str, str], tool_url: str) -> Initiation:
    """Check an initiation's form (rows 1, 3, 6, 7, 10); raises ``LaunchError``."""
    for name in ("iss", "login_hint", "target_link_uri"):
        if not form.get(name):
            raise _malformed(f"{name} is missing")
    for name, longest in LONGEST.items():
        value = form.get(name, "")
        if len(value) > longest or not value.isprintable():
            raise _malformed(f"{name} is too long or holds control characters")
    if target_path(form["target_link_uri"], tool_url) is None:
        raise _malformed("target_link_uri is not ours")
    frame = form.get("lti_storage_target")
    if frame is not None and not _FRAME.fullmatch(frame):
        raise _malformed("lti_storage_target is no frame name")
    # The standard says lti_deployment_id, Canvas' documents deployment_id: both are heard, two voices are not.
    named = {form[name] for name in ("lti_deployment_id", "deployment_id") if form.get(name)}
    deployment = next(iter(named), "")
    if len(named) > 1 or len(deployment) > LONGEST_DEPLOYMENT or not deployment.isprintable():
        raise _malformed("the deployment is named twice or oddly")
    return Initiation(
        form["iss"], form.get("client_id", ""), form["target_link_uri"], deployment, form, frame or ""
    )


def _malformed(detail: str) -> LaunchError:
    message = say(
        "The learning platform began this visit in a way coplink cannot follow. Please open it again."
    )
    return LaunchError(message, detail)


def fingerprint(browser: str) -> str:
    """What is kept of the browser's cookie; empty for none."""
    return hashlib.sha256(browser.encode("utf-8", "replace")).hexdigest() if browser else ""


def same_browser(kept: str, browser: str) -> bool:
    """Whether the cookie is the one the login began with; a login without a cookie belongs to nobody."""
    return bool(kept) and hmac.compare_digest(kept, fingerprint(browser))


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the one-time values that must come back."""

    url: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)


def depart(registration: Registration, initiation: Initiation, redirect_uri: str) -> Departure:
    """The platform's authorization address with fresh state and nonce (256 bits each).

    Source: OpenID Connect Core 3.1.2.1 and 3.2.2.1, 1EdTech Security Framework 5.1.1.2.
    """
    state, nonce = "state-" + secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    form = initiation.form
    url = (
        f"{_asking(registration.authorization_url, registration.client_id, redirect_uri)}"
        f"&state={state}&nonce={nonce}&login_hint={_quoted(form['login_hint'])}"
    )
    if hint := form.get("lti_message_hint"):
        url += f"&lti_message_hint={_quoted(hint)}"
    return Departure(url, state, nonce)


@lru_cache(maxsize=256)
def _asking(authorization_url: str, client_id: str, redirect_uri: str) -> str:
    """The part of the address that is the same for everybody of one registration."""
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
    }
    return f"{authorization_url}{'&' if '?' in authorization_url else '?'}{urlencode(asked)}"


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else quote_plus(value)
