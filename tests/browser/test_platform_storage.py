"""What others may say to the page that asks the platform's storage: nothing that counts (S23), in Chromium itself.

The platform's frame is replaced by one that lies in every way it can think of; its origin is the right one. A frame of
another origin is told everything by it and answers correctly: only the origin is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cookie_rules import NONE_AT_ALL, chromium_with
from playwright.sync_api import BrowserContext, Page, expect
from settled import COURSE, FACILITATOR
from visitors import course_address, frame_of_tool, tool
from werkzeug.wrappers import Request, Response

from coplink.sandbox.wire import Served

FRAME = "**/api/lti/post_message_forwarding"
PATIENCE = 4_000  # milliseconds that the page waits
HONEST = """
  const kept = window.kept = window.kept || new Map();
  if (said.subject === "lti.put_data") kept.set(said.key, said.value);
  reply({ key: said.key, value: kept.has(said.key) ? kept.get(said.key) : null });
"""
# Everything at once that must not be heard; ``truth`` is what an honest answer would say.
NOISE = """
  const id = said.message_id, truth = { subject: said.subject + ".response", message_id: id, key: said.key, value };
  for (const odd of [null, 7, "x", [], {}, JSON.stringify(truth), [truth], { data: truth }]) send(odd);
  for (const other of ["", null, 7, id + "x", [id], ...ids]) if (other !== id) send({ ...truth, message_id: other });
  for (const name of ["", said.subject, "lti.other_data.response", null]) send({ ...truth, subject: name });
  if (parent.frames.stranger) parent.frames.stranger.postMessage(truth, "*");
  ids.add(id);
"""


def listening(what: str) -> str:
    """The page inside the platform's frame: does ``what`` with each message ``said`` to it."""
    return f"""<!doctype html><title>Storage</title><script>
      let value = ""; const ids = new Set();
      addEventListener("message", (event) => {{
        const said = event.data;
        if (!said || !said.message_id) return;
        if (said.subject === "lti.put_data") value = said.value;
        const send = (more) => event.source.postMessage(more, event.origin);
        const reply = (more) => send({{ subject: said.subject + ".response", message_id: said.message_id, ...more }});
        {what}
      }});
    </script>"""


def either(put: str, get: str) -> str:
    """One thing for ``lti.put_data``, another for ``lti.get_data``."""
    return f'if (said.subject === "lti.put_data") {{ {put} }} else {{ {get} }}'


@pytest.fixture(scope="module")
def context(browser, tmp_path_factory) -> Iterator[BrowserContext]:
    """A Chromium that keeps no cookies."""
    started = chromium_with(browser, tmp_path_factory.mktemp("storage") / "profile", NONE_AT_ALL)
    yield started
    started.close()


@pytest.fixture
def page(context) -> Iterator[Page]:
    page = context.new_page()
    page.clock.install()
    yield page
    page.close()


@pytest.fixture(scope="module")
def stranger() -> Iterator[Served]:
    """Another site: whatever it is told it repeats to coplink's frame, and it can put coplink into a frame itself."""

    @Request.application
    def site(request: Request) -> Response:
        repeat = 'addEventListener("message", (e) => { heard.push(e.data); const t = top.frames.tool;'
        script = f'window.heard = []; {repeat} if (t && e.data.message_id) t.postMessage(e.data, "*"); }});'
        own = f'<iframe name="post_message_forwarding" src="{request.host_url}inside"></iframe>'
        form = "".join(f'<input name="{name}" value="{value}">' for name, value in request.args.items())
        begin = (
            f'<iframe name="tool" title="coplink"></iframe><form target="tool" method="post">{form}</form>'
        )
        body = f"<script>{script}</script>" + (begin + own if request.path == "/begin" else "")
        return Response(f"<!doctype html><title>Elsewhere</title>{body}", mimetype="text/html")

    served = Served(site)
    yield served
    served.stop()


def opened(page: Page, demo: Any, what: str, stranger: str = "") -> None:
    """Open the course with the platform's frame replaced, and a ``stranger``'s frame beside it."""
    page.route(FRAME, lambda route: route.fulfill(body=listening(what), content_type="text/html"))
    page.goto(course_address(demo, FACILITATOR, COURSE))
    if stranger:
        add = "address => { const f = document.createElement('iframe'); f.name = 'stranger'; f.src = address;"
        page.evaluate(add + " document.body.append(f); }", stranger)
        stranger_frame(page).wait_for_function("window.heard && heard.length > 1")


