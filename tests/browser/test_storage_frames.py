"""Which window is asked for the state: the frame the platform named, the window around, or the one that opened us."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from werkzeug.wrappers import Request, Response

import coplink.web
from coplink.sandbox.wire import Served

SCRIPT = (Path(coplink.web.__file__).parent / "static" / "platform-storage.js").read_text(encoding="utf-8")
KEEPS = """<script>
addEventListener("message", (event) => {
  const said = event.data;
  (window.asked = window.asked || []).push(said.subject);
  const answer = { ...said, subject: said.subject + ".response", value: "kept by " + document.title };
  event.source.postMessage(answer, event.origin);
});
</script>"""
SHOWS = """<script>
document.addEventListener("coplink:proof", (event) => {
  document.querySelector("output").value = event.detail.state || "nothing";
});
</script>"""


@Request.application
def two_sites(request: Request) -> Response:
    """A platform on ``localhost``, a tool on ``127.0.0.1``: the address says which frame the tool is told to ask."""
    port = request.host.rpartition(":")[2]
    frame = request.args.get("frame", "")
    platform = request.args.get("platform", f"http://localhost:{port}")
    tool = f"http://127.0.0.1:{port}/tool?frame={frame}&platform={platform}"
    asks = f'data-ask="lti.get_data" data-frame="{frame}" data-origin="{platform}" data-key="k" data-code="c"'
    pages = {
        "/tool": f"<title>Tool</title><output></output><div hidden {asks}>asks</div><p data-otherwise></p>{SHOWS}"
        "<script src=/storage.js defer></script>",
        "/around": f'<title>around</title>{KEEPS}<iframe name="store" src="/store"></iframe>'
        f'<iframe src="{tool}"></iframe>',
        "/store": f"<title>store</title>{KEEPS}",
        "/opener": f"<title>opener</title>{KEEPS}<button onclick=\"window.open('{tool}')\">Open</button>",
    }
    if request.path not in pages:
        return Response(SCRIPT, mimetype="text/javascript")
    return Response(f"<!doctype html>{pages[request.path]}", mimetype="text/html")


@pytest.fixture
def port() -> Iterator[int]:
    served = Served(two_sites)
    yield served.port
    served.stop()


def proof(page: Page) -> object:
    return page.frame_locator("iframe:last-of-type").locator("output")


@pytest.mark.parametrize(
    ("frame", "kept"),
    [("store", "kept by store"), ("_parent", "kept by around"), ("not_there", "kept by around")],
)
def test_the_named_frame_is_asked_or_the_window_around(visit, port, frame, kept):
    page = visit()
    page.goto(f"http://localhost:{port}/around?frame={frame}")
    expect(proof(page)).to_have_text(kept)


def test_a_window_of_its_own_asks_who_opened_it(visit, port):
    page = visit()
    page.goto(f"http://localhost:{port}/opener?frame=_parent")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open").click()
    expect(opened.value.locator("output")).to_have_text("kept by opener")


def test_a_window_of_another_origin_hears_nothing(visit, port):
    """The question goes to the registered platform's origin; whoever else stands there is not even asked."""
    page = visit()
    page.clock.install()
    page.goto(f"http://localhost:{port}/around?frame=_parent&platform=https://lms.example")
    page.frame_locator("iframe:last-of-type").locator("div").wait_for(state="visible")
    page.clock.run_for(4_000)
    expect(proof(page)).to_have_text("nothing")
    assert page.evaluate("window.asked") is None
