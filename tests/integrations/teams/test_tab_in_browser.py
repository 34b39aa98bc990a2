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
        self.led = [1, 2]

    def __call__(self, environ, start_response):
        request = Request(environ)
        name = request.path.rpartition("/")[2]
        page = self.door.page
        scripts = {**page.assets, **page.choosing}
        if name in scripts:
            response = Response(scripts[name], mimetype="text/javascript")
        elif name == "choose":
            response = Response(self.choice(request.host_url), mimetype="text/html")
        elif request.method == "POST" and request.args.get("next"):
            self.arrivals.append(
                self.door.open(InboundRequest("POST", request.path, form=request.form.to_dict()), None)
            )
            response = Response(status=303, headers={"Location": request.args["next"]})
        elif request.method == "POST":
            form = request.form.to_dict()
            self.themes.append(form["theme"])
            self.arrivals.append(self.door.open(InboundRequest("POST", request.path, form=form), None))
            response = Response("<p id=in>welcome</p>", mimetype="text/html")
        else:
            loaded = "".join(f"<script src='/assets/{asset}' defer></script>" for asset in page.assets)
            data = " ".join(f"data-{key}='{value}'" for key, value in page.data.items())
            response = Response(
                f"<!doctype html><html {data}><head>{loaded}</head><body><main><p role=status>One moment</p>"
                "<form method=post><input type=hidden name=token><input type=hidden name=theme></form></main>",
                mimetype="text/html",
            )
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self';"
            f" frame-ancestors {' '.join(self.door.frame_ancestors)}"
        )
        return response(environ, start_response)

    def choice(self, base: str) -> str:
        """The page on which a community is chosen, as ``tab_setup.html`` has it."""
        page = self.door.page
        loaded = "".join(f"<script src='/assets/{name}' defer></script>" for name in page.choosing)
        data = " ".join(f"data-{key}='{value}'" for key, value in page.data.items())
        radios = "".join(
            f"<label><input type=radio name=community value='c{n}' data-content='{base}door/teams/1?for=c{n}'"
            f" data-website='{base}c/c{n}' data-name='Circle {n}'> Circle {n}</label>"
            for n in self.led
        )
        return (
            f"<!doctype html><html {data}><head>{loaded}</head><body><main>{radios}"
            "<p id=tab-status role=status></p></main>"
        )


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
    frame_of(page).locator("#in").wait_for(timeout=30_000)
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
    frame_of(page).get_by_role("alert").wait_for(timeout=30_000)
    assert "Microsoft 365 administrator" in frame_of(page).get_by_role("alert").inner_text()
    assert tool.arrivals == []
    page.close()


def test_the_theme_of_teams_is_taken_over(rig, tool, browser):
    page = browser.new_page()
    page.route("**/_sandbox/sso*", lambda route: route.fulfill(status=403, body="{}"))
    page.goto(f"http://localhost:{rig.served.port}/teams/ben.okafor")
    frame_of(page).get_by_role("alert").wait_for(timeout=30_000)
    page.select_option("#theme", "contrast")
    frame_of(page).locator("html[data-theme=contrast]").wait_for(timeout=30_000, state="attached")
    assert page.frames[1].evaluate("document.documentElement.dataset.theme") == "contrast"
    page.close()


def add_tab(page, rig, channel="19:chosen@thread.tacv2"):
    page.goto(f"http://localhost:{rig.served.port}/teams/ben.okafor/add-tab?channel={channel}")


def test_a_tab_is_set_up_by_hand_and_opens_what_was_chosen(rig, tool, browser):
    page = browser.new_page()
    add_tab(page, rig)
    frame_of(page).get_by_label("Circle 2").wait_for(timeout=30_000)
    assert [arrival.subject for arrival in tool.arrivals] == [rig.oid("ben.okafor")], "through the door first"
    assert page.locator("#save").is_disabled()
    frame_of(page).get_by_label("Circle 2").check()
    page.locator("#save:enabled").wait_for(timeout=30_000)
    page.locator("#save").click()
    frame_of(page).locator("#in").wait_for(timeout=30_000)
    (tab,) = rig.wire.store.all("teams.tab")
    assert tab["channel"] == "19:chosen@thread.tacv2"
    address = rig.wire.store.get("teams.app", "riverbend")["tab_url"].removesuffix("/door/teams/1")
    assert tab["configuration"] == {
        "entityId": "c2",
        "contentUrl": f"{address}/door/teams/1?for=c2",
        "websiteUrl": f"{address}/c/c2",
        "suggestedDisplayName": "Circle 2",
    }
    assert len(tool.arrivals) == 2, "the tab that was saved opens through the door"
    page.close()


def test_nothing_to_choose_from_is_nothing_to_save(rig, tool, browser):
    tool.led = []
    page = browser.new_page()
    add_tab(page, rig)
    frame_of(page).locator("#tab-status").wait_for(timeout=30_000, state="attached")
    page.wait_for_function("document.body.dataset.last === 'appInitialization.success'")
    assert page.locator("#save").is_disabled()
    page.evaluate("document.getElementById('save').disabled = false")
    page.locator("#save").click()
    page.wait_for_function("document.body.dataset.last === 'settings.save.failure'")
    assert rig.wire.store.all("teams.tab") == []
    page.close()


def test_outside_teams_the_choice_says_where_it_belongs(rig, tool, browser):
    page = browser.new_page()
    page.goto(rig.wire.store.get("teams.app", "riverbend")["tab_url"] + "/choose")
    page.get_by_role("alert").wait_for()
    assert "add the coplink tab to a channel" in page.get_by_role("alert").inner_text()
    page.close()


def test_the_choice_takes_the_theme_of_teams_over(rig, tool, browser):
    page = browser.new_page()
    add_tab(page, rig)
    frame_of(page).get_by_label("Circle 1").wait_for(timeout=30_000)
    page.wait_for_function("document.body.dataset.last === 'appInitialization.success'")
    page.select_option("#theme", "dark")
    frame_of(page).locator("html[data-theme=dark]").wait_for(timeout=30_000, state="attached")
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
