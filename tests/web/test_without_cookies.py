"""Launches in a frame that keeps no cookies: once around, the storage of the platform, a tab of its own, sessions."""

from __future__ import annotations

import json
import re

import pytest

from coplink.ports.records import Deployment
from coplink.testing.frames import BASE, FRAMED, OURS, CookielessFrame
from coplink.testing.frames import STORAGE as FRAME
from coplink.testing.platform import LmsPlatform

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
ALONE = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"}


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


def logins(site):
    from sqlalchemy import text

    with site.services.storage._engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM logins")).scalar()


# --- the login ------------------------------------------------------------------------------------------------------


def test_with_our_cookie_nothing_is_asked(site, lms):
    browser = site.browser()
    form = lms.login_form({"target_link_uri": f"{BASE}/", "lti_storage_target": FRAME})
    first = browser.client.post("/lti/login", data=form, base_url=BASE, headers=FRAMED)
    assert (first.status_code, first.location) == (307, "/lti/login?coplink_tried=1")
    again = browser.client.post(first.location, data=form, base_url=BASE, headers=FRAMED)
    assert again.status_code == 303
    assert again.location.startswith("https://lms.example/authorize?")
    ever_after = browser.client.post("/lti/login", data=form, base_url=BASE, headers=FRAMED)
    assert ever_after.status_code == 303


def test_going_around_keeps_nothing_and_puts_nothing_into_the_address(site, lms, frame):
    form = lms.login_form({"target_link_uri": f"{BASE}/"})
    for _ in range(3):
        answer = frame.client.post("/lti/login", data=form, base_url=BASE, headers=FRAMED)
        assert answer.location == "/lti/login?coplink_tried=1"
        assert "__Host-coplink-browser" in answer.headers["Set-Cookie"]
    assert logins(site) == 0


def test_a_login_by_get_goes_around_with_what_its_address_said_anyway(site, lms, query):
    browser = site.browser()
    form = lms.login_form({"target_link_uri": f"{BASE}/"})
    answer = browser.client.get("/lti/login", query_string=form, base_url=BASE, headers=FRAMED)
    assert answer.status_code == 307
    assert query(answer.location) == {**form, "coplink_tried": "1"}
    assert browser.client.get(answer.location, base_url=BASE, headers=FRAMED).status_code == 303


@pytest.mark.parametrize(("headers", "storage"), [({}, None), (ALONE, None), (ALONE, FRAME)])
def test_a_program_and_a_window_of_its_own_go_straight_on(lms, frame, headers, storage):
    assert frame.login(storage=storage, headers=headers).status_code == 303


def test_an_older_browser_that_does_not_say_where_it_loads_is_tried_as_well(lms, frame):
    older = {
        "User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/15.6 Safari"
    }
    assert "Open coplink in a new tab" in frame.login(storage=None, headers=older).text
    assert "data-ask" in frame.login(headers=older).text


def test_without_cookies_and_storage_a_tab_is_offered_with_the_login_unused(site, lms, frame):
    page = frame.login(storage=None)
    assert page.status_code == 200
    assert "Open coplink in a new tab" in page.text
    assert "data-ask" not in page.text
    assert logins(site) == 0
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert fields == {**lms.login_form({"target_link_uri": f"{BASE}/"}), "coplink_tab": "1"}
    assert re.search(r'<form method="post" action="/lti/login" target="_blank"', page.text)


def test_what_is_chosen_for_a_course_is_never_chosen_in_a_tab_beside_it(lms, frame):
    page = frame.login(storage=None, target_link_uri=f"{BASE}/deep-linking")
    assert page.status_code == 200
    assert "Nothing can be chosen here yet" in page.text
    assert "_blank" not in page.text


def test_the_tab_goes_to_the_platform_by_a_page_and_comes_back_with_a_cookie(site, lms, frame):
    frame.login(storage=None)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', frame.page.text))
    tab = site.browser()
    headers = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin", "Origin": BASE}
    around = tab.client.post("/lti/login", data=fields, base_url=BASE, headers=headers)
    assert (around.status_code, around.location) == (307, "/lti/login?coplink_tried=1")
    tab.page = tab.client.post(around.location, data=fields, base_url=BASE, headers=headers)
    assert tab.page.status_code == 200, "a form's policy would hold against a redirect"
    away = tab.soup().select_one("main a")["href"]
    assert tab.soup().select_one('meta[http-equiv="refresh"]')["content"] == f"0;url={away}"
    claims = {CLAIM + "target_link_uri": f"{BASE}/"}
    form = lms.launch_form(away, site.clock.now(), claims)
    tab.page = tab.client.post("/lti/launch", data=form, base_url=BASE, headers=ALONE)
    tab.follow()
    assert "Welcome, Ana Ruiz" in tab.says()


def test_a_tab_that_keeps_no_cookie_either_says_so_with_the_login_still_unused(site, lms, frame):
    page = frame.login(storage=None, headers=ALONE, coplink_tab="1")
    assert page.status_code == 200
    assert "Cookies are off" in page.text
    assert "Allow cookies for 127.0.0.1:8080" in page.text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert fields == {**lms.login_form({"target_link_uri": f"{BASE}/"}), "coplink_tab": "1"}
    assert logins(site) == 0


def test_what_the_platform_said_is_no_markup(lms, frame):
    page = frame.login(storage=None, login_hint='"><script>alert(1)</script>', lti_message_hint="<b>'")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_login_that_cannot_begin_is_refused_in_the_frame_too(lms, frame):
    assert frame.login(client_id="nobody").status_code == 404
    assert frame.login(target_link_uri="https://evil.example/").status_code == 400
    assert frame.login(storage="a b").status_code == 400


