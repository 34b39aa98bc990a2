"""The LTI door: ``begin`` answers a login initiation, ``complete`` turns the launch into an ``Arrival``.

Every refusal is a ``LaunchError`` (or an ``IntegrationError`` when the platform's keys cannot be had): a sentence for
the person, the detail for the log. State and nonce live in one row that binds them to the registration, the target and
the browser, and that is taken exactly once. The caller serves ``complete`` for POST only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from coplink.core.arrival import Arrival
from coplink.core.errors import LaunchError, LostState, PendingDeployment, UnknownDeployment
from coplink.core.people import InstitutionId
from coplink.core.words import say
from coplink.lti import arrivals, logins, registrations, tokens
from coplink.lti.arrivals import Presentation
from coplink.lti.claims import Claims, clean, refused
from coplink.lti.keys import KeysCache
from coplink.lti.origins import origin, target_path
from coplink.ports.records import Deployment, Login, Registration
from coplink.ports.storage import Storage

DOOR = "lti"
LOGIN_LIFE = timedelta(minutes=5)
LAUNCH_PATH = "/lti/launch"
RESOURCE_LINK = "LtiResourceLinkRequest"
ACCEPTS = frozenset({RESOURCE_LINK})


@dataclass(frozen=True, slots=True)
class Begun:
    """A login begun: where to send the browser."""

    redirect_url: str
    state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """A verified launch. ``target_path`` is a path and query on our own site.

    ``frame_ancestors`` are the platform's origins that may frame our pages.
    """

    arrival: Arrival
    target_path: str
    message_type: str
    deployment_id: str
    resource_link: str
    presentation: Presentation
    frame_ancestors: tuple[str, ...]
    claims: Claims
    """Everything the token says, verified; message types beyond a resource link read their own part here."""


def begin(storage: Storage, form: Mapping[str, str], tool_url: str, browser: str, now: datetime) -> Begun:
    """Check a login initiation, keep one row for it and say where the browser goes next.

    ``tool_url`` is our base address without a trailing slash; ``browser`` the secret of the browser's cookie, which
    the caller sets with this answer when it is new.
    """
    asked = logins.read_initiation(form, tool_url)
    with storage.begin() as uow:
        registration = registrations.find(uow, asked.issuer, asked.client_id)
        # A deployment we do not know is no reason to stop yet: who asks is unproved. The token decides.
        hinted = uow.platforms.deployment(registration.id, asked.deployment) if asked.deployment else None
        if hinted is not None and hinted.approved_at is None:
            raise _pending(hinted)
        departure = logins.depart(registration, asked, tool_url + LAUNCH_PATH)
        values = {"target": asked.target, "deployment": asked.deployment, "tool": tool_url}
        login = Login(
            departure.state,
            departure.nonce,
            DOOR,
            registration.id,
            logins.fingerprint(browser),
            values,
            now + LOGIN_LIFE,
        )
        uow.logins.begin(login, now)
        uow.commit()
    return Begun(departure.url, departure.state)


def complete(
    storage: Storage,
    keys_cache: KeysCache,
    form: Mapping[str, str],
    browser: str,
    now: datetime,
    accepts: frozenset[str] = ACCEPTS,
) -> LaunchResult:
    """Verify a launch completely. ``accepts`` are the message types served at this address."""
    login, registration = _take(storage, form.get("state", ""), browser, now)
    if "error" in form:
        raise _platform_said_no(form)
    values = tokens.verify(form.get("id_token", ""), registration, login.nonce, keys_cache, now)
    seen = arrivals.read(values, registration, accepts)
    if seen.target != login.values["target"]:
        raise refused("target_link_uri is not the one of this login")
    path = target_path(seen.target, login.values["tool"])
    if path is None:
        raise refused("target_link_uri is not ours")
    if login.values["deployment"] not in ("", seen.deployment_id):
        raise refused("deployment_id is not the one of this login")
    institution = _institution(storage, registration, seen.deployment_id)
    return LaunchResult(
        arrivals.arrival(seen, registration, institution),
        path,
        seen.message_type,
        seen.deployment_id,
        seen.resource_link,
        seen.presentation,
        _frames(registration, seen.presentation),
        Claims(values),
    )


def _take(storage: Storage, state: str, browser: str, now: datetime) -> tuple[Login, Registration]:
    """Take the login's row before anything else is looked at: what comes twice finds nothing."""
    if not state or len(state) > 200 or not state.isascii():
        raise _lost("state is missing or has no proper form")
    with storage.begin() as uow:
        login = uow.logins.consume(state, now)
        registration = uow.platforms.get(login.about) if login is not None and login.door == DOOR else None
        uow.commit()
    if login is None or registration is None:
        raise _lost("state is unknown, used or expired")
    if not logins.same_browser(login.browser, browser):
        raise _lost("state belongs to another browser, or the cookie did not come back")
    return login, registration


def _institution(storage: Storage, registration: Registration, deployment_id: str) -> InstitutionId:
    """The institution behind an approved deployment; one we have never seen is kept as pending, and nothing else."""
    with storage.begin() as uow:
        found = uow.platforms.deployment(registration.id, deployment_id)
        if found is None:
            uow.platforms.put_deployment(Deployment(registration.id, deployment_id, registration.institution))
            uow.commit()
    if found is None:
        message = say("coplink is not approved for this place yet. An administrator must approve it first.")
        raise UnknownDeployment(
            message, f"new deployment {deployment_id!r} of registration {registration.id}"
        )
    if found.approved_at is None:
        raise _pending(found)
    return found.institution


def _pending(deployment: Deployment) -> PendingDeployment:
    message = say("coplink waits for an administrator's approval here. Please come back when it is given.")
    return PendingDeployment(message, f"{deployment.deployment_id!r} of {deployment.registration} is pending")


def _lost(detail: str) -> LostState:
    message = say(
        "This visit could not be matched to its beginning: it is too old, was used already, or the browser kept no"
        " cookie. Please open coplink again from the learning platform."
    )
    return LostState(message, detail)


def _platform_said_no(form: Mapping[str, str]) -> LaunchError:
    """A platform's error answer (OpenID Connect Core 3.1.2.6); its own words go to the log only."""
    code = form["error"]
    if code in ("login_required", "interaction_required"):
        message = say(
            "You are no longer signed in at the learning platform. Sign in there and open coplink again."
        )
    elif code in ("temporarily_unavailable", "server_error"):
        message = say(
            "The learning platform has a problem right now. Please open coplink again in a few minutes."
        )
    elif code in ("unauthorized_client", "access_denied", "invalid_scope"):
        message = say(
            "The learning platform does not let coplink in. Its administrator must check its settings."
        )
    else:
        message = say("The learning platform could not open coplink. Please try again from there.")
    return LaunchError(
        message, f"platform: {clean(code)[:100]!r} {clean(form.get('error_description', ''))[:200]!r}"
    )


def _frames(registration: Registration, presentation: Presentation) -> tuple[str, ...]:
    named = (presentation.return_url or "", registration.issuer, registration.authorization_url)
    return tuple(dict.fromkeys(found for found in map(origin, named) if found))
