"""How coplink introduces itself to a platform, and what the platform made of it.

Written from ``canvas_config``, as the JSON configuration is. Source: LTI Dynamic Registration 1.0 section 3.5; LTI
handbook 4.4 for Canvas' extension keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coplink.core.words import Said, say
from coplink.lti import canvas_config as ours
from coplink.lti.platform_configuration import PlatformConfiguration

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CANVAS = "https://canvas.instructure.com/lti/"
_CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")


def introduce(platform: PlatformConfiguration, base_url: str) -> dict[str, Any]:
    """Our registration, in what this platform understands: unknown scopes are errors on some."""
    wanted = [one for one in ours.CANVAS_SCOPES if one == ours.ROSTERS or platform.is_canvas]
    scopes = [one for one in wanted if platform.scopes is None or one in platform.scopes]
    tool: dict[str, Any] = {
        "domain": ours.domain(base_url),
        "description": ours.DESCRIPTION,
        "target_link_uri": f"{base_url}/",
        "custom_parameters": dict(ours.CUSTOM_FIELDS) if platform.is_canvas else {},
        "claims": list(_CLAIMS),
        "messages": _messages(platform, base_url),
    }
    if platform.is_canvas:
        tool |= {CANVAS + "privacy_level": "public", CANVAS + "tool_id": ours.NAME}
    return {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "client_name": ours.NAME,
        "client_uri": f"{base_url}/",
        "logo_uri": base_url + ours.ICON,
        "policy_uri": f"{base_url}/privacy",
        "tos_uri": f"{base_url}/terms",
        "initiate_login_uri": base_url + ours.LOGIN,
        "redirect_uris": [base_url + ours.LAUNCH],
        "jwks_uri": base_url + ours.KEYS,
        "scope": " ".join(scopes),
        TOOL: tool,
    }


def _messages(platform: PlatformConfiguration, base_url: str) -> list[dict[str, Any]]:
    if platform.is_canvas:
        return [
            _canvas_message(one, base_url)
            for one in ours.PLACEMENTS
            if one.message in platform.messages and _places(platform, one)
        ]
    made: list[dict[str, Any]] = [
        {"type": ours.RESOURCE_LINK, "target_link_uri": f"{base_url}/", "label": ours.NAME}
    ]
    if ours.DEEP_LINKING in platform.messages:
        target = base_url + ours.DEEP_LINKING_PAGE
        made.append(
            {
                "type": ours.DEEP_LINKING,
                "target_link_uri": target,
                "label": ours.NAME,
                "placements": ["ContentArea"],
            }
        )
    return made


def _places(platform: PlatformConfiguration, one: ours.Placement) -> bool:
    offered = platform.messages[one.message]
    return offered is None or bool({one.name, CANVAS + one.name} & offered)


def _canvas_message(one: ours.Placement, base_url: str) -> dict[str, Any]:
    message: dict[str, Any] = {
        "type": one.message,
        "target_link_uri": base_url + one.path,
        "label": one.text,
        "icon_uri": base_url + ours.ICON,
        "placements": [one.name],
    }
    if visibility := one.more.get("visibility"):
        message[CANVAS + "visibility"] = visibility
    if one.name == "course_navigation":
        message[CANVAS + "course_navigation/default_enabled"] = one.more.get("default") != "disabled"
    return message


def compare(
    document: Mapping[str, Any], said: Mapping[str, Any], tool: Mapping[str, Any]
) -> tuple[list[Said], list[Said]]:
    """What the platform made of our wishes, in sentences: what is lacking, and what else is to be known."""
    lacking, remarks = [], []
    asked = set(document["scope"].split())
    if ours.ROSTERS not in asked:
        lacking.append(say("The platform offers no rosters, so coplink cannot read who is in a course."))
    scope = said.get("scope")
    if isinstance(scope, str):
        granted = set(scope.split())
        if ours.ROSTERS in asked - granted:
            lacking.append(say("The platform did not allow coplink to read rosters."))
        if ours.NOTICES in asked - granted:
            lacking.append(say("The platform did not allow coplink to be told about copied courses."))
        if granted - asked:
            remarks.append(say("The platform allowed more than coplink asked for; coplink does not use it."))
    uris = said.get("redirect_uris")
    if isinstance(uris, list) and document["redirect_uris"][0] not in uris:
        lacking.append(say("The platform changed coplink's launch address, so launches will fail."))
    if left_out := _placements(document[TOOL]) - _placements(tool) if "messages" in tool else set():
        lacking.append(
            say("The platform left out these places: {places}.", places=", ".join(sorted(left_out)))
        )
    return lacking, remarks


def _placements(tool: Mapping[str, Any]) -> set[str]:
    """The placements named in a tool configuration, without Canvas' prefix."""
    messages: Sequence[Any] = tool["messages"] if isinstance(tool.get("messages"), list) else ()
    listed = [one.get("placements") for one in messages if isinstance(one, dict)]
    names = {
        name for places in listed if isinstance(places, list) for name in places if isinstance(name, str)
    }
    return {name.removeprefix(CANVAS) for name in names}