def stranger_frame(page: Page) -> Any:
    return page.wait_for_selector("iframe[name=stranger]").content_frame()


def heard_by_the_stranger(page: Page) -> list[Any]:
    return stranger_frame(page).evaluate("heard")


def offered_a_tab(page: Page) -> None:
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("One more click")
    expect(tool(page).get_by_role("button", name="Open coplink in a new tab")).to_be_visible()


def turned_away(page: Page) -> None:
    """A page that says so, with a reference; nobody is known."""
    expect(tool(page).get_by_text("This visit could not be matched to its beginning")).to_be_visible()
    expect(tool(page).get_by_text("name this reference")).to_be_visible()
    expect(tool(page).get_by_role("link", name="Hugo Marsh")).to_have_count(0)


def after_all_patience(page: Page) -> None:
    """The page is still waiting; then its time is over."""
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("One moment")
    page.wait_for_timeout(300)
    expect(tool(page).get_by_role("heading", level=1)).to_have_text("One moment")
    page.clock.fast_forward(PATIENCE + 100)


def test_the_frame_that_tells_the_truth_lets_in(page, demo, settled):
    opened(page, demo, HONEST)
    tool(page).get_by_role("link", name="Hugo Marsh").wait_for()


def test_keeping_noise_of_all_kinds_and_a_right_answer_of_another_origin_are_not_heard(
    page, demo, settled, stranger
):
    opened(page, demo, NOISE, f"{stranger.url}/")
    after_all_patience(page)
    offered_a_tab(page)
    assert heard_by_the_stranger(page), "the stranger did answer"


def test_reading_back_noise_and_the_right_state_of_another_origin_are_not_heard(
    page, demo, settled, stranger
):
    opened(page, demo, either(HONEST, NOISE), f"{stranger.url}/")
    expect(tool(page).get_by_role("status")).to_have_text("Your learning platform brings you in …")
    after_all_patience(page)
    turned_away(page)
    states = [one["value"] for one in heard_by_the_stranger(page)]
    assert states, "the stranger knew the state and answered"
    assert all(len(state) > 40 for state in states)


def test_noise_does_not_keep_out_who_is_let_in_by_the_truth(page, demo, settled):
    opened(page, demo, NOISE + HONEST)
    tool(page).get_by_role("link", name="Hugo Marsh").wait_for()


@pytest.mark.parametrize(
    "lie",
    [
        'reply({ error: { code: "storage_exhaustion", message: "<b>full</b>" }, key: said.key, value: said.value })',
        "reply({ key: 'another', value: said.value })",
    ],
)
def test_a_refusal_offers_the_tab_at_once(page, demo, settled, lie):
    opened(page, demo, lie)
    offered_a_tab(page)


@pytest.mark.parametrize("value", ["null", '"another"', "undefined", "{ state: value }", "[value]", '""'])
def test_another_state_is_turned_away_by_the_server(page, demo, settled, value):
    opened(page, demo, either(HONEST, f"reply({{ key: said.key, value: {value} }})"))
    turned_away(page)


def begun_by(stranger: Served, page: Page, demo: Any, frame: str) -> None:
    """Let the stranger's page begin a login of the demo's platform; ``frame`` is what it says keeps its values."""
    known = demo.ask("lti", "settings/riverbend")
    begun = {
        "iss": known["issuer"],
        "client_id": known["client_id"],
        "login_hint": "somebody",
        "target_link_uri": f"{demo.tool_url}/",
        "lti_storage_target": frame,
    }
    query = "&".join(f"{name}={value}" for name, value in begun.items())
    page.goto(f"http://localhost:{stranger.port}/begin?{query}")
    page.evaluate(
        f"document.forms[0].action = {json.dumps(demo.tool_url + '/lti/login')}; document.forms[0].submit()"
    )


@pytest.mark.parametrize("name", ["length", "location", "closed", "0"])
def test_a_name_that_means_something_else_in_every_window_keeps_nobody_waiting(
    page, demo, settled, stranger, name
):
    begun_by(stranger, page, demo, name)
    after_all_patience(page)
    offered_a_tab(page)


def test_a_foreign_page_that_begins_a_login_is_told_nothing(page, demo, settled, stranger):
    begun_by(stranger, page, demo, "post_message_forwarding")
    after_all_patience(page)
    offered_a_tab(page)
    told = [
        one
        for frame in (page.main_frame, *page.main_frame.child_frames)
        if frame != frame_of_tool(page)
        for one in frame.evaluate("heard")
    ]
    assert [one for one in told if "lti.frameResize" not in str(one)] == []
