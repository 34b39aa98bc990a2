"""A platform registers coplink by itself, with an invitation, over real HTTPS, and lets nobody in by that alone."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from registering_play import (
    BASE,
    HOST,
    approve,
    clock_of,
    deployments,
    invitation,
    open_page,
    press,
    registrations,
)

from coplink.core.errors import NotAllowed
from coplink.engine import platforms
from coplink.lti.canvas_config import CLAIMS
from coplink.lti.sandbox.registering import CANVAS, NOTICES, NRPS, TOOL, CanvasSite, MoodleSite
from coplink.ports.records import RegistrationState
from coplink.testing.platform import LmsPlatform


def test_canvas_registers_and_is_pending(desk, net):
    # The hosted Canvas: one issuer for every school, its documents on the sign-on host.
    canvas = CanvasSite("https://sso.canvaslms.com", clock_of(desk), "https://canvas.instructure.com")
    net.host("sso.canvaslms.com", canvas)
    token = invitation(desk)
    browser, page = open_page(desk, canvas.invite(), token)
    assert page.status_code == 200
    assert "Register coplink with sso.canvaslms.com?" in browser.says()
    assert "Riverbend" in browser.says()
    assert net.asked == [], "looking at the page calls nobody"

    answer = press(browser)
    assert answer.status_code == 200, browser.says()
    assert "coplink is registered with sso.canvaslms.com" in browser.says()
    admin = desk.admin()
    admin.get("/admin")
    told = "“Riverbend” (https://sso.canvaslms.com) has registered coplink and waits for approval."
    assert told in admin.says(), "one issuer, many schools: who approves must know which this is"
    assert browser.soup().select_one('script[src*="registered.js"]')
    [(client_id, kept)] = registrations(desk).items()
    assert (kept.issuer, kept.state) == ("https://canvas.instructure.com", RegistrationState.PENDING)
    assert kept.authorization_url == "https://sso.canvaslms.com/api/lti/authorize_redirect"
    assert kept.claims == CLAIMS
    assert kept.managed_url == f"https://sso.canvaslms.com/api/lti/registrations/{client_id}"
    assert kept.audience == "", "a bare host is no audience"
    assert deployments(desk, kept) == []

    sent = canvas.registered[client_id]
    tool = sent[TOOL]
    assert canvas.refusals == []
    assert sent["redirect_uris"] == [f"{BASE}/lti/launch"]
    assert sent["scope"].split() == [NRPS, NOTICES]
    assert tool[CANVAS + "privacy_level"] == "public"
    assert tool["custom_parameters"]["canvas_user_id"] == "$Canvas.user.id"
    navigation = next(one for one in tool["messages"] if one["placements"] == ["course_navigation"])
    assert navigation[CANVAS + "course_navigation/default_enabled"] is False
    assert navigation[CANVAS + "visibility"] == "members"
    deep = {one["placements"][0] for one in tool["messages"] if one["type"] == "LtiDeepLinkingRequest"}
    assert {"link_selection", "editor_button", "collaboration", "module_menu_modal"} <= deep
    assert all(
        one["target_link_uri"] == f"{BASE}/deep-linking"
        for one in tool["messages"]
        if one["placements"][0] in deep
    )

    _, page = open_page(desk, canvas.invite(), token)
    assert page.status_code == 410, "an invitation works once"


def test_moodle_registers_with_its_deployment_and_more_than_was_asked_for(desk, net):
    moodle = MoodleSite(HOST, clock_of(desk))
    net.host("lms.example", moodle)
    browser, _ = open_page(desk, moodle.invite())
    assert press(browser).status_code == 200
    assert "allowed more than coplink asked for" in browser.says()
    assert "Its deployment waits there too." in browser.says()
    [kept] = registrations(desk).values()
    [deployment] = deployments(desk, kept)
    assert (deployment.deployment_id, deployment.approved_at) == ("1", None)
    assert deployment.institution == desk.here.id
    [sent] = moodle.registered.values()
    assert sent["scope"] == NRPS
    assert sent[TOOL]["custom_parameters"] == {}
    assert [one["type"] for one in sent[TOOL]["messages"]] == [
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
    ]
    assert not any(key.startswith(CANVAS) for key in sent[TOOL])


def lms(moodle, kept, deployment):
    """The same platform as one that launches, with the key it publishes."""
    platform = LmsPlatform(kept.issuer, kept.client_id, deployment, moodle.kid)
    platform.private = moodle.private
    return platform


def test_nobody_comes_in_before_a_person_approves_platform_and_deployment(desk, net):
    moodle = MoodleSite(HOST, clock_of(desk))
    net.host("lms.example", moodle)
    browser, _ = open_page(desk, moodle.invite())
    press(browser)
    [kept] = registrations(desk).values()
    platform = lms(moodle, kept, "1")
    login = {**platform.login_form(), "target_link_uri": f"{BASE}/"}

    def knock():
        visitor = desk.browser()
        return visitor, visitor.post("/lti/login", login, secret="")

    visitor, answer = knock()
    assert answer.status_code == 403
    assert "waits for an administrator's approval" in visitor.says()

    admin, stranger = desk.admin(), desk.admin(desk.there)
    stranger.get("/admin")
    assert stranger.post(f"/admin/platforms/{kept.id}/approve").status_code == 404
    admin.get("/admin")
    assert "waiting for approval" in admin.says()
    assert approve(admin, kept).status_code == 303
    assert knock()[1].status_code == 403, "its deployment is another matter"
    admin.get("/admin")
    chosen = {"registration": kept.id, "deployment": "1"}
    assert stranger.post("/admin/deployments/approve", chosen).status_code == 404
    assert admin.post("/admin/deployments/approve", chosen).status_code == 303

    visitor, answer = knock()
    assert answer.status_code == 303
    form = platform.launch_form(
        answer.location,
        desk.clock.now(),
        {"https://purl.imsglobal.org/spec/lti/claim/target_link_uri": f"{BASE}/"},
    )
    answer = visitor.post("/lti/launch", form, secret="")
    assert answer.status_code == 303, visitor.says()
    assert visitor.get("/me").status_code == 200
    inside = visitor

    # Switched off between a login and its launch.
    visitor, answer = knock()
    form = platform.launch_form(
        answer.location,
        desk.clock.now(),
        {"https://purl.imsglobal.org/spec/lti/claim/target_link_uri": f"{BASE}/"},
    )
    admin.get("/admin")
    assert admin.post(f"/admin/platforms/{kept.id}/disable").status_code == 303
    assert inside.get("/me").status_code != 200, "whoever had come in is out"
    assert admin.get("/admin").status_code == 200
    assert "ends the visits of everybody" in admin.says()
    assert visitor.post("/lti/launch", form, secret="").status_code == 403
    assert "switched coplink off" in visitor.says()
    assert knock()[1].status_code == 403
    admin.get("/admin")
    approve(admin, kept)
    admin.post("/admin/deployments/disable", chosen)
    assert knock()[1].status_code == 403
    [deployment] = deployments(desk, kept)
    assert (deployment.approved_at, deployment.disabled_at) == (None, desk.clock.now())


def test_registering_again_updates_in_place(desk, mean):
    browser, _ = open_page(desk, mean.invite())
    press(browser)
    [(client_id, first)] = registrations(desk).items()
    with desk.services.begin() as uow:
        platforms.approve(uow, first, desk.clock.now())
        uow.commit()
    mean.says = {"client_id": client_id, "registration_client_uri": f"{HOST}/registrations/1"}
    browser, _ = open_page(desk, mean.invite())
    assert press(browser).status_code == 200
    assert "stays approved" in browser.says()
    [second] = registrations(desk).values()
    assert (second.id, second.state) == (first.id, RegistrationState.OPEN)
    assert second.managed_url == f"{HOST}/registrations/1"

    mean.says |= {"client_id": "client-new"}  # the platform's own name for it is the same
    browser, _ = open_page(desk, mean.invite())
    assert press(browser).status_code == 200
    [third] = registrations(desk).values()
    assert (third.id, third.client_id) == (first.id, "client-new")
    assert third.state is RegistrationState.PENDING, "what changed is approved anew"


def test_what_the_platform_did_not_give_is_said_here_and_to_the_admin(desk, mean):
    mean.says = {"scope": "", "redirect_uris": ["https://other.example/"]}
    browser, _ = open_page(desk, mean.invite())
    press(browser)
    for page in (browser.says(), (admin := desk.admin()) and admin.get("/admin") and admin.says()):
        assert "did not allow coplink to read rosters" in page
        assert "launches will fail" in page
    [kept] = registrations(desk).values()
    approve(admin, kept)
    admin.get("/admin")
    assert "did not allow coplink to read rosters" not in admin.says(), "who approves has seen it"


def test_the_page_says_where_the_invitation_belongs(desk):
    browser, page = open_page(desk, {})
    assert page.status_code == 200
    shown = browser.soup().select_one("input[readonly]")["value"]
    assert parse_qs(urlsplit(shown).query)["invitation"]


def test_any_platform_may_frame_the_page_and_a_form_comes_from_it_alone(desk, mean):
    browser, page = open_page(desk, mean.invite())
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert " https:" in policy.partition("frame-ancestors")[2]
    assert page.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    fields = {one["name"]: one["value"] for one in browser.soup().select("form input[type=hidden]")}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser.post("/lti/register", fields, secret="", headers=headers).status_code == 403
    doubled = {**fields, "registration_token": ["a", "b"]}
    assert browser.post("/lti/register", doubled, secret="").status_code == 400
    assert mean.seen == []


def test_an_admin_makes_one_invitation_at_a_time(desk):
    admin = desk.admin()
    admin.get("/admin")
    for _ in range(2):
        assert admin.post("/admin/platforms/invitations").status_code == 303
    admin.get("/admin")
    [shown] = admin.soup().select('input[value*="/lti/register?invitation="]')
    assert shown["value"].startswith(BASE)
    stranger = desk.admin(desk.there)
    stranger.get("/admin")
    assert "invitation=" not in stranger.page.text
    action = admin.soup().select_one('form[action$="/withdraw"]')["action"]
    assert stranger.post(action).status_code == 404


def test_the_configuration_for_canvas_is_served(desk):
    answer = desk.browser().get("/lti/canvas.json")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    said = answer.json
    assert said["public_jwk_url"] == f"{BASE}/lti/jwks.json"
    assert said["scopes"] == [NRPS, NOTICES]
    [extension] = said["extensions"]
    assert extension["privacy_level"] == "public"
    placements = {one["placement"]: one for one in extension["settings"]["placements"]}
    assert placements["course_navigation"]["message_type"] == "LtiResourceLinkRequest"
    deep = {name for name, one in placements.items() if one["message_type"] == "LtiDeepLinkingRequest"}
    assert deep == {
        "link_selection",
        "editor_button",
        "module_menu_modal",
        "module_index_menu_modal",
        "collaboration",
    }
    assert {placements[name]["target_link_uri"] for name in deep} == {f"{BASE}/deep-linking"}
    told = [said[name] for name in ("oidc_initiation_url", "target_link_uri", "public_jwk_url")]
    for address in (*told, extension["settings"]["icon_url"]):
        path = urlsplit(address).path
        assert desk.browser().get(path).status_code in (200, 400, 405), path


def test_a_second_institution_gets_a_deployment_of_its_own_by_the_operator(desk, mean):
    browser, _ = open_page(desk, mean.invite())
    press(browser)
    [kept] = registrations(desk).values()
    now = desk.clock.now()
    with desk.services.begin() as uow:
        platforms.approve_deployment(uow, kept, "theirs", desk.there.id, now)
        uow.commit()
    ours, theirs = desk.admin(), desk.admin(desk.there)
    ours.get("/admin")
    assert "theirs" not in ours.says()
    theirs.get("/admin")
    assert "Registered by another institution" in theirs.says()
    assert theirs.post(f"/admin/platforms/{kept.id}/disable").status_code == 404
    with desk.services.begin() as uow, pytest.raises(NotAllowed):
        platforms.approve_deployment(uow, kept, "theirs", desk.here.id, now + timedelta(hours=1))
