"""Launches that end badly: a state is used up all the same, a good session stays, and what expired is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from coplink.ports.records import Deployment, Login
from coplink.testing.platform import LmsPlatform
from coplink.web.session import BROWSER_COOKIE, COOKIE
from coplink.worker.timers import ticks

BASE = "http://127.0.0.1:8080"


@pytest.fixture
def lms(site):
    with LmsPlatform(tool=BASE) as platform:
        with site.services.begin() as uow:
            uow.platforms.put(platform.registration("reg", site.here.id))
            uow.platforms.put_deployment(
                Deployment("reg", platform.deployment_id, site.here.id, site.clock.now())
            )
            uow.commit()
        yield platform


def login(browser, lms):
    return browser.client.post("/lti/login", data=lms.login_form(), base_url=BASE)


def launch(browser, form):
    return browser.client.post("/lti/launch", data=form, base_url=BASE)


def cookies(answer, name):
    return [one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"{name}=")]


def run(site, *statements):
    with site.services.storage._engine.begin() as connection:
        return [connection.execute(text(one)) for one in statements]


@pytest.mark.parametrize("twice", ["id_token", "state", "utf8"])
def test_a_launch_refused_for_its_form_uses_up_every_state_it_names(site, lms, twice):
    browser = site.browser()
    good = lms.launch_form(login(browser, lms).location, site.clock.now())
    wrong = {**good, twice: ["invented", good.get(twice, "x")]}
    assert launch(browser, wrong).status_code == 400
    assert launch(browser, good).status_code == 401
    assert browser.get("/me").status_code == 303


def test_a_launch_that_cannot_be_kept_leaves_the_session_that_was(site, lms):
    browser = site.browser()
    assert launch(browser, lms.launch_form(login(browser, lms).location, site.clock.now())).status_code == 303
    assert browser.get("/me").status_code == 200
    again = lms.launch_form(login(browser, lms).location, site.clock.now())
    run(  # a wrong reference that SQLite finds at the commit, and not before
        site,
        "CREATE TABLE wrong (of TEXT REFERENCES institutions(id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER breaks AFTER INSERT ON sessions BEGIN INSERT INTO wrong VALUES ('nobody'); END",
    )
    answer = launch(browser, again)
    assert answer.status_code == 500
    assert not cookies(answer, COOKIE)
    assert browser.get("/me").status_code == 200
    run(site, "DROP TRIGGER breaks")
    better = launch(browser, lms.launch_form(login(browser, lms).location, site.clock.now()))
    assert len(cookies(better, COOKIE)) == 1


def test_the_cookie_of_the_browser_is_renewed_with_every_login(site, lms):
    browser = site.browser()
    renewed = [cookies(login(browser, lms), BROWSER_COOKIE) for _ in range(2)]
    assert [len(one) for one in renewed] == [1, 1]
    assert len({one.partition(";")[0] for (one,) in renewed}) == 1, "the browser keeps its name"
    assert all("Max-Age=28800" in one for (one,) in renewed)


def test_the_workers_round_forgets_what_expired(site, lms):
    now = site.clock.now()
    with site.services.begin() as uow:
        for n in range(450):
            minute = Login(f"code-{n}", "s", "lti-storage", "reg", "", {}, now + timedelta(minutes=1))
            uow.logins.hold(minute, now)
        uow.logins.begin(Login("state", "n", "lti", "reg", "b", {}, now + timedelta(minutes=5)), now)
        uow.commit()
    _, round_about = ticks(site.services)["sweep"]
    left = []
    for minutes in (0, 1, 4):
        site.clock.pass_by(minutes=minutes)
        round_about()
        left.append(run(site, "SELECT count(*) FROM logins")[0].scalar())
    assert left == [451, 1, 0]
