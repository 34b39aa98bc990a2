"""A session without any cookie: its secret lives in the page and comes in a header of each request."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from coplink.ports.records import Deployment
from coplink.testing.frames import BASE, OURS, CookielessFrame
from coplink.testing.platform import LmsPlatform


@pytest.fixture
def lms(site):
    with LmsPlatform() as platform:
        with site.services.begin() as uow:
            uow.platforms.put(platform.registration("reg", site.here.id))
            uow.platforms.put_deployment(
                Deployment("reg", platform.deployment_id, site.here.id, site.clock.now())
            )
            uow.commit()
        yield platform


@pytest.fixture
def frame(site, lms):
    return CookielessFrame(site.app, lms, site.clock.now)


def test_forms_and_redirects_work_with_the_secret_in_the_header(site, lms, frame):
    frame.launch()
    frame.prove()
    frame.get("/me")
    page = frame.post("/me/home", zone="Europe/Vienna")
    assert page.status_code == 200
    assert "Europe/Vienna" in page.text
    assert site.services is not None


def test_a_form_needs_its_own_secret_and_our_own_origin_all_the_same(lms, frame):
    frame.launch()
    frame.prove()
    frame.get("/me")
    shown = frame.page
    for how in ({"csrf": "x"}, {"headers": {**OURS, "Origin": "https://evil.example"}}):
        frame.page = shown
        assert frame.post("/me/home", zone="UTC", **how).status_code == 403


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "x" * 5000, "ü"])
def test_an_invented_secret_is_nobody(lms, frame, secret):
    frame.launch()
    frame.prove()
    frame.secret = secret.encode().decode("latin-1")
    answer = frame.client.get("/me", base_url=BASE, headers={"X-Coplink-Session": frame.secret})
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/me")


def test_row_88_the_page_speaks_for_itself_whatever_cookie_came_along(site, lms, frame):
    ben = site.enter("ben")
    frame.launch()
    frame.prove()
    assert (
        "Welcome, Ana Ruiz"
        in ben.client.get("/?all=1", base_url=BASE, headers={"X-Coplink-Session": frame.secret}).text
    )
    nobody = ben.client.get("/?all=1", base_url=BASE, headers={"X-Coplink-Session": "x" * 43})
    assert nobody.status_code == 303, "a page whose session is over does not become Ben's"
    assert "Welcome, Ben" in ben.get("/?all=1").text


def test_a_new_launch_has_a_new_secret(lms, frame):
    frame.launch()
    frame.prove()
    first = frame.secret
    frame.secret = ""
    frame.launch()
    frame.prove()
    assert frame.secret not in ("", first)


def test_a_session_that_changes_hands_its_new_secret_to_the_page(site, lms, frame):
    """Two doors become one person: the old secret is worth nothing, the page goes on with the new one."""
    other = site.enter("ana", name="Ana Ruiz")
    other.get("/me")
    other.post("/me/code")
    code = other.soup().select_one("#my-code")["value"]
    frame.launch()
    frame.prove()
    first = frame.secret
    frame.get("/me")
    frame.post("/me/link", code=code)
    page = frame.post("/me/link", code=code, sure="yes")
    assert page.status_code == 200
    assert frame.secret != first
    old = frame.client.get("/me", base_url=BASE, headers={"X-Coplink-Session": first})
    assert old.status_code == 303
    assert "Set-Cookie" not in page.headers


def test_the_secret_opens_nothing_as_a_cookie_or_in_an_address(site, lms, frame):
    frame.launch()
    frame.prove()
    for path in (f"/me?session={frame.secret}", f"/me?X-Coplink-Session={frame.secret}"):
        assert frame.client.get(path, base_url=BASE).status_code == 303


def test_other_origins_are_not_told_that_they_may_send_the_header(site):
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-coplink-session",
    }
    answer = Client(site.app).open("/me/home", method="OPTIONS", base_url=BASE, headers=asked)
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


def test_an_idle_session_in_the_page_ends(site, lms, frame):
    frame.launch()
    frame.prove()
    site.clock.pass_by(minutes=61)
    assert "Where do you come from?" in frame.get("/me").text
