"""Chromium as these tests start it keeps ordinary cookies from a frame of another site, and sends partitioned ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from visitors import frame_of_tool, launch
from werkzeug.wrappers import Request, Response

from coplink.sandbox.wire import Served

PLAIN = "ordinary=1; Path=/; Secure; HttpOnly; SameSite=None"
PARTED = "__Host-parted=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"


@Request.application
def two_sites(request: Request) -> Response:
    """``/outside`` frames ``/set`` of the other site, which sets both cookies and goes on to ``/seen``."""
    port = request.host.rpartition(":")[2]
    if request.path == "/outside":
        frame = f"<iframe title=coplink src=http://127.0.0.1:{port}/set></iframe>"
        return Response(f"<!doctype html><title>Outside</title>{frame}", mimetype="text/html")
    if request.path == "/set":
        answer = Response(status=303, headers={"Location": "/seen"})
        answer.headers.add("Set-Cookie", PLAIN)
        answer.headers.add("Set-Cookie", PARTED)
        return answer
    names = " ".join(sorted(request.cookies)) or "none"
    return Response(f"<!doctype html><title>Seen</title><p role=status>{names}</p>", mimetype="text/html")


@pytest.fixture
def port() -> Iterator[int]:
    served = Served(two_sites)
    yield served.port
    served.stop()


def test_a_frame_of_another_site_gets_only_the_partitioned_cookie(visit, port):
    page = visit()
    page.goto(f"http://localhost:{port}/outside")
    expect(page.get_by_title("coplink").content_frame.get_by_role("status")).to_have_text("__Host-parted")


def test_on_its_own_the_same_site_gets_both(visit, port):
    page = visit()
    page.goto(f"http://127.0.0.1:{port}/set")
    expect(page.get_by_role("status")).to_have_text("__Host-parted ordinary")


def test_every_cookie_of_coplink_is_partitioned_and_out_of_reach(visit, demo):
    page = visit()
    launch(page, demo, "keiko.tanaka", "102")
    ours = [one for one in page.context.cookies() if one["name"].startswith("__Host-")]
    assert {one["name"] for one in ours} == {"__Host-coplink", "__Host-coplink-browser"}
    for cookie in ours:
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "None")
        assert cookie["partitionKey"] == "http://localhost"
    assert frame_of_tool(page).evaluate("document.cookie") == ""
