"""What coplink offers a learning platform: its addresses, messages, placements, custom fields and scopes.

One truth for all who ask: the JSON configuration that Canvas takes (``/lti/canvas.json``, ``coplink install canvas``)
and the registration that coplink sends by itself (``dynamic_registration``) are both written from here.

Source: LTI handbook 4.3 (Canvas' JSON configuration) and 4.4 (its names for placements).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LOGIN, LAUNCH, KEYS, REGISTER = "/lti/login", "/lti/launch", "/lti/jwks.json", "/lti/register"
CONFIGURATION, DEEP_LINKING_PAGE, ICON = "/lti/canvas.json", "/deep-linking", "/static/icon.svg"

NAME = "coplink"
DESCRIPTION = "Communities of practice, across Canvas, Microsoft Teams and Google Workspace"
RESOURCE_LINK, DEEP_LINKING = "LtiResourceLinkRequest", "LtiDeepLinkingRequest"
ROSTERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
CANVAS_SCOPES = (ROSTERS, NOTICES)

CUSTOM_FIELDS: Mapping[str, str] = {
    "canvas_course_id": "$Canvas.course.id",
    "canvas_user_id": "$Canvas.user.id",
    "canvas_login_id": "$Canvas.user.loginId",
    "canvas_sis_id": "$Canvas.user.sisSourceId",
    "previous_contexts": "$Canvas.course.previousContextIds",
}
CLAIMS: Mapping[str, str] = {
    "account:canvas": "canvas_user_id",
    "asked:course": "canvas_course_id",
    "asked:previous_contexts": "previous_contexts",
}
"""What those custom fields mean, as a registration keeps it."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One place in Canvas where coplink can be opened or something of it be put."""

    name: str
    message: str
    text: str
    more: Mapping[str, Any]

    @property
    def path(self) -> str:
        """Where it leads on our own site."""
        return DEEP_LINKING_PAGE if self.message == DEEP_LINKING else "/"


_DIALOG = {"selection_width": 800, "selection_height": 640}
PLACEMENTS = (
    # Off until a teacher moves it into the course's navigation: not every course is one of a community.
    Placement(
        "course_navigation",
        RESOURCE_LINK,
        "Communities",
        {"default": "disabled", "visibility": "members", "windowTarget": "_self"},
    ),
    Placement("link_selection", DEEP_LINKING, "Community", _DIALOG),
    Placement("editor_button", DEEP_LINKING, "Community", _DIALOG),
    Placement("module_menu_modal", DEEP_LINKING, "Add a community", {}),
    Placement("module_index_menu_modal", DEEP_LINKING, "Add a community", {}),
    Placement("collaboration", DEEP_LINKING, "Community", _DIALOG),
)


def configuration(base_url: str) -> dict[str, Any]:
    """Canvas' JSON configuration of coplink at this address.

    The top-level target is the launch address, because Canvas takes it for the one redirect address it will allow.
    """
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": base_url + LOGIN,
        "target_link_uri": base_url + LAUNCH,
        "public_jwk_url": base_url + KEYS,
        "scopes": list(CANVAS_SCOPES),
        "custom_fields": dict(CUSTOM_FIELDS),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": domain(base_url),
                "tool_id": NAME,
                "privacy_level": "public",
                "settings": {
                    "text": "Communities",
                    "icon_url": base_url + ICON,
                    "placements": [_placement(one, base_url) for one in PLACEMENTS],
                },
            }
        ],
    }


def domain(base_url: str) -> str:
    """Our host, with its port where it is not the usual one."""
    return urlsplit(base_url).netloc


def _placement(one: Placement, base_url: str) -> dict[str, Any]:
    return {
        "placement": one.name,
        "enabled": True,
        "message_type": one.message,
        "target_link_uri": base_url + one.path,
        "text": one.text,
        "icon_url": base_url + ICON,
        **one.more,
    }
