"""Every way in, over the wire: launches, sign-in pages, tabs. Each ends in a session of its own, or in a sentence."""

from __future__ import annotations

import json

import pytest

from coplink.ports.records import Deployment
from coplink.testing.platform import LmsPlatform

BASE = "http://127.0.0.1:8080"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


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


def launch(site, lms, browser, changes=None, target=f"{BASE}/", method="post", form=None):
    """A whole launch: initiation, the platform's answer, and where coplink sends the browser."""
    initiation = lms.login_form({"target_link_uri": target})
    if method == "get":
        began = browser.get("/lti/login", query_string=initiation)
    else:
        began = browser.client.post("/lti/login", data=initiation, base_url=BASE)
    assert began.status_code == 303, began.text
    link = {"id": "course-1", "title": "coplink"}  # the course's own link, as from its navigation
    claims = {CLAIM + "target_link_uri": target, CLAIM + "resource_link": link, **(changes or {})}
    form = form or lms.launch_form(began.location, site.clock.now(), claims)
    headers = {"Origin": lms.issuer, "Sec-Fetch-Site": "cross-site"}
    browser.page = browser.client.post("/lti/launch", data=form, base_url=BASE, headers=headers)
    return browser.page


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_teacher_launches_and_may_found(site, lms, method):
    browser = site.browser()
    answer = launch(site, lms, browser, method=method)
    assert (answer.status_code, answer.location) == (303, "/")
    browser.follow()
    assert "Welcome, Ana Ruiz" in browser.says()
    assert "The people of “Literacy” can be invited" in browser.says()
    policy = browser.page.headers["Content-Security-Policy"]
    assert "https://lms.example" in policy.split("frame-ancestors")[1]
    browser.get("/found")
    assert "Open coplink from a course in Harbour" not in browser.says(), "the launch named the course"


def test_a_learner_launches_and_may_not_found(site, lms):
    browser = site.browser()
    learner = ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    launch(site, lms, browser, {CLAIM + "roles": learner})
    browser.follow()
    assert "Begin" not in browser.says()
    assert browser.get("/found").status_code == 403


def test_a_launch_from_the_communitys_course_leads_straight_to_it(site, lms):
    browser = site.browser()
    launch(site, lms, browser)
    key = site.found(browser)
    launch(site, lms, browser)
    assert browser.follow().location == f"/c/{key}"
    browser.follow()
    assert "Literacy" in browser.says()
    launch(site, lms, browser, target=f"{BASE}/c/{key}/library")
    assert browser.page.location == f"/c/{key}/library"


def test_the_session_is_a_new_one_at_each_arrival(site, lms):
    browser = site.browser()
    launch(site, lms, browser)
    first = browser.client.get_cookie("__Host-coplink", domain="127.0.0.1").value
    launch(site, lms, browser)
    second = browser.client.get_cookie("__Host-coplink", domain="127.0.0.1").value
    assert first != second
    old = site.browser()
    old.client.set_cookie("__Host-coplink", first, domain="127.0.0.1")
    assert old.get("/me").location.startswith("/sign-in"), "the one before is no longer worth anything"


def test_a_planted_session_is_worth_nothing_after_the_arrival(site, lms):
    planted = "x" * 43
    victim = site.browser()
    victim.client.set_cookie("__Host-coplink", planted, domain="127.0.0.1")
    launch(site, lms, victim)
    attacker = site.browser()
    attacker.client.set_cookie("__Host-coplink", planted, domain="127.0.0.1")
    assert attacker.get("/me").status_code == 303


def refusals(site, lms):
    """What knocks wrongly: how, the status, a piece of the sentence."""
    honest = lms.login_form({"target_link_uri": f"{BASE}/"})
    yield "unknown platform", {**honest, "iss": "https://other.example"}, None, 404, ""
    yield "nothing at all", {}, None, 400, "began this visit in a way"
    yield "target elsewhere", {**honest, "target_link_uri": "https://evil.example/"}, None, 400, ""
    yield "no state", honest, {"id_token": "x.y.z"}, 401, "could not be matched"
    yield "a state of nobody", honest, {"state": "made-up", "id_token": "x.y.z"}, 401, "could not be matched"


