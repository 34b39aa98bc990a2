"""The LTI door: ``begin`` answers a login initiation, ``complete`` turns the launch into an ``Arrival``.

Every refusal is a ``LaunchError`` (or an ``IntegrationError`` when the platform's keys cannot be had): a sentence for
the person, the detail for the log. State and nonce live in one row that binds them to the registration, the target and
the browser, and that is taken exactly once. The caller serves ``complete`` for POST only. Where the browser's cookie
did not come and the platform keeps the state instead, ``complete`` holds the verified launch; ``release`` lets it in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from coplink.core.arrival import Arrival
from coplink.core.errors import LostState, UnknownDeployment
from coplink.core.people import InstitutionId
from coplink.core.words import say
from coplink.lti import arrivals, jws, logins, platform_storage, registrations, tokens
from coplink.lti.arrivals import Presentation
from coplink.lti.claims import CORE, Claims, refused
from coplink.lti.jws import Jws
from coplink.lti.keys import KeysCache
from coplink.lti.logins import Initiation
from coplink.lti.origins import origin, target_path
from coplink.lti.platform_storage import Held, PlatformStorage
from coplink.lti.refusals import lost, pending, platform_said_no
from coplink.ports.records import Deployment, Login, Registration
from coplink.ports.storage import Storage, UnitOfWork

DOOR = "lti"
LOGIN_LIFE = timedelta(minutes=5)
LAUNCH_PATH = "/lti/launch"
RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINKING = "LtiDeepLinkingRequest"
DEPLOYMENT = CORE + "deployment_id"
ACCEPTS = frozenset({RESOURCE_LINK, DEEP_LINKING})


@dataclass(frozen=True, slots=True)
class Begun:
    """A login begun: where to send the browser; ``storage`` is where the page leaves the state before it goes."""

    redirect_url: str = field(repr=False)
    state: str = field(repr=False)
    storage: PlatformStorage | None = None


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


@dataclass(frozen=True, slots=True)
class _Taken:
    """A login taken and what it belongs to.

    ``deployment`` is the one that the token names, where it was read along; ``kept`` the platform's storage where that
    must prove the browser.
    """

    login: Login
    registration: Registration
    deployment: Deployment | None = None
    kept: PlatformStorage | None = None


class _Unknown(Exception):
    """There is no such login, so none is used up; ``refusal`` is what the visitor is told."""

    def __init__(self, refusal: LostState) -> None:
        super().__init__()
        self.refusal = refusal


Enter = Callable[[UnitOfWork, LaunchResult], None]
"""What becomes of whoever is let in, in the transaction of their launch; it does not commit."""


def _nobody(_uow: UnitOfWork, _result: LaunchResult) -> None:
    """Nothing more is kept."""


def begin(
    storage: Storage,
    form: Mapping[str, str],
    tool_url: str,
    browser: str,
    now: datetime,
    cookie_refused: bool = False,
) -> Begun:
    """Check a login initiation, keep one row for it and say where the browser goes next.

    ``tool_url`` is our base address without a trailing slash; ``browser`` the secret of the browser's cookie, which
    the caller sets with this answer when it is new. With ``cookie_refused`` the browser was seen to keep no cookie:
    the platform's storage takes its place where it is offered.
    """
    asked = logins.read_initiation(form, tool_url)
    with storage.begin(lasting=False, single=True) as uow:  # what is lost here is a click
        registration = _expected(uow, asked)
        departure = logins.depart(registration, asked, tool_url + LAUNCH_PATH)
        values = {"target": asked.target, "deployment": asked.deployment, "tool": tool_url}
        kept = None
        if cookie_refused:
            kept = platform_storage.named(asked.storage, registration, departure.state)
            values[platform_storage.FRAME] = asked.storage
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
    return Begun(departure.url, departure.state, kept)


def check(storage: Storage, form: Mapping[str, str], tool_url: str) -> Initiation:
    """Whether a login could begin like this; nothing is kept. Refuses as ``begin`` does."""
    asked = logins.read_initiation(form, tool_url)
    with storage.begin() as uow:
        _expected(uow, asked)
    return asked


def complete(
    storage: Storage,
    keys_cache: KeysCache,
    form: Mapping[str, str],
    browser: str,
    now: datetime,
    accepts: frozenset[str] = ACCEPTS,
    enter: Enter = _nobody,
) -> LaunchResult | Held:
    """Verify a launch completely. ``accepts`` are the message types served at this address.

    Taking the login, judging the token and what ``enter`` does with the result are one transaction, which asks nobody
    outside. A login is used up by its first launch, however that ends, as long as its form can be read. A launch whose
    browser is not proved by its cookie is held until its page has shown what the platform kept for it.
    """
    state = _proper(form.get("state", ""))
    try:
        with storage.begin(lasting=False) as uow:
            taken, token = _take(uow, state, form, browser, now)
            if "error" in form:
                raise platform_said_no(form)
            token = token or jws.read(form.get("id_token", ""))
            key = keys_cache.at_hand(taken.registration, token.kid)
            if key is not None:
                return _through(uow, taken, token, key, now, accepts, enter)
            uow.commit()
        key = tokens.key_of(token, taken.registration, keys_cache)
        with storage.begin(lasting=False) as uow:
            registrations.unchanged(uow, taken.registration)  # asking took seconds
            taken = replace(taken, deployment=None)
            return _through(uow, taken, token, key, now, accepts, enter)
    except _Unknown as error:
        raise error.refusal from None
    except BaseException:
        use_up(storage, (state,), now)
        raise


def use_up(storage: Storage, states: Iterable[str], now: datetime) -> None:
    """Use up logins whose launch was refused or failed: what was refused took them back with it, if it took them."""
    with storage.begin() as uow:
        for state in states:
            uow.logins.consume(state, now)
        uow.commit()


def release(
    storage: Storage, form: Mapping[str, str], now: datetime, accepts: frozenset[str] = ACCEPTS
) -> LaunchResult:
    """Let a held launch in: ``code`` as it was handed out, ``state`` as the platform's storage gave it back."""
    with storage.begin() as uow:
        login = uow.logins.take(_proper(form.get("code", "")), platform_storage.DOOR, now)
        registration = uow.platforms.get(login.about) if login is not None else None
        uow.commit()
        values = platform_storage.released(login, form.get("state", ""))
        if login is None or registration is None or values is None:
            raise lost(
                "the platform's storage gave back another state or none, or the code is unknown or old"
            )
        return _result(uow, _Taken(login, registration), values, accepts)


