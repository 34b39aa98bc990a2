"""Launches in Chromium under every cookie setting a school may choose, and parents that may not show us.

Each Chromium here has a profile with the setting itself; that cookies are really ineffective is asserted, not assumed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from cookie_rules import DEFAULT, NO_THIRD_PARTY, NONE_AT_ALL, chromium_with, keeps_no_cookie, none_inside
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect
from playwright.sync_api import Response as PlaywrightResponse
from settled import COURSE, FACILITATOR, MEMBER, NAME, days_asked
from visitors import ZONE, course_address, follow, frame_of_tool, launch, tool
from werkzeug.wrappers import Request, Response

from coplink.sandbox.wire import Served

LONG = 60_000


@pytest.fixture
def chromium(browser, tmp_path) -> Iterator[Callable[..., BrowserContext]]:
    """Starts a Chromium with these settings; closed after the test."""
    started: list[BrowserContext] = []

    def start(profile) -> BrowserContext:
        started.append(chromium_with(browser, tmp_path / f"profile-{len(started)}", profile))
        return started[-1]

    yield start
    for context in started:
        context.close()


@pytest.fixture
def moodle(demo) -> Iterator[None]:
    """The platform of Riverbend offers no storage, as Moodle does not."""
    demo.ask("lti", "profile", {"district": "riverbend", "profile": "moodle"})
    yield
    demo.ask("lti", "profile", {"district": "riverbend", "profile": "canvas"})


class Traffic:
    """What a browser sends to coplink: addresses, referers, and the secret a page sends along."""

    def __init__(self, context: BrowserContext, demo) -> None:
        self.addresses: list[str] = []
        self.referers: list[str] = []
        self.secrets: set[str] = set()
        self._answers: list[PlaywrightResponse] = []
        self._tool = demo.tool_url
        context.on("request", self._sent)
        context.on("response", lambda answer: self._answers.append(answer))

    def _sent(self, request) -> None:
        self.addresses.append(request.url)
        self.referers.append(request.headers.get("referer", ""))
        if request.url.startswith(self._tool) and "x-coplink-session" in request.headers:
            self.secrets.add(request.headers["x-coplink-session"])

    def cookies_offered(self) -> bool:
        """Whether coplink tried to set a cookie."""
        ours = [one for one in self._answers if one.url.startswith(self._tool) and "/lti/" in one.url]
        return any(one.header_value("set-cookie") for one in ours)

    def paths(self) -> list[str]:
        """The paths of coplink that were asked for, in order."""
        return [urlsplit(one).path for one in self.addresses if one.startswith(self._tool)]


def enter(page: Page, demo, who: str, course: str = COURSE) -> FrameLocator:
    """Open coplink in the course, and wait until somebody is known there."""
    framed = launch(page, demo, who, course)
    framed.get_by_role("link", name=who.replace(".", " ").title()).wait_for()
    return framed


# --- with cookies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [DEFAULT, NO_THIRD_PARTY], ids=["default", "no third-party cookies"])
def test_a_partitioned_cookie_is_enough(chromium, demo, settled, profile):
    context = chromium(profile)
    traffic = Traffic(context, demo)
    page = context.new_page()
    framed = enter(page, demo, FACILITATOR)
    follow(framed.get_by_role("link", name="People", exact=True))
    expect(framed.get_by_role("heading", level=1)).to_have_text("People")
    assert not traffic.secrets, "the session is in the cookie"
    assert traffic.paths().count("/lti/login") == 2, "once around, to see whether the cookie comes back"
    ours = [one for one in context.cookies() if one["name"].startswith("__Host-coplink")]
    assert {one["partitionKey"] for one in ours} == {"http://localhost"}
    traffic.addresses.clear()
    enter(page, demo, FACILITATOR)
    assert traffic.paths().count("/lti/login") == 1, "known by its cookie"


# --- without any cookie, with the platform's storage ----------------------------------------------------------------


def test_without_any_cookie_a_member_reads_pauses_and_comes_back(chromium, demo, settled):
    context = chromium(NONE_AT_ALL)
    traffic = Traffic(context, demo)
    page = context.new_page()
    framed = enter(page, demo, MEMBER)
    assert keeps_no_cookie(frame_of_tool(page))
    expect(framed.get_by_role("heading", level=1)).to_have_text(NAME)
    for name in ("People", "Library", "Meetings", "Places"):
        follow(framed.get_by_role("link", name=name, exact=True))
        expect(framed.get_by_role("heading", level=1)).to_have_text(name)
        assert page.evaluate("() => document.activeElement.title") == "coplink", (
            "the focus stays in the frame"
        )
        assert frame_of_tool(page).evaluate("document.activeElement.id") == "main"
    expect(framed.get_by_role("status")).to_contain_text("made")
    follow(framed.get_by_role("button", name="Take a break"))
    follow(framed.get_by_role("button", name="Come back"))
    expect(framed.get_by_role("button", name="Take a break")).to_be_visible()
    follow(framed.get_by_role("link", name="Imani Brooks"))
    framed.get_by_label("My time zone").select_option(ZONE)
    follow(framed.get_by_role("button", name="Keep"))
    expect(framed.get_by_label("My time zone")).to_have_value(ZONE)
    expect(framed.locator("body")).not_to_have_attribute("aria-busy", "true")
    frame_of_tool(page).evaluate("history.back()")
    expect(framed.get_by_role("button", name="Take a break")).to_be_visible()
    nothing_leaked(page, context, traffic)


def nothing_leaked(page: Page, context: BrowserContext, traffic: Traffic) -> None:
    """The session worked by one secret in a header, which is nowhere else; no cookie was kept."""
    assert traffic.cookies_offered(), "nobody knows whether they are refused"
    assert context.cookies() == []
    assert len(traffic.secrets) == 1
    secret = next(iter(traffic.secrets))
    assert len(secret) >= 43
    assert not [one for one in (*traffic.addresses, *traffic.referers) if secret in one]
    frame = frame_of_tool(page)
    assert secret not in frame.content()
    assert secret not in frame.evaluate("JSON.stringify([history.state, location.href, window.name])")
    assert secret not in page.content()


def test_the_secret_dies_with_the_page_and_each_launch_has_its_own(chromium, demo, settled):
    context = chromium(NONE_AT_ALL)
    traffic = Traffic(context, demo)
    page = context.new_page()
    follow(enter(page, demo, FACILITATOR).get_by_role("link", name="Library", exact=True))
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("Library")
    frame_of_tool(page).evaluate("location.reload()")
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("Where do you come from?")
    follow(enter(page, demo, FACILITATOR).get_by_role("link", name="People", exact=True))
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("People")
    assert len(traffic.secrets) == 2


def test_what_goes_wrong_is_shown_in_the_page_and_does_not_end_the_session(chromium, demo, settled):
    context = chromium(NONE_AT_ALL)
    page = context.new_page()
    framed = enter(page, demo, FACILITATOR)
    context.set_offline(True)
    framed.get_by_role("link", name="People", exact=True).click()
    expect(framed.get_by_role("alert")).to_contain_text("coplink did not answer.")
    context.set_offline(False)
    follow(framed.get_by_role("link", name="People", exact=True))
    expect(framed.get_by_role("heading", level=1)).to_have_text("People")
    expect(framed.get_by_role("alert")).to_have_count(0)
    follow(framed.get_by_role("link", name="coplink", exact=True))
    framed.get_by_label("Invitation link or code").fill("x" * 43)
    follow(framed.get_by_role("button", name="Open it"))
    expect(framed.get_by_role("heading", level=1)).to_have_text("This link is no longer open")


def test_when_coplink_cannot_be_reached_on_the_way_in_the_page_says_what_to_do(chromium, demo, settled):
    page = chromium(NONE_AT_ALL).new_page()
    page.route("**/lti/held", lambda route: route.abort())
    launch(page, demo, FACILITATOR, COURSE)
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("coplink did not answer")
    expect(tool(page).get_by_text("open coplink again from the course")).to_be_visible()
    page.unroute("**/lti/held")
    enter(page, demo, FACILITATOR)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_without_any_cookie_a_community_is_founded_and_its_places_are_watched(chromium, demo):
    context = chromium(NONE_AT_ALL)
    traffic = Traffic(context, demo)
    page = context.new_page()
    framed = enter(page, demo, "luis.ortega", "202")
    days = days_asked()
    follow(framed.get_by_role("link", name="Begin"))
    framed.get_by_label("Name").fill("Founded without a cookie")
    framed.get_by_label("About what, in a sentence").fill("What works in every browser")
    framed.get_by_label("For whom").fill("Those whose school blocks cookies")
    framed.get_by_label("Time zone").select_option(ZONE)
    framed.get_by_label("Breaks").fill(f"{days.pause.first} to {days.pause.last}")
    follow(framed.get_by_role("button", name="Show me what will be made"))
    expect(framed.get_by_role("heading", level=1)).to_contain_text("before anything is made")
    follow(framed.get_by_role("button", name="Found the community"))
    expect(framed.get_by_role("heading", level=1)).to_have_text("Places")
    expect(framed.get_by_role("status")).to_have_text(
        re.compile("Every place is ready|What can be made is made"), timeout=LONG
    )
    assert any(path.endswith("/places/progress") for path in traffic.paths()), "the page followed the work"
    nothing_leaked(page, context, traffic)


# --- without any cookie, and without the platform's help ------------------------------------------------------------


def test_without_storage_a_new_tab_is_offered_and_works(chromium, demo, settled, moodle):
    context = chromium(none_inside(demo.tool_url, demo.url("lti").replace("127.0.0.1", "localhost")))
    page = context.new_page()
    page.goto(course_address(demo, FACILITATOR, COURSE))
    framed = tool(page)
    expect(framed.get_by_role("heading", level=1)).to_have_text("One more click")
    assert keeps_no_cookie(frame_of_tool(page))
    with context.expect_page() as opened:
        framed.get_by_role("button", name="Open coplink in a new tab").click()
    tab = opened.value
    expect(tab.get_by_role("heading", level=1)).to_have_text(NAME)
    assert tab.evaluate("window.opener") is None
    follow(tab.get_by_role("link", name="People", exact=True))
    expect(tab.get_by_role("heading", level=1)).to_have_text("People")
    assert {one["partitionKey"] for one in context.cookies()} == {"http://127.0.0.1"}


def test_a_new_tab_without_cookies_says_so(chromium, demo, settled, moodle):
    context = chromium(NONE_AT_ALL)
    page = context.new_page()
    page.goto(course_address(demo, FACILITATOR, COURSE))
    with context.expect_page() as opened:
        tool(page).get_by_role("button", name="Open coplink in a new tab").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Cookies are off")
    follow(opened.value.get_by_role("button", name="Try again"))
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Cookies are off")


def test_the_new_tab_works_without_script(browser, demo, settled, moodle, tmp_path):
    profile = none_inside(demo.tool_url, demo.url("lti").replace("127.0.0.1", "localhost"))
    scripts = {"content_settings": {"exceptions": {**profile["content_settings"]["exceptions"]}}}
    scripts["default_content_setting_values"] = {"javascript": 2}
    context = chromium_with(browser, tmp_path / "profile", scripts)
    page = context.new_page()
    page.goto(course_address(demo, FACILITATOR, COURSE))
    page.get_by_role("button", name="Open coplink").click()  # in the frame
    with context.expect_page() as opened:
        tool(page).get_by_role("button", name="Open coplink in a new tab").click()
    tab = opened.value
    follow(tab.get_by_role("button", name="Continue"))  # the platform's own page
    expect(tab.get_by_role("heading", level=1)).to_have_text(NAME)
    context.close()


# --- parents that may not show us -----------------------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[Served]:
    """A site that no school has registered; ``/frame?<address>`` frames an address."""

    @Request.application
    def site(request: Request) -> Response:
        address = request.query_string.decode()
        page = f"<!doctype html><title>Elsewhere</title><iframe title=coplink src='{address}'></iframe>"
        return Response(page, mimetype="text/html")

    served = Served(site)
    yield served
    served.stop()


@pytest.mark.parametrize(
    "path", ["/sign-in", "/privacy", "/c/{community}", "/lti/jwks.json", "/static/coplink.css"]
)
def test_a_wrong_parent_shows_nothing_of_ours(visit, demo, settled, elsewhere, path):
    page = visit()
    refused = []
    page.on("console", lambda said: refused.append(said.text))
    address = demo.tool_url + path.format(community=settled.community)
    page.goto(f"http://localhost:{elsewhere.port}/frame?{address}")
    page.wait_for_timeout(300)
    assert any("frame-ancestors" in one for one in refused), refused
    assert "chrome-error" in frame_of_tool(page).url


def test_the_right_parent_does(visit, demo, settled):
    page = visit()
    framed = enter(page, demo, FACILITATOR)
    expect(framed.get_by_role("heading", level=1)).to_have_text(NAME)