def test_whoever_knocks_wrongly_gets_a_page_that_says_what_to_do(site, lms):
    for how, initiation, form, status, piece in refusals(site, lms):
        browser = site.browser()
        answer = browser.client.post("/lti/login", data=initiation, base_url=BASE)
        if form is not None:
            answer = browser.client.post("/lti/launch", data=form, base_url=BASE)
        browser.page = answer
        assert answer.status_code == status, how
        assert piece in browser.says(), how
        assert "name this reference" in browser.says(), how
        assert "Traceback" not in answer.text


def test_a_forged_an_old_and_a_replayed_launch_are_refused(site, lms):
    browser = site.browser()
    assert launch(site, lms, browser, {"exp": 1}).status_code == 401
    assert "exp" not in browser.says().split("reference")[0].lower().split()
    assert launch(site, lms, browser, {"aud": "someone-else"}).status_code == 401
    began = browser.client.post(
        "/lti/login", data=lms.login_form({"target_link_uri": f"{BASE}/"}), base_url=BASE
    )
    form = lms.launch_form(began.location, site.clock.now(), {CLAIM + "target_link_uri": f"{BASE}/"})
    assert launch(site, lms, browser, form=form).status_code == 303
    assert launch(site, lms, browser, form=form).status_code == 401, "twice"
    assert launch(site, lms, site.browser(), form={**form}).status_code == 401, "in another browser"


def test_a_launch_by_get_is_refused(site, lms):
    assert site.browser().get("/lti/launch?state=x&id_token=y").status_code == 405


def test_an_unknown_deployment_waits_for_the_admin(site, lms):
    browser = site.browser()
    initiation = lms.login_form({"target_link_uri": f"{BASE}/", "lti_deployment_id": None})
    began = browser.client.post("/lti/login", data=initiation, base_url=BASE)
    claims = {CLAIM + "target_link_uri": f"{BASE}/", CLAIM + "deployment_id": "new-course"}
    form = lms.launch_form(began.location, site.clock.now(), claims)
    browser.page = browser.client.post("/lti/launch", data=form, base_url=BASE)
    assert browser.page.status_code == 403
    assert "not approved" in browser.says()
    admin = site.admin()
    admin.get("/admin")
    assert "waiting for approval" in admin.says()
    admin.post("/admin/deployments/approve", {"registration": "reg", "deployment": "new-course"})
    began = browser.client.post("/lti/login", data=initiation, base_url=BASE)
    form = lms.launch_form(began.location, site.clock.now(), claims)
    assert browser.client.post("/lti/launch", data=form, base_url=BASE).status_code == 303


def test_our_key_set_is_public(site):
    answer = site.browser().get("/lti/jwks.json")
    assert answer.json["keys"][0]["kty"] == "RSA"
    assert "d" not in answer.json["keys"][0]


def test_a_sign_in_page_sends_away_and_takes_back(site, query):
    door = f"/door/harbour/{site.places()['Riverbend/harbour']}"
    browser = site.browser()
    away = browser.get(door + "?next=/me")
    assert away.status_code == 303
    sent = query(away.location)
    assert sent["back"] == f"{BASE}/door/harbour/return"
    told = json.dumps({"subject": "ben", "account": "ben"})
    back = browser.get("/door/harbour/return", query_string={"state": sent["state"], "code": told})
    assert (back.status_code, back.location) == (303, "/me")
    browser.follow()
    assert "Ben" in browser.says()
    again = browser.get("/door/harbour/return", query_string={"state": sent["state"], "code": told})
    assert again.status_code == 401, "once"


def test_what_comes_back_to_another_browser_or_door_or_too_late_is_refused(site, query):
    door = f"/door/harbour/{site.places()['Riverbend/harbour']}"
    told = json.dumps({"subject": "ben"})

    def away(browser):
        return query(browser.get(door).location)["state"]

    browser = site.browser()
    cases = {
        "another browser": (site.browser(), "/door/harbour/return", away(browser)),
        "another door": (browser, "/door/pinboard/return", away(browser)),
        "no state": (browser, "/door/harbour/return", ""),
        "an odd state": (browser, "/door/harbour/return", "ünïcode" * 60),
    }
    for how, (who, path, state) in cases.items():
        answer = who.get(path, query_string={"state": state, "code": told})
        assert answer.status_code == 401, how
        assert "Please start again" in who.says(), how
    state = away(browser)
    site.clock.pass_by(minutes=11)
    assert browser.get("/door/harbour/return", query_string={"state": state, "code": told}).status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/%2f/evil.example",
        "/..//evil.example",
        "javascript:x",
    ],
)
def test_no_target_leads_to_another_site(site, query, target):
    browser = site.browser()
    away = browser.get(f"/door/harbour/{site.places()['Riverbend/harbour']}", query_string={"next": target})
    told = json.dumps({"subject": "ben"})
    back = browser.get(
        "/door/harbour/return", query_string={"state": query(away.location)["state"], "code": told}
    )
    assert back.location == "/"
    browser = site.browser()
    assert "evil" not in browser.get("/sign-in", query_string={"next": target}).text


