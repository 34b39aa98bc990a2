"""Links, feeds, hooks and pages in the wrong hands: a clear sentence, never a 500, never somebody else's data."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import Any

import pytest
import requests

from coplink.cli.demo.browser import Browser, read
from coplink.engine import connect
from coplink.wiring import Services

NO_LONGER = "no longer open"
GET, POST = "GET", "POST"


def expire(scene: Any, kind: str) -> None:
    """The newest link of this kind is too old."""
    with sqlite3.connect(scene.demo.folder / "coplink.sqlite") as database:
        newest = "(SELECT max(made_at) FROM links WHERE kind = ?)"
        database.execute(
            f"UPDATE links SET expires_at = '2020-01-01 00:00:00.000000' WHERE made_at = {newest}", (kind,)
        )
    database.close()


@pytest.fixture
def community(scene: Any) -> str:
    """A community that needs no platform: its only place waits for the other district."""
    with scene.inside.services.begin() as uow:
        other = uow.institutions.named("Lakeside School District")
        google = uow.institutions.connection_of(other.id, "google")
    return scene.found(places=[google.id], agreed=False)


def test_a_revoked_and_an_expired_invitation(scene: Any, community: str) -> None:
    link = scene.cast.invite("Lakeside School District", community)
    assert scene.ask("luis.ortega", link).status == 200
    page = scene.page(community, "people")
    scene.cast.browser("ana.ruiz").send(page, "/revoke")
    for who in ("luis.ortega", "a visitor"):
        page = scene.ask(who, link)
        assert page.status == 410
        assert NO_LONGER in page.text
    fresh = scene.cast.invite("Lakeside School District", community)
    assert fresh != link
    expire(scene, "invitation")
    page = scene.ask("mei.chen", fresh)
    assert page.status == 410
    assert "Ask whoever sent it for a new link" in page.text
    scene.cast.launch("mei.chen", "202")
    for path in ("invitation", ""):
        assert scene.page(community, path, "mei.chen").status == 404


def test_the_link_of_another_institution_lets_nobody_in(scene: Any, community: str) -> None:
    link = scene.cast.invite("Lakeside School District", community)
    scene.cast.launch("rosa.delgado", "102")
    page = scene.ask("rosa.delgado", link)
    assert page.status == 200
    assert "Lakeside School District" in page.text
    assert not [form for form in page.forms if "/join" in form.action]
    assert scene.page(community, "invitation", "rosa.delgado").status == 404
    secret = next(value for name, value in scene.ask("rosa.delgado", "/me").forms[0].fields if name == "csrf")
    assert scene.ask("rosa.delgado", f"/c/{community}/join", {"csrf": secret}).status == 404
    scene.cast.launch("ravi.menon", "202")
    page = scene.ask("ravi.menon", link)
    scene.cast.browser("ravi.menon").send(page, "/join")
    assert scene.page(community, "", "ravi.menon").status == 200


def test_one_person_opens_two_invitations(scene: Any, community: str) -> None:
    with scene.inside.services.begin() as uow:
        other = uow.institutions.named("Lakeside School District")
        google = uow.institutions.connection_of(other.id, "google")
    second = scene.found(places=[google.id], agreed=False)
    links = [scene.cast.invite("Lakeside School District", one) for one in (community, second)]
    for link in links:  # both opened before they sign in: the last one is asked first
        assert scene.ask("noah.feld", link).status == 200
    page = scene.cast.launch("noah.feld", "202")
    assert second in page.url
    scene.cast.browser("noah.feld").send(page, "/join")
    page = scene.ask("noah.feld", links[0])
    assert community in page.url
    scene.cast.browser("noah.feld").send(page, "/join")
    again = scene.ask("noah.feld", links[0])
    assert again.status == 200
    assert "Noah Feld" in scene.page(community, "people").text
    assert scene.page(community, "people").html.count("<strong>Noah Feld</strong>") == 1
    assert scene.page(second, "people").html.count("<strong>Noah Feld</strong>") == 1


def test_an_admin_link_works_once_and_not_for_ever(scene: Any) -> None:
    services: Services = scene.inside.services

    def fresh() -> str:
        with services.begin() as uow:
            owner = connect.the_institution(uow, "Lakeside School District")
            link = connect.invite_admin(uow, owner, "Sam Late", services.now())
            uow.commit()
        return f"/admin/claim/{link.token}"

    link = fresh()
    page = scene.ask("Sam Late", link)
    assert page.status == 200
    assert scene.ask("Sam Late", link).status == 200  # looking does not use it up
    claim = dict(page.form("/admin/claim").fields)
    assert "/admin" in scene.ask("Sam Late", link, claim).url
    page = scene.ask("a thief", link)
    assert page.status == 410
    assert "has been used or is too old" in page.text
    other = fresh()
    page = scene.ask("a thief", other)
    expire(scene, "admin")
    late = scene.ask("a thief", other, dict(page.form("/admin/claim").fields))
    assert late.status == 400
    assert "has been used or is too old" in late.text
    assert scene.ask("a thief", "/admin").url.endswith("/sign-in?next=/admin")


def test_a_feed_closes_when_it_is_revoked_or_its_owner_leaves(scene: Any, community: str) -> None:
    def address() -> str:
        page = scene.cast.browser("ana.ruiz").send(scene.page(community, "meetings"), "/feed")
        return re.findall(r"https?://[^\s\"<]+/feed/[\w-]+\.ics", page.html)[0]

    first = address()
    program = Browser("a calendar program")
    assert "BEGIN:VEVENT" in program.look(first).html
    scene.cast.browser("ana.ruiz").send(scene.page(community, "meetings"), "/feed/revoke")
    closed = program.look(first)
    assert closed.status == 404
    assert "not open any more" in closed.text
    assert address() != first
    link = scene.cast.invite("Lakeside School District", community)
    scene.cast.launch("olga.ivanova", "202")
    scene.cast.browser("olga.ivanova").send(scene.ask("olga.ivanova", link), "/join")
    page = scene.cast.browser("olga.ivanova").send(scene.page(community, "meetings", "olga.ivanova"), "/feed")
    theirs = re.findall(r"https?://[^\s\"<]+/feed/[\w-]+\.ics", page.html)[0]
    assert program.look(theirs).status == 200
    scene.cast.leave("olga.ivanova", community)
    assert program.look(theirs).status == 404
    assert program.look(theirs.replace(".ics", "x.ics")).status == 404


@pytest.mark.long
def test_hooks_with_wrong_secrets_and_large_bodies(scene: Any) -> None:
    community = scene.found()
    scene.inside.until_idle()
    spaces = scene.inside.spaces(community)
    before = {key: len(scene.calls(key)) for key in ("teams", "google")}
    hint = {
        "value": [{"clientState": "wrong", "subscriptionId": "1", "resource": "x", "changeType": "updated"}]
    }
    for integration in ("teams", "google", "canvas", "nothing"):
        for space in (spaces["teams"].id, spaces["google"].id, "0" * 32, "%00", "é" * 50):
            url = f"{scene.demo.tool_url}/hook/{integration}/{space}"
            for sent in (
                {"json": hint},
                {"data": b"\xff\xfe"},
                {"json": []},
                {"json": {"value": [None, 3, {"clientState": 5}]}},
                {"headers": {"X-Goog-Channel-Token": "wrong", "X-Goog-Resource-State": "change"}},
            ):
                page = read(requests.post(url, timeout=30, **sent))
                assert page.status in (202, 400, 404, 413), (url, page.status, page.text)
            assert read(requests.get(url, timeout=30)).status in (202, 400, 404)
            with contextlib.suppress(
                requests.ConnectionError
            ):  # the rest of the body is not even listened to
                page = read(requests.post(url, timeout=30, data=b"x" * 300_000))
                assert page.status in (202, 404, 413), page.text
    assert scene.logged(event="hook without the right proof")
    scene.inside.until_idle()
    after = {key: len(scene.calls(key)) for key in ("teams", "google")}
    assert after == before, "a hook without the secret caused work"


PAGES = (
    (GET, "/c/{c}"),
    (GET, "/c/{c}/places"),
    (GET, "/c/{c}/places/progress"),
    (GET, "/c/{c}/people"),
    (GET, "/c/{c}/library"),
    (GET, "/c/{c}/meetings"),
    (GET, "/c/{c}/history"),
    (GET, "/c/{c}/invitation"),
    (GET, "/c/{c}/leave"),
    (POST, "/c/{c}/join"),
    (POST, "/c/{c}/decline"),
    (POST, "/c/{c}/pause"),
    (POST, "/c/{c}/leave"),
    (POST, "/c/{c}/feed"),
    (POST, "/c/{c}/feed/revoke"),
    (POST, "/c/{c}/links"),
    (POST, "/c/{c}/links/{x}/revoke"),
    (POST, "/c/{c}/places/{s}/again"),
    (POST, "/admin/spaces/{s}/again"),
    (POST, "/admin/communities/{c}/agree"),
    (POST, "/admin/communities/{c}/refuse"),
    (POST, "/admin/connections/canvas"),
    (POST, "/admin/connections/canvas/check"),
    (POST, "/admin/deployments/approve"),
    (POST, "/is-this-you"),
    (POST, "/found"),
    (POST, "/found/preview"),
    (POST, "/found/edit"),
    (GET, "/found"),
    (GET, "/admin"),
    (GET, "/admin/connections/canvas"),
    (GET, "/admin/connections/{x}"),
    (GET, "/admin/claim/{x}"),
    (POST, "/admin/claim/{x}"),
    (GET, "/i/{x}"),
    (GET, "/feed/{x}.ics"),
    (GET, "/door/google/{x}"),
    (POST, "/door/teams/{x}"),
    (GET, "/door/{x}/return"),
    (GET, "/door/teams/{x}/assets/a.js"),
    (POST, "/me/link"),
    (POST, "/me/part"),
    (POST, "/me/home"),
    (POST, "/lti/launch"),
)
STRANGE = ("0" * 32, "x", "..", "%00", "%ff", "é", "a" * 3000, "'--", "<script>")
OPEN_TO_STRANGERS = ("/found/edit",)


@pytest.mark.parametrize(
    "who",
    [
        pytest.param("nobody", marks=pytest.mark.long),
        pytest.param("another member", marks=pytest.mark.long),
        "an admin elsewhere",
    ],
)
@pytest.mark.long
def test_every_page_in_the_wrong_hands(scene: Any, who: str) -> None:
    name = "Nobody else should read this"
    with scene.inside.services.begin() as uow:
        other = uow.institutions.named("Riverbend Unified School District")
        canvas = uow.institutions.connection_of(other.id, "canvas")
    community = scene.found(name=name, places=[canvas.id], agreed=False)
    space = scene.inside.spaces(community)["canvas"].id
    visitor = {"nobody": "nobody", "another member": "sofia.rossi", "an admin elsewhere": ""}[who]
    if who == "another member":
        scene.cast.launch(visitor, "202")
    elif not visitor:
        visitor = scene.admin("lakeside")
    me = scene.ask(visitor, "/me")
    csrf = next((v for form in me.forms for n, v in form.fields if n == "csrf"), "x")
    keys = [(community, space, "0" * 32), *((one, one, one) for one in STRANGE)]
    for method, pattern in PAGES:
        for c, s, x in keys:
            path = pattern.format(c=c, s=s, x=x)
            data = {"csrf": csrf, "institution": x, "person": x, "answer": "yes", "code": x, "zone": "UTC"}
            page = scene.ask(visitor, path, data if method == POST else None)
            assert page.status < 500, (who, method, path, page.text)
            assert name not in page.html, (who, method, path)
            assert "Ana Ruiz" not in page.html, (who, method, path)
    with scene.inside.services.begin() as uow:
        assert len(uow.communities.memberships(community)) >= 1
        joined = [m for m in uow.communities.memberships(community) if m.standing.value == "joined"]
    assert len(joined) == 1
