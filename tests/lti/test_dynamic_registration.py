"""What a platform says of itself, and what coplink says to it: hosts by an exact table, strict reading, no crash."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coplink.core.errors import LaunchError
from coplink.lti import tool_document
from coplink.lti.canvas_config import NOTICES, ROSTERS
from coplink.lti.dynamic_registration import register
from coplink.lti.egress import Answer
from coplink.lti.platform_configuration import PLATFORM, read
from coplink.lti.sandbox.registering import CANVAS, TOOL, CanvasSite, MoodleSite, Site

BASE = "https://coplink.example"


def said_by(kind, base, issuer=""):
    return kind(base, lambda: 0.0, issuer).configuration()


def platform(kind, base="https://lms.example", issuer="", **changes):
    said = {**said_by(kind, base, issuer), **changes}
    return read(json.dumps(said).encode(), f"{base}/configuration")


PROD, BETA, TEST = (f"https://canvas.{name}instructure.com" for name in ("", "beta.", "test."))


@pytest.mark.parametrize(
    ("issuer", "host", "fine"),
    [
        (PROD, "sso.canvaslms.com", True),
        (PROD, "canvas.instructure.com", True),
        (PROD, "riverbend.instructure.com", True),
        (PROD, "a.riverbend.instructure.com", False),
        (PROD, "sso.beta.canvaslms.com", False),
        (PROD, "riverbend.beta.instructure.com", False),
        (PROD, "instructure.com", False),
        (PROD, "evilinstructure.com", False),
        (PROD, "riverbend.instructure.com.evil.example", False),
        (PROD, "canvaslms.com", False),
        (PROD, "riverbend.instructure.com:8443", False),
        (BETA, "sso.beta.canvaslms.com", True),
        (BETA, "riverbend.beta.instructure.com", True),
        (BETA, "sso.canvaslms.com", False),
        (BETA, "riverbend.instructure.com", False),
        (TEST, "sso.test.canvaslms.com", True),
        (TEST, "riverbend.test.instructure.com", True),
        (TEST, "riverbend.beta.instructure.com", False),
        ("https://canvas.school.example", "canvas.school.example", True),
        ("https://canvas.school.example/canvas", "canvas.school.example", True),
        ("https://canvas.school.example", "CANVAS.school.example", True),
        ("https://canvas.school.example", "canvas.school.example:443", True),
        ("https://canvas.school.example", "canvas.school.example:8443", False),
        ("https://canvas.school.example", "sso.canvaslms.com", False),
        ("https://school.example", "canvas.school.example", False),
        ("https://canvas.school.example", "school.example", False),
    ],
)
def test_the_issuer_and_the_host_of_its_configuration_belong_together(issuer, host, fine):
    if fine:
        assert platform(CanvasSite, f"https://{host}", issuer).issuer == issuer
    else:
        with pytest.raises(LaunchError):
            platform(CanvasSite, f"https://{host}", issuer)


def test_an_audience_is_believed_on_the_platforms_own_site_only():
    assert (
        platform(Site, authorization_server="https://lms.example/token").audience
        == "https://lms.example/token"
    )
    for elsewhere in ("https://evil.example/token", "lms.example", "", 7, None):
        assert platform(Site, authorization_server=elsewhere).audience == ""


def test_a_platform_without_a_list_of_scopes_is_asked_for_the_roster():
    said = said_by(Site, "https://lms.example")
    del said["scopes_supported"]
    known = read(json.dumps(said).encode(), "https://lms.example/configuration")
    assert known.scopes is None
    assert tool_document.introduce(known, BASE)["scope"] == ROSTERS


def test_scopes_that_the_platform_does_not_know_are_not_asked_for():
    none = tool_document.introduce(platform(Site, scopes_supported=["openid"]), BASE)
    assert none["scope"] == ""
    [sentence], _ = tool_document.compare(none, {}, {})
    assert "no rosters" in str(sentence)
    canvas = platform(CanvasSite, scopes_supported=[ROSTERS])
    assert tool_document.introduce(canvas, BASE)["scope"] == ROSTERS
    assert tool_document.introduce(platform(CanvasSite), BASE)["scope"] == f"{ROSTERS} {NOTICES}"


def test_places_are_asked_for_as_the_platform_offers_them():
    lti = {
        "product_family_code": "canvas",
        "messages_supported": [
            {"type": "LtiResourceLinkRequest", "placements": [CANVAS + "course_navigation"]},
            {"type": "LtiDeepLinkingRequest", "placements": ["editor_button"]},
        ],
    }
    document = tool_document.introduce(platform(CanvasSite, **{PLATFORM: lti}), BASE)
    assert [one["placements"] for one in document[TOOL]["messages"]] == [
        ["course_navigation"],
        ["editor_button"],
    ]
    gone = {"messages": [{"placements": [CANVAS + "course_navigation"]}]}
    [sentence], _ = tool_document.compare(document, {}, gone)
    assert "editor_button" in str(sentence)


def test_a_platform_that_lists_bare_names_of_messages_is_understood():
    lti = {"product_family_code": "moodle", "messages_supported": ["LtiResourceLinkRequest"]}
    known = platform(MoodleSite, **{PLATFORM: lti})
    assert not known.is_canvas
    [message] = tool_document.introduce(known, BASE)[TOOL]["messages"]
    assert message["type"] == "LtiResourceLinkRequest"


class Said:
    """A way out that is answered here."""

    def __init__(self, configuration, answer):
        self.configuration, self.answer, self.sent = configuration, answer, []

    def get(self, url, limit, headers=None):
        self.sent.append((url, limit, dict(headers)))
        return Answer(200, {}, json.dumps(self.configuration).encode())

    def send_json(self, method, url, limit, body, headers=None):
        self.sent.append((url, limit, dict(headers)))
        return Answer(201, {}, json.dumps(self.answer).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
HONEST = said_by(CanvasSite, "https://lms.example")
ANSWER = {
    "client_id": "1",
    "scope": ROSTERS,
    "deployment_id": "2",
    "redirect_uris": [],
    "registration_client_uri": "https://lms.example/r/1",
    TOOL: {"messages": [{"placements": ["course_navigation"]}], "deployment_id": "2"},
}


def opened(configuration, answer):
    from coplink.lti.dynamic_registration import opening

    way = Said(configuration, answer)
    told = {
        "openid_configuration": "https://lms.example/configuration?a=%2F&a=b&&c",
        "registration_token": "t",
    }
    return way, lambda: register(way, opening(told), BASE, "north")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*HONEST, PLATFORM]), JSON, st.sampled_from(list(ANSWER)), JSON)
def test_whatever_a_platform_says_it_is_registered_or_refused(name, value, other, said):
    for configuration, answer in (({**HONEST, name: value}, ANSWER), (HONEST, {**ANSWER, other: said})):
        _, go = opened(configuration, answer)
        try:
            kept = go().registration
        except LaunchError:
            continue
        assert kept.issuer == "https://lms.example"
        assert kept.jwks_url.startswith("https://lms.example/")
        assert 0 < len(kept.client_id) <= 255


def test_the_query_stays_as_it_is_and_the_token_goes_along_to_both():
    way, go = opened(HONEST, ANSWER)
    made = go()
    (first, limit, headers), (second, _, again) = way.sent
    assert first == "https://lms.example/configuration?a=%2F&a=b&&c"
    assert second == HONEST["registration_endpoint"]
    assert limit == 256 * 1024
    assert headers["Authorization"] == again["Authorization"] == "Bearer t"
    assert made.deployment_id == "2"
    assert "t" not in repr(made.registration).split()
