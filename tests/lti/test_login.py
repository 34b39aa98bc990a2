"""Login initiations: rows 1 to 11 of the LTI handbook's table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from coplink.core.errors import LaunchError, PendingDeployment, UnknownDeployment, UnknownPlatform
from coplink.ports.records import Deployment, RegistrationState
from coplink.testing.platform import CORE, TOOL


def asked(begun):
    return parse_qs(urlsplit(begun.redirect_url).query)


def test_a_login_asks_the_platform_for_exactly_this(door):
    begun = door.login()
    state, nonce = asked(begun)["state"][0], asked(begun)["nonce"][0]
    assert begun.redirect_url.startswith("https://lms.example/authorize?")
    assert asked(begun) == {
        "scope": ["openid"],
        "response_type": ["id_token"],
        "response_mode": ["form_post"],
        "prompt": ["none"],
        "client_id": ["client-north"],
        "redirect_uri": [f"{TOOL}/lti/launch"],
        "login_hint": ["hint-of-ana"],
        "lti_message_hint": ["hint-of-message"],
        "state": [state],
        "nonce": [nonce],
    }
    assert state == begun.state
    assert len({state, nonce, begun.state, door.login().state}) == 3
    assert min(len(state), len(nonce)) >= 43


def test_one_row_binds_the_login_together(door, clock):
    begun = door.login(browser="cookie")
    with door.storage.begin() as uow:
        row = uow.logins.consume(begun.state, clock.now())
    assert (row.door, row.about, row.expires_at) == ("lti", "reg-north", clock.now() + timedelta(minutes=5))
    assert row.nonce == asked(begun)["nonce"][0]
    assert row.values == {"target": f"{TOOL}/", "deployment": "deployment-1", "tool": TOOL}
    assert row.browser
    assert "cookie" not in row.browser


def test_an_authorization_address_with_a_query_keeps_it(door):
    known = door.registrations["reg-north"]
    door.put(replace(known, authorization_url=f"{known.issuer}/auth?school=1"))
    assert door.login().redirect_url.startswith("https://lms.example/auth?school=1&scope=openid")


BAD = [
    (1, {"iss": None}, LaunchError, "iss is missing"),
    (2, {"iss": "https://other.example"}, UnknownPlatform, "no registration"),
    (2, {"iss": "https://lms.example/"}, UnknownPlatform, "no registration"),
    (3, {"login_hint": None}, LaunchError, "login_hint is missing"),
    (3, {"login_hint": ""}, LaunchError, "login_hint is missing"),
    (3, {"login_hint": "x" * 5000}, LaunchError, "too long"),
    (3, {"login_hint": "a\nb"}, LaunchError, "control characters"),
    (4, {"client_id": "client-west"}, UnknownPlatform, "no registration"),
    (5, {"client_id": None}, UnknownPlatform, "several registrations"),
    (6, {"target_link_uri": None}, LaunchError, "target_link_uri is missing"),
    (8, {"deployment_id": "another"}, LaunchError, "named twice"),
    (8, {"lti_deployment_id": "x" * 256}, LaunchError, "named twice or oddly"),
    (10, {"lti_storage_target": "a'];alert(1);//"}, LaunchError, "frame name"),
    (10, {"lti_storage_target": "<b>"}, LaunchError, "frame name"),
    (10, {"lti_storage_target": ""}, LaunchError, "frame name"),
    (10, {"lti_storage_target": "x" * 65}, LaunchError, "frame name"),
]


@pytest.mark.parametrize(("row", "changes", "error", "detail"), BAD)
def test_a_bad_initiation_is_refused_with_a_sentence(door, row, changes, error, detail):
    with pytest.raises(LaunchError) as refused:
        door.login(changes)
    assert refused.type is error
    assert detail in refused.value.detail
    assert str(refused.value.message).endswith(".")


FOREIGN = [
    "https://evil.example/",
    "https://tool.example.evil.example/",
    "https://tool.example@evil.example/",
    "https://evil.example@tool.example/",
    "http://tool.example/",
    "https://tool.example:8443/",
    "//evil.example/",
    "/",
    "javascript:alert(1)",
    "https://tool.example//evil.example",
    "https://tool.example\\@evil.example/",
    "https://tool.example/\\evil.example",
    "https://tool.example/a/../../b",
    "https://tool.example/%2e%2e/b",
    "https://tool.example/#fragment",
    "https://tool.example/ x",
    "https://tool.example/\n",
    "https://[::1",
    "https://tool.example:port/",
    "https://tööl.example/",
]


@pytest.mark.parametrize("target", FOREIGN)
def test_row_7_a_target_that_is_not_ours_is_refused(door, target):
    with pytest.raises(LaunchError) as refused:
        door.login({"target_link_uri": target})
    assert "target_link_uri" in refused.value.detail


@pytest.mark.parametrize("path", ["", "/", "/c/1", "/c/1?meeting=2"])
def test_a_target_of_ours_is_where_the_visit_goes(door, path):
    login = {"target_link_uri": TOOL + path}
    result = door.launch({CORE + "target_link_uri": TOOL + path}, login)
    assert result.target_path == (path or "/")


def test_row_8_an_unknown_deployment_stops_at_the_token_and_leaves_a_pending_record_only(door):
    login = door.login({"lti_deployment_id": "new"})
    assert [d.deployment_id for d in door.deployments()] == ["deployment-1"]  # an initiation proves nothing
    form = door.north.launch_form(login.redirect_url, door.clock.now(), {CORE + "deployment_id": "new"})
    with pytest.raises(UnknownDeployment):
        door.open(form)
    assert Deployment("reg-north", "new", "north") in door.deployments()
    assert door.deployments("south") == [Deployment("reg-south", "deployment-1", "south", door.clock.now())]


def test_row_9_a_pending_deployment_is_refused_at_login_already(door):
    with door.storage.begin() as uow:
        uow.platforms.put_deployment(Deployment("reg-north", "waiting", "north"))
        uow.commit()
    with pytest.raises(PendingDeployment) as refused:
        door.login({"lti_deployment_id": "waiting"})
    assert "approval" in str(refused.value.message)


def test_row_9_a_withdrawn_approval_refuses_the_launch_under_way(door):
    form = door.north.launch_form(door.login().redirect_url, door.clock.now())
    with door.storage.begin() as uow:
        uow.platforms.put_deployment(Deployment("reg-north", "deployment-1", "north", None))
        uow.commit()
    with pytest.raises(PendingDeployment):
        door.open(form)


def test_row_5_one_registration_needs_no_client_in_the_login(door):
    known = door.registrations["reg-north"]
    door.put(replace(known, issuer="https://alone.example"))
    begun = door.login({"iss": "https://alone.example", "client_id": None})
    assert asked(begun)["client_id"] == ["client-north"]


def test_row_5_only_open_registrations_count_where_no_client_is_named(door):
    mine, other = door.registrations["reg-north"], door.registrations["reg-south"]
    shared = {"iss": "https://alone.example", "client_id": None}
    door.put(replace(mine, issuer=shared["iss"]))
    for state in (RegistrationState.PENDING, RegistrationState.DISABLED):
        door.put(replace(other, issuer=shared["iss"], state=state))
        assert asked(door.login(shared))["client_id"] == ["client-north"]
    door.put(replace(other, issuer=shared["iss"]))
    with pytest.raises(UnknownPlatform):
        door.login(shared)
    door.put(replace(mine, issuer=shared["iss"], state=RegistrationState.DISABLED))
    door.put(replace(other, issuer=shared["iss"], state=RegistrationState.PENDING))
    with pytest.raises(PendingDeployment) as refused:
        door.login(shared)
    assert "waits for an administrator's approval" in str(refused.value.message)


def test_canvas_name_of_the_deployment_is_heard_too(door):
    form = {"lti_deployment_id": None, "deployment_id": "deployment-1"}
    assert door.launch(login=form).deployment_id == "deployment-1"


def test_a_frame_name_for_platform_storage_is_accepted(door):
    assert door.login({"lti_storage_target": "post_message_forwarding"}).state
    assert door.login({"lti_storage_target": "_parent"}).state


def test_row_11_a_flood_of_logins_leaves_bounded_rows(door, clock):
    from sqlalchemy import func, select

    from coplink.storage.tables import LoginRow

    def rows():
        with door.storage.begin() as uow:
            return uow._session.scalar(select(func.count()).select_from(LoginRow))

    for _ in range(60):
        door.login()
        clock.forward(seconds=30)
    assert rows() <= 12  # five minutes of them