def _expected(uow: UnitOfWork, asked: Initiation) -> Registration:
    """The registration an initiation belongs to, unless its deployment is known to wait for approval."""
    # A deployment we do not know is no reason to stop yet: who asks is unproved. The token decides.
    registration, hinted = registrations.find(uow, asked.issuer, asked.client_id, asked.deployment)
    if hinted is not None and hinted.approved_at is None:
        raise pending(hinted)
    return registration


def _result(
    uow: UnitOfWork,
    taken: _Taken,
    values: Mapping[str, Any],
    accepts: frozenset[str],
) -> LaunchResult:
    """What verified claims mean for the login they belong to; refused unless both agree."""
    login, registration = taken.login, taken.registration
    registrations.opened(registration)  # it may have been switched off since the login
    seen = arrivals.read(values, registration, accepts)
    if seen.target != login.values["target"]:
        raise refused("target_link_uri is not the one of this login")
    path = target_path(seen.target, login.values["tool"])
    if path is None:
        raise refused("target_link_uri is not ours")
    if login.values["deployment"] not in ("", seen.deployment_id):
        raise refused("deployment_id is not the one of this login")
    institution = _institution(uow, taken, seen.deployment_id)
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


def _take(
    uow: UnitOfWork, state: str, form: Mapping[str, str], browser: str, now: datetime
) -> tuple[_Taken, Jws | None]:
    """Take the login's row before anything else is looked at: what comes twice finds nothing.

    The platform's storage is named where it must prove the browser, because no cookie of ours came at all. The token is
    taken apart, if it can be, to know which deployment to read.
    """
    login = uow.logins.consume(state, now)
    if login is None or login.door != DOOR:
        raise _Unknown(lost("state is unknown, used or expired"))
    token = jws.attempt(form.get("id_token", ""))
    found = uow.doorstep.launched(login.about, token.unproved(DEPLOYMENT) if token is not None else "")
    if found is None:
        raise _Unknown(lost("state is unknown, used or expired"))
    registration, deployment = found
    if logins.same_browser(login.browser, browser):
        return _Taken(login, registration, deployment), token
    frame = login.values.get(platform_storage.FRAME, "")
    kept = None if browser else platform_storage.named(frame, registration, login.state)
    if kept is None:
        raise lost("state belongs to another browser, or the cookie did not come back")
    return _Taken(login, registration, deployment, kept), token


def _through(
    uow: UnitOfWork,
    taken: _Taken,
    token: Jws,
    key: RSAPublicKey,
    now: datetime,
    accepts: frozenset[str],
    enter: Enter,
) -> LaunchResult | Held:
    """Judge the token and let in whoever it brings, or hold them; commits."""
    values = tokens.judged(token, key, taken.registration, taken.login.nonce, now)
    result = _result(uow, taken, values, accepts)
    if taken.kept is not None:
        held = platform_storage.hold(uow, taken.login, taken.kept, values, result.frame_ancestors, now)
        uow.commit()
        return held
    enter(uow, result)
    uow.commit()
    return result


def _proper(secret: str) -> str:
    if not secret or len(secret) > 200 or not secret.isascii():
        raise lost("state is missing or has no proper form")
    return secret


def _institution(uow: UnitOfWork, taken: _Taken, deployment_id: str) -> InstitutionId:
    """The institution behind an approved deployment; one we have never seen is kept as pending, and nothing else."""
    registration, found = taken.registration, taken.deployment
    if found is None or found.deployment_id != deployment_id:
        found = uow.platforms.deployment(registration.id, deployment_id)
    if found is None:
        uow.platforms.add_deployment(Deployment(registration.id, deployment_id, registration.institution))
        # Somebody may have approved it at this very moment: that stays.
        found = uow.platforms.deployment(registration.id, deployment_id)
        if found is not None and found.approved_at is not None:
            return found.institution
        uow.commit()
        message = say("coplink is not approved for this place yet. An administrator must approve it first.")
        raise UnknownDeployment(
            message, f"new deployment {deployment_id!r} of registration {registration.id}"
        )
    if found.approved_at is None:
        raise pending(found)
    return found.institution


def _frames(registration: Registration, presentation: Presentation) -> tuple[str, ...]:
    named = (presentation.return_url or "", registration.issuer, registration.authorization_url)
    return tuple(dict.fromkeys(found for found in map(origin, named) if found))
