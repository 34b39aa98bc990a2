"""The page after a registration tells the platform that it may close it: from a frame and from a window of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

import coplink.web
from coplink.sandbox.wire import Served

SCRIPT = (Path(coplink.web.__file__).parent / "static" / "registered.js").read_text(encoding="utf-8")
HEARS = "addEventListener('message', (event) => (window.heard = window.heard || []).push(event.data))"
CLOSE = {"subject": "org.imsglobal.lti.close"}


@Request.application
def two_sites(request: Request) -> Response:
    """``/tool`` is a page with our script; ``/frame`` and ``/window`` show it as platforms do."""
    port = request.host.rpartition(":")[2]
    tool = f"http://127.0.0.1:{port}/tool"
    body = {
        "/tool": "<h1>Registered</h1><script src=/registered.js defer></script>",
        "/frame": f"<script>{HEARS}</script><iframe title=coplink src={tool}></iframe>",
        "/window": f"<script>{HEARS}</script><button onclick=\"window.open('{tool}')\">Register</button>",
    }.get(request.path)
    if body is None:
        return Response(SCRIPT, mimetype="text/javascript")
    return Response(f"<!doctype html><title>x</title>{body}", mimetype="text/html")


@pytest.fixture
def port() -> Iterator[int]:
    served = Served(two_sites)
    yield served.port
    served.stop()


def heard(page) -> list[object]:
    page.wait_for_function("window.heard && window.heard.length")
    return page.evaluate("window.heard")


def test_a_frame_tells_the_page_around_it(visit, port):
    page = visit()
    page.goto(f"http://localhost:{port}/frame")
    assert heard(page) == [CLOSE]


def test_a_window_tells_who_opened_it(visit, port):
    page = visit()
    page.goto(f"http://localhost:{port}/window")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Register").click()
    assert opened.value.get_by_role("heading", level=1).inner_text() == "Registered"
    assert heard(page) == [CLOSE]


def test_a_page_on_its_own_tells_nobody(visit, port):
    page = visit()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(error))
    page.goto(f"http://127.0.0.1:{port}/tool")
    page.wait_for_load_state("load")
    assert trouble == []
    assert page.evaluate("window.heard") is None