def test_whoever_wanted_a_page_gets_it_after_signing_in(site):
    browser = site.browser()
    assert browser.get("/c/abc/meetings").location == "/sign-in?next=/c/abc/meetings"
    browser.follow()
    links = [a["href"] for a in browser.soup().select('a[href^="/door/"]')]
    assert links
    assert all(link.endswith("?next=/c/abc/meetings") for link in links)


def test_a_token_page_holds_its_scripts_its_values_and_one_form(site):
    door = f"/door/pinboard/{site.doors['Riverbend']}"
    browser = site.browser()
    browser.get(door)
    page = browser.soup()
    assert page.html["data-origins"] == "https://staff.example"
    assert page.select_one(f'script[src="{door}/assets/tab.js"]')
    assert len(page.find_all("form")) == 1
    assert page.find("noscript").get_text().strip().startswith("This page needs script")
    asset = browser.get(f"{door}/assets/tab.js")
    assert (asset.data, asset.mimetype) == (b"// fetches a token", "text/javascript")
    assert browser.get(f"{door}/assets/other.js").status_code == 404
    browser.get(door)
    assert browser.post(door, {"token": "nonsense"}).status_code == 401
    assert "The staff room does not know you." in browser.says()
    browser.get(door)
    browser.post(door, {"token": json.dumps({"subject": "ben"}), "theme": "dark"})
    browser.get("/me")
    assert browser.soup().html["data-theme"] == "dark"


@pytest.mark.parametrize(
    "path", ["/door/pinboard/nothing", "/door/nothing/nothing", "/door/harbour/PIN", "/door/nothing/return"]
)
def test_a_door_that_is_none_is_a_page(site, path):
    browser = site.browser()
    answer = browser.get(path.replace("PIN", site.doors["Riverbend"]))
    assert answer.status_code in (401, 404)
    assert "reference" in browser.says()


def test_a_visit_ends_after_an_idle_hour_and_after_eight(site):
    ana = site.enter("ana")
    for _ in range(8):
        site.clock.pass_by(minutes=55)
        assert ana.get("/me").status_code == 200
    site.clock.pass_by(minutes=55)
    assert ana.get("/me").status_code == 303, "eight hours"
    ana = site.enter("ana")
    site.clock.pass_by(minutes=61)
    assert ana.get("/me").status_code == 303, "an idle hour"


def test_a_waiting_invitation_survives_the_sign_in(site):
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    ana.get(f"/c/{key}/people")
    ana.post(f"/c/{key}/links", {"institution": site.there.id})
    ana.get(f"/c/{key}/people")
    link = ana.soup().select_one("input[readonly]")["value"]
    mei = site.browser()
    mei.get(link.removeprefix(BASE))
    assert mei.page.status_code == 200
    assert "An invitation for people of Lakeside" in mei.says()
    assert mei.soup().select_one('a[href^="/door/harbour/"]')
    with site.services.begin() as uow:
        assert len(uow.communities.memberships(key)) == 1, "opening it makes nobody a member"
    site.enter("mei", site.there, browser=mei, course=None)
    assert mei.follow().location == f"/c/{key}/invitation"
    mei.follow()
    assert "Join" in mei.says()
    mei.post(f"/c/{key}/join")
    assert mei.follow().status_code == 200
    stranger = site.browser()
    stranger.get(link.removeprefix(BASE))
    site.enter("ben", browser=stranger, course=None)
    stranger.follow()
    assert "You are signed in as somebody of another institution" in stranger.says()
    stranger.get("/me")
    assert stranger.post(f"/c/{key}/join").status_code == 404