def test_the_page_names_the_platforms_origin_and_only_what_it_needs(lms, frame):
    frame.login()
    assert frame.data("origin") == "https://lms.example"
    assert frame.data("frame") == FRAME
    assert frame.data("onwards").startswith("https://lms.example/authorize?")
    assert "hidden" in frame.page.text.split("data-ask")[0].rsplit("<div", 1)[1], "shown by the script alone"
    assert frame.page.headers["Cache-Control"] == "no-store"


def test_the_login_page_may_be_framed_by_whoever_began_the_login(lms, frame):
    policy = frame.login().headers["Content-Security-Policy"]
    assert "https://riverbend.lms.example" in policy.split("frame-ancestors")[1]
    for told in ("null", "https://a b", "javascript:x", "https://x;y", ""):
        policy = frame.login(headers={**FRAMED, "Origin": told}).headers["Content-Security-Policy"]
        allowed = policy.split("frame-ancestors ")[1].split()
        assert allowed == ["'self'", "https://lms.example", "https://portal.example"]


# --- the launch -----------------------------------------------------------------------------------------------------


def test_a_launch_without_any_cookie_ends_on_the_page_with_its_session_in_the_page(site, lms, frame):
    assert frame.launch().status_code == 200
    assert not people(site), "nobody has entered yet"
    page = frame.prove()
    assert "Welcome, Ana Ruiz" in page.text
    assert len(frame.secret) > 40
    assert "Set-Cookie" not in page.headers


def people(site):
    from sqlalchemy import text

    with site.services.storage._engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM sessions")).scalar()


def test_the_secret_is_in_a_header_of_one_answer_and_nowhere_else(site, lms, frame, caplog, capsys):
    frame.launch()
    form = {"code": frame.data("code"), "state": frame.kept}
    answer = frame.client.post("/lti/held", data=form, base_url=BASE, headers=OURS)
    secret = answer.headers["X-Coplink-Session"]
    assert (answer.status_code, answer.headers["X-Coplink-Go"]) == (200, "/")
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    frame.secret = secret
    for path in ("/?all=1", "/me", "/found", "/nowhere"):
        page = frame.get(path)
        assert secret not in page.text
        assert secret not in str(page.headers)
    printed = capsys.readouterr()
    assert secret not in caplog.text + printed.out + printed.err


@pytest.mark.parametrize("state", ["", "other", "null"])
def test_row_26_another_state_is_refused_with_a_page_and_no_session(site, lms, frame, state):
    frame.launch()
    code = frame.data("code")
    page = frame.prove(state=state)
    assert page.status_code == 401
    assert "could not be matched" in page.text
    assert "name this reference" in page.text
    assert "Open coplink in a new tab" in page.text
    assert not frame.secret
    assert frame.prove(code=code).status_code == 401, "the code is used up"
    assert not people(site)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_proof_from_elsewhere_is_refused(lms, frame, headers):
    frame.launch()
    assert frame.prove(headers={**OURS, **headers}).status_code == 403
    assert not frame.secret


def test_another_browsers_cookie_is_refused_although_there_is_storage(site, lms, frame):
    frame.login()
    form = lms.launch_form(frame.data("onwards"), site.clock.now(), {CLAIM + "target_link_uri": f"{BASE}/"})
    eve = site.browser()
    began = lms.login_form({"target_link_uri": f"{BASE}/"})
    eve.client.post("/lti/login", data=began, base_url=BASE)
    answer = eve.client.post("/lti/launch", data=form, base_url=BASE, headers=FRAMED)
    assert answer.status_code == 401
    assert "data-code" not in answer.text


def test_the_page_that_asks_may_be_framed_by_the_platform_the_launch_names(lms, frame):
    back = {CLAIM + "launch_presentation": {"return_url": "https://school.vanity.example/back"}}
    policy = frame.launch(back).headers["Content-Security-Policy"]
    assert "https://school.vanity.example" in policy.split("frame-ancestors")[1]
    assert "form-action 'self';" in policy


@pytest.mark.parametrize("more", ["", "/", "?x=1", "/?x=1"])
def test_a_choice_for_a_course_stays_in_the_frame_however_its_address_ends(lms, frame, more):
    page = frame.login(storage=None, target_link_uri=f"{BASE}/deep-linking{more}")
    assert "Open coplink in a new tab" not in page.text
    other = frame.login(storage=None, target_link_uri=f"{BASE}/me?x=/deep-linking")
    assert "Open coplink in a new tab" in other.text


@pytest.mark.parametrize("host", ["*", "a;script-src", "a,b", "'self'", "*.example", "a b"])
def test_no_address_to_go_back_to_widens_who_may_frame(lms, frame, host):
    back = {CLAIM + "launch_presentation": {"return_url": f"https://{host}/x"}}
    policy = frame.launch(back).headers["Content-Security-Policy"]
    allowed = policy.split("frame-ancestors ")[1].split()
    assert allowed == ["'self'", "https://lms.example", "https://portal.example"]


def test_the_pages_hold_no_script_of_their_own(lms, frame):
    for page in (frame.login(storage=None), frame.login(), frame.launch()):
        assert not re.search(r"<style|javascript:| on\w+=", page.text)
        assert all(not inner for inner in re.findall(r"<script[^>]*>(.*?)</script>", page.text, re.S))
        config = re.search(r"htmx-config\" content='([^']+)'", page.text)
        told = json.loads(config[1])
        assert (told["historyEnabled"], told["historyCacheSize"]) == (False, 0)
