"""Each part of a registration as LTI Dynamic Registration 1.0 has it, seen by the platform and in what is kept.

Each test is named in ``docs/conformance-registration.md``.
"""

from __future__ import annotations

import pytest
from registering_play import BASE, HOST, invitation, open_page, press, registrations

from coplink.lti.sandbox.registering import NRPS, TOOL

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
LAUNCHES = {"type": "LtiResourceLinkRequest"}


def registered(desk, mean):
    """Register; what the platform was sent, and what coplink keeps."""
    browser, _ = open_page(desk, mean.invite())
    answer = press(browser)
    assert answer.status_code == 200, browser.says()
    [sent] = mean.registered.values()
    [kept] = registrations(desk).values()
    return sent, kept


def test_the_token_is_the_bearer_of_both_requests_and_the_address_is_kept(desk, mean):
    told = mean.invite()
    told["openid_configuration"] += "?a=1&b=%2F+c&a=2"
    browser, _ = open_page(desk, told)
    assert press(browser).status_code == 200
    read, sent = mean.seen
    assert (read.method, read.path, read.query_string) == ("GET", mean.CONFIGURATION, b"a=1&b=%2F+c&a=2")
    assert (sent.method, sent.path, sent.mimetype) == ("POST", mean.REGISTRATION, "application/json")
    for request in (read, sent):
        assert request.headers["Authorization"] == f"Bearer {told['registration_token']}"
        assert told["registration_token"] not in request.full_path


def test_what_is_sent_has_every_part_and_only_addresses_of_ours(desk, mean):
    sent, _ = registered(desk, mean)
    tool = sent[TOOL]
    assert (sent["application_type"], sent["response_types"]) == ("web", ["id_token"])
    assert set(sent["grant_types"]) == {"implicit", "client_credentials"}
    assert sent["token_endpoint_auth_method"] == "private_key_jwt"
    assert sent["client_name"] == "coplink"
    assert (sent["initiate_login_uri"], sent["redirect_uris"]) == (
        f"{BASE}/lti/login",
        [f"{BASE}/lti/launch"],
    )
    assert (sent["jwks_uri"], sent["scope"]) == (f"{BASE}/lti/jwks.json", NRPS)
    assert (tool["domain"], tool["target_link_uri"]) == ("127.0.0.1:8080", f"{BASE}/")
    assert {"iss", "sub"} <= set(tool["claims"])
    assert "client_id" not in sent
    addresses = [sent[name] for name in ("client_uri", "logo_uri", "policy_uri", "tos_uri")]
    addresses += [one["target_link_uri"] for one in tool["messages"]]
    assert all(address.startswith(f"{BASE}/") for address in addresses)
    for address in addresses:
        assert desk.browser().get(address.removeprefix(BASE)).status_code in (200, 303), address


@pytest.mark.parametrize(
    ("messages", "types"),
    [
        ([LAUNCHES], ["LtiResourceLinkRequest"]),
        (["LtiResourceLinkRequest", "LtiDeepLinkingRequest"], ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]),
        ([LAUNCHES, {"type": "LtiEulaRequest"}, 7, None, {"type": 7}], ["LtiResourceLinkRequest"]),
    ],
)  # fmt: skip
def test_only_messages_that_the_platform_knows_are_asked_for(desk, mean, messages, types):
    mean.change = {PLATFORM: {"product_family_code": "example", "messages_supported": messages}}
    sent, _ = registered(desk, mean)
    assert [one["type"] for one in sent[TOOL]["messages"]] == types
    assert all(one["label"] and one["target_link_uri"] for one in sent[TOOL]["messages"])


def test_a_scope_that_the_platform_does_not_know_is_not_asked_for(desk, mean):
    mean.change = {"scopes_supported": ["openid"]}
    sent, _ = registered(desk, mean)
    assert sent["scope"] == ""
    admin = desk.admin()
    admin.get("/admin")
    assert "offers no rosters" in admin.says()


def test_what_nobody_knows_of_a_platform_changes_nothing(desk, mean):
    sent, kept = registered(desk, mean)
    mean.registered.clear()
    mean.change = {
        "https://vendor.example/more": {"x": 1},
        "service_documentation": "https://lms.example/docs",
        "claims_supported": [],
    }
    mean.says = {"client_id": kept.client_id, "https://vendor.example/more": [1]}
    again, known = registered(desk, mean)
    assert (again, known.token_url) == (sent, kept.token_url)


@pytest.mark.parametrize(
    ("named", "audience"),
    [
        (None, ""),
        (f"{HOST}/api/auth", f"{HOST}/api/auth"),
        ("lms.example", ""),
        ("https://auth.other.example/token", ""),
        (7, ""),
    ],
)
def test_the_audience_is_the_named_server_on_the_platforms_own_site_else_the_token_address(
    desk, mean, named, audience
):
    """An audience elsewhere would make us sign, for this platform, what opens another one's services."""
    mean.change = {"authorization_server": named}
    _, kept = registered(desk, mean)
    assert (kept.audience, kept.token_url) == (audience, f"{HOST}/token")


def test_what_is_kept_is_what_the_platform_said(desk, mean):
    _, kept = registered(desk, mean)
    assert (kept.issuer, kept.client_id) == (HOST, "client-1")
    assert kept.authorization_url == f"{HOST}/authorize"
    assert (kept.jwks_url, kept.institution) == (f"{HOST}/jwks", desk.here.id)


def test_looking_at_the_page_registers_nothing(desk, mean):
    token = invitation(desk)
    for _ in range(3):
        assert open_page(desk, mean.invite(), token)[1].status_code == 200
    assert mean.seen == []
    assert registrations(desk) == {}
