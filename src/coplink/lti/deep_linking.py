"""Deep Linking 2.0: what a platform asks us to choose for a course, and the signed answer that brings it there.

``read`` takes the settings out of a verified launch, strictly: the answer carries our signature to the address that
they name, so that address must be the platform's own. ``answer`` signs what was chosen. Only what the platform says it
takes is ever sent. Source: LTI Deep Linking 2.0; Canvas' collaborations placement for the one extension.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import Any

import jwt

from coplink.lti.claims import CORE, Claims, refused
from coplink.lti.origins import may_serve, origin
from coplink.lti.our_keys import SigningKey
from coplink.lti.roles import MEMBERSHIP, leads_context
from coplink.ports.records import Registration

CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RESPONSE = "LtiDeepLinkingResponse"
PLACEMENT = "https://www.instructure.com/placement"
COLLABORATION = "https://canvas.instructure.com/lti/collaboration"
LIFE = 300
LONGEST_ADDRESS = 8_000
LONGEST_DATA = 32_000
FRAME = {"width": 800, "height": 640}
ICON = {"width": 32, "height": 32}
_DEVELOPER = frozenset({f"{MEMBERSHIP}#ContentDeveloper", "ContentDeveloper"})


class Form(StrEnum):
    """What we can make, the best first; the values are the content types of the specification."""

    RESOURCE_LINK = "ltiResourceLink"
    LINK = "link"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a platform asks for, and where the answer goes. ``return_url`` and ``data`` are its own, byte for byte."""

    registration: str
    deployment: str
    return_url: str
    accepts: tuple[str, ...]
    targets: tuple[str, ...] = ()
    multiple: bool = False
    auto_create: bool = False
    title: str | None = None
    text: str | None = None
    data: Any = None
    placement: str | None = None

    @property
    def form(self) -> Form | None:
        """In which form something can be put there; None where nothing of ours is taken."""
        return next((form for form in Form if form.value in self.accepts), None)

    @property
    def collaboration(self) -> bool:
        """Whether Canvas will make one collaboration of the answer, visible to whom it names."""
        if self.placement is not None:
            return self.placement == "collaboration" and self.form is Form.RESOURCE_LINK
        return self.accepts == (Form.RESOURCE_LINK.value,) and self.auto_create and not self.multiple

    @property
    def return_origin(self) -> str:
        """The one place the answer's form may go to."""
        return origin(self.return_url) or "'none'"

    def kept(self) -> str:
        """As one text, to be kept until the choice is made."""
        return json.dumps(asdict(self))


def recalled(kept: str) -> Asked:
    """What ``Asked.kept`` kept."""
    values = json.loads(kept)
    return Asked(**{**values, "accepts": tuple(values["accepts"]), "targets": tuple(values["targets"])})


@dataclass(frozen=True, slots=True)
class Chosen:
    """One thing to be put into a course: what it opens (``kind``), and for whom, by the platform's own ids."""

    kind: str
    title: str
    text: str
    url: str
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def read(claims: Claims, registration: Registration, deployment: str) -> Asked:
    """The settings of a verified request; raises ``BadToken`` for any that cannot be answered (rows 80 to 82)."""
    settings = claims.inner(CLAIM + "deep_linking_settings", required=True) or Claims({})
    return_url = settings.required("deep_link_return_url")
    if len(return_url) > LONGEST_ADDRESS or origin(return_url) is None:
        raise refused("deep_link_return_url is no safe address")
    if not may_serve(return_url, registration):
        raise refused(f"deep_link_return_url is on a foreign host: {origin(return_url)}")
    data = settings.opaque("data")  # most send a text, some an object: it is not ours to understand
    if data is not None and len(json.dumps(data)) > LONGEST_DATA:
        raise refused("data is too long")
    return Asked(
        registration.id,
        deployment,
        return_url,
        settings.texts("accept_types", required=True),
        settings.texts("accept_presentation_document_targets"),
        settings.flag("accept_multiple"),
        settings.flag("auto_create"),
        settings.text("title"),
        settings.text("text"),
        data,
        claims.text(PLACEMENT),
    )


def may_put(roles: Iterable[str]) -> bool:
    """Whether these roles in the context let somebody put links into it: who leads it, or develops its content."""
    known = frozenset(roles)
    return leads_context(known) or not _DEVELOPER.isdisjoint(known)


def content(asked: Asked, chosen: Chosen, icon: str) -> dict[str, Any]:
    """One chosen thing in the form the platform takes."""
    made: dict[str, Any] = {"type": asked.form, "title": chosen.title, "text": chosen.text}
    match asked.form:
        case Form.RESOURCE_LINK:
            made |= {
                "url": chosen.url,
                "icon": {"url": icon, **ICON},
                "custom": {"coplink_opens": chosen.kind},
            }
            if "iframe" in asked.targets:
                made["iframe"] = dict(FRAME)
            elif "window" in asked.targets:
                made["window"] = {"targetName": "_blank"}
            if asked.collaboration:
                made[COLLABORATION] = {"users": list(chosen.people), "groups": list(chosen.groups)}
        case Form.LINK:
            made |= {"url": chosen.url, "icon": {"url": icon, **ICON}}
            if "window" in asked.targets:
                made["window"] = {"targetName": "_blank"}
        case Form.HTML:
            address, title = escape(chosen.url), escape(chosen.title)
            made["html"] = f'<p><a href="{address}" target="_blank" rel="noopener">{title}</a></p>'
        case None:
            raise ValueError("the platform takes nothing we can make")
    return made


def answer(
    asked: Asked,
    registration: Registration,
    key: SigningKey,
    contents: Sequence[dict[str, Any]],
    now: datetime,
    message: str = "",
    trouble: str = "",
    log: str = "",
) -> str:
    """The signed answer: what was chosen, or nothing; ``message`` is shown over there, ``trouble`` as an error.

    Good for five minutes, for this platform alone, and once by its nonce.
    """
    if len(contents) > 1 and not asked.multiple:
        raise ValueError("the platform takes one thing at a time")
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": registration.issuer,
        "iat": issued,
        "exp": issued + LIFE,
        "nonce": secrets.token_urlsafe(32),
        CORE + "deployment_id": asked.deployment,
        CORE + "message_type": RESPONSE,
        CORE + "version": "1.3.0",
        CLAIM + "content_items": list(contents),
    }
    if asked.data is not None:
        claims[CLAIM + "data"] = asked.data
    told = {"msg": message, "errormsg": trouble, "errorlog" if trouble else "log": log}
    claims |= {CLAIM + name: text for name, text in told.items() if text}
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})
