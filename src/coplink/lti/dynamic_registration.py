"""Registers coplink at a platform that invited it: reads its configuration, sends ours, reads the answer strictly.

Nothing is stored here, and nothing that is stored lets anybody in: ``engine.platforms`` keeps the result as pending.

Source: LTI Dynamic Registration 1.0; RFC 7591; LTI handbook 4.4 (Canvas) and 2.1 (Moodle).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coplink.core.people import InstitutionId
from coplink.core.words import Said, say
from coplink.lti import canvas_config, tool_document
from coplink.lti.claims import clean
from coplink.lti.egress import Answer, Egress
from coplink.lti.platform_configuration import (
    LIMIT,
    LONGEST_TOKEN,
    PlatformConfiguration,
    check_address,
    on_site,
    read,
    refused,
)
from coplink.ports.errors import IntegrationError
from coplink.ports.records import Registration, RegistrationState

LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class Opening:
    """What the platform's frame brings to our registration page; nothing in it is verified."""

    configuration_url: str
    token: str = field(repr=False)
    site: str


@dataclass(frozen=True, slots=True)
class Registered:
    """A platform has registered coplink: what to keep, the deployment if it named one, and what a person should know.

    ``account`` is whose account the platform says it is; ``lacking`` are sentences about what was asked for and not
    given, ``remarks`` about anything else.
    """

    registration: Registration
    deployment_id: str | None
    account: str
    lacking: tuple[Said, ...]
    remarks: tuple[Said, ...]


def opening(given: Mapping[str, str]) -> Opening:
    """Check the form of a registration request; raises ``LaunchError``. Calls nobody."""
    address, token = given.get("openid_configuration", ""), given.get("registration_token", "")
    site = check_address(address)
    if (
        not token
        or len(token) > LONGEST_TOKEN
        or not token.isascii()
        or not token.isprintable()
        or " " in token
    ):
        message = say("The learning platform sent no registration token. Please start again over there.")
        raise refused(message, "registration_token is missing or has no proper form")
    return Opening(address, token, site)


def register(egress: Egress, asked: Opening, base_url: str, institution: InstitutionId) -> Registered:
    """Register coplink at the platform; raises ``LaunchError`` with a sentence for everything that goes wrong.

    The answer is a registration without an id, pending.
    """
    platform = _configuration(egress, asked)
    document = tool_document.introduce(platform, base_url)
    told = _bearer(asked)
    try:
        answer = egress.send_json("POST", platform.registration_url, LIMIT, document, told)
    except IntegrationError as error:
        raise refused(error.message, f"registration: {error.detail}") from error
    return _read(_accepted(answer), platform, document, institution)


def _configuration(egress: Egress, asked: Opening) -> PlatformConfiguration:
    try:
        answer = egress.get(asked.configuration_url, LIMIT, {"Accept": "application/json", **_bearer(asked)})
    except IntegrationError as error:
        raise refused(error.message, f"configuration: {error.detail}") from error
    if answer.status != 200:
        message = say("The learning platform did not show its configuration. Please start again over there.")
        raise refused(message, f"configuration of {asked.site}: {answer.status}")
    return read(answer.body, asked.configuration_url)


def _bearer(asked: Opening) -> dict[str, str]:
    return {"Authorization": f"Bearer {asked.token}"}


def _accepted(answer: Answer) -> Mapping[str, Any]:
    """The platform's answer as a JSON object; raises ``LaunchError`` when it said no."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if not answer.ok:
        reasons = said.get("errors", said.get("error_description", "")) if isinstance(said, dict) else ""
        message = say(
            "The learning platform refused to register coplink. Its administrator may know why; nothing was"
            " changed here."
        )
        raise refused(message, f"registration: {answer.status} {clean(json.dumps(reasons))[:500]}")
    if not isinstance(said, dict):
        raise _odd("no JSON object")
    return said


def _read(
    said: Mapping[str, Any],
    platform: PlatformConfiguration,
    document: Mapping[str, Any],
    institution: InstitutionId,
) -> Registered:
    client_id = _id(said.get("client_id"))
    if client_id is None:
        raise _odd("no client_id")
    tool = said.get(tool_document.TOOL)
    tool = tool if isinstance(tool, dict) else {}
    named = said.get("deployment_id", tool.get("deployment_id"))
    deployment = _id(named)
    if named is not None and deployment is None:
        raise _odd("deployment_id has no proper form")
    managed = said.get("registration_client_uri", "")
    registration = Registration(
        "",
        institution,
        platform.issuer,
        client_id,
        platform.authorization_url,
        platform.token_url,
        platform.jwks_url,
        platform.audience,
        canvas_config.CLAIMS if platform.is_canvas else {},
        RegistrationState.PENDING,
        managed if on_site(managed, platform) else "",
    )
    lacking, remarks = tool_document.compare(document, said, tool)
    return Registered(registration, deployment, platform.account, tuple(lacking), tuple(remarks))


def _id(value: object) -> str | None:
    """An id as platforms give them; Canvas' client ids come as numbers too."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_ID or not text.isprintable():
        return None
    return text


def _odd(detail: str) -> Exception:
    message = say(
        "coplink did not understand the platform's answer to its registration. Its administrator should remove"
        " what was made over there, and try again or set coplink up by hand."
    )
    return refused(message, f"registration: {detail}")
