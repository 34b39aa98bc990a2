"""The tab's scripts in a real browser, framed from another site, under the strict policy coplink's pages have."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from werkzeug.wrappers import Request, Response

from coplink.core.arrival import Arrival
from coplink.ports.door import InboundRequest
from coplink.sandbox.wire import Served
from coplink_teams import integration

pytestmark = pytest.mark.browser


class Tool:
    """As much of coplink's pages as the door needs."""

    def __init__(self, rig):
        self.door = integration.door("inst", rig.wire.settings("riverbend"), rig.around)
        self.arrivals: list[Arrival] = []
        self.themes: list[str] = []

    def __call__(self, environ, start_response):
        request = Request(environ)
        name = request.path.rpartition("/")[2]
        page = self.door.page
        if name in page.assets:
            response = Response(page.assets[name], mimetype="text/javascript")
        elif request.method == "POST":
            form = request.form.to_dict()
            self.themes.append(form["theme"])
            self.arrivals.append(self.door.open(InboundRequest("POST", request.path, form=form), None))
            response = Response("<p id=in>welcome</p>", mimetype="text/html")
        else:
            scripts = "".join(f"<script src='/assets/{asset}' defer></script>" for asset in page.assets)
            data = " ".join(f"data-{key}='{value}'" for key, value in page.data.items())
            response = Response(
                f"<!doctype html><html {data}><head>{scripts}</head><body><main><p role=status>One moment</p>"
                "<form method=post><input type=hidden name=token><input type=hidden name=theme></form></main>",
                mimetype="text/html",
            )
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self';"
            f" frame-ancestors {' '.join(self.door.frame_ancestors)}"
        )
        return response(environ, start_response)


@pytest.fixture
def tool(rig) -> Iterator[Tool]:
    tool = Tool(rig)
    served = Served(tool)
    rig.wire.store.put("teams.app", "riverbend", {"tab_url": f"{served.url}/door/teams/1"})
    yield tool
    served.stop()


def frame_of(page):
    return page.frame_locator("#tab")


def test_opening_the_tab_in_teams_says_who_came(rig, tool, browser):
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"http://localhost:{rig.served.port}/teams/ben.okafor")
    frame_of(page).locator("#in").wait_for(timeout=10_000)
    assert [arrival.subject for arrival in tool.arrivals] == [rig.oid("ben.okafor")]
    assert tool.themes == ["light"]
    assert all(
        "127.0.0.1" in url or "localhost" in url for url in asked if not url.startswith("https://res.cdn")
    )
    page.close()


def test_a_page_that_is_not_teams_may_not_frame_the_tab(rig, tool, browser):
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{rig.served.port}/teams/ben.okafor")  # an origin that is not in the list
    time.sleep(1)
    assert tool.arrivals == []
    page.close()


def test_outside_teams_a_sentence_says_where_to_open_it(rig, tool, browser):
    page = browser.new_page()
    page.goto(rig.wire.store.get("teams.app", "riverbend")["tab_url"])
    page.get_by_role("alert").wait_for()
    assert "inside Microsoft Teams" in page.get_by_role("alert").inner_text()
    page.close()


def test_without_consent_the_administrator_is_named(rig, tool, browser):
    page = browser.new_page()
    page.route("**/_sandbox/sso*", lambda route: route.fulfill(status=403, body="{}"))
    page.goto(f"http://localhost:{rig.served.port}/teams/ben.okafor")
    frame_of(page).get_by_role("alert").wait_for(timeout=10_000)
    assert "Microsoft 365 administrator" in frame_of(page).get_by_role("alert").inner_text()
    assert tool.arrivals == []
    page.close()


def test_the_theme_of_teams_is_taken_over(rig, tool, browser):
    page = browser.new_page()
    page.route("**/_sandbox/sso*", lambda route: route.fulfill(status=403, body="{}"))
    page.goto(f"http://localhost:{rig.served.port}/teams/ben.okafor")
    frame_of(page).get_by_role("alert").wait_for(timeout=10_000)
    page.select_option("#theme", "contrast")
    frame_of(page).locator("html[data-theme=contrast]").wait_for(timeout=5_000, state="attached")
    assert page.frames[1].evaluate("document.documentElement.dataset.theme") == "contrast"
    page.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_look_into_the_team_fits_small_screens(rig, parts, browser, width):
    rig.wire.drives.add(
        parts["channel"].partition("/")[2], "<b>Notes</b>.docx", rig.wire.region.residents["ben.okafor"]
    )
    page = browser.new_page(viewport={"width": width, "height": 700})
    page.goto(f"http://localhost:{rig.served.port}/look/team")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.locator("li b").count() == 0
    page.get_by_role("button", name="Add file").first.click()
    page.wait_for_url("**/look/team")
    assert page.get_by_text("Notes.docx").count() >= 1
    assert len(rig.wire.state()["files"]) == 2
    page.close()
