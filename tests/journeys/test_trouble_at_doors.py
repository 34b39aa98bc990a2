"""Launches that go wrong, and people that are hard to name: a clear page with a reference, and nobody else's data."""

from __future__ import annotations

import re
import sqlite3
import time
from typing import Any

import jwt
import pytest

from coplink.cli.demo.browser import Page
from coplink.lti.sandbox.school import School
from coplink.sandbox.district import ISSUER, region
from coplink.sandbox.store import Store

REFERENCE = re.compile(r"\b[A-HJ-NP-Z2-9]{8}\b")
MARKUP = ("<b>Bobby", "<script>alert")


def authorized(scene: Any, who: str, course: str = "101") -> Page:
    """The page of the platform that would post the launch."""
    browser = scene.cast.browser(who)
    page = browser.open(f"{scene.demo.url('lti')}/courses/{course}?as={who}")
    return browser.send(page, "/lti/login")


def launched(scene: Any, who: str, page: Page, **changed: str) -> Page:
    fields = dict(page.form("/lti/launch").fields) | changed
    return scene.ask(who, "/lti/launch", fields)


def forged(scene: Any, page: Page, **changed: Any) -> str:
    """The launch's own token with other claims, signed with the platform's key."""
    claims = jwt.decode(
        dict(page.form("/lti/launch").fields)["id_token"], options={"verify_signature": False}
    )
    store = Store(scene.demo.folder / "region.sqlite")
    kid, private = School(region(scene.demo.tool_url), store, time.time).signing_key()
    store.close()
    return jwt.encode(claims | changed, private, algorithm="RS256", headers={"kid": kid})


def refused(scene: Any, page: Page, status: int, *words: str, code: str) -> None:
    """A clear page with a reference that the log knows, and a detail there."""
    assert page.status == status, page.text
    for said in words:
        assert said in page.text
    found = REFERENCE.search(page.text)
    assert found, page.text
    entries = scene.logged(ref=found[0])
    assert [entry["code"] for entry in entries] == [code]
    assert entries[0]["detail"]


def test_a_platform_that_nobody_registered(scene: Any) -> None:
    login = {"iss": "https://lms.example", "login_hint": "x", "target_link_uri": f"{scene.demo.tool_url}/"}
    page = scene.ask("a visitor", "/lti/login", login)
    refused(scene, page, 404, "platform", "name the reference", code="unknown_platform")


@pytest.mark.parametrize("lost", ["", "client_id", "target_link_uri", "login_hint"])
def test_logins_with_something_missing_are_no_500(scene: Any, lost: str) -> None:
    login = {
        "iss": ISSUER,
        "client_id": "x" * 5000,
        "login_hint": "é",
        "target_link_uri": "javascript:alert(1)",
    }
    page = scene.ask("a visitor", "/lti/login", {k: v for k, v in login.items() if k != lost})
    assert 400 <= page.status < 500
    assert "alert(1)" not in page.html


def test_an_unknown_deployment_is_let_in_once_the_admin_has_approved_it(scene: Any) -> None:
    with sqlite3.connect(scene.demo.folder / "coplink.sqlite") as database:
        gone = database.execute("DELETE FROM deployments WHERE deployment_id LIKE '101:%'").rowcount
    database.close()
    assert gone == 1
    page = launched(scene, "elias.haddad", authorized(scene, "elias.haddad"))
    refused(scene, page, 403, "administrator must approve", code="unknown_deployment")
    again = scene.ask("elias.haddad", f"{scene.demo.url('lti')}/courses/101?as=elias.haddad")
    login = dict(again.form("/lti/login").fields)
    page = scene.ask("elias.haddad", "/lti/login", login)
    refused(scene, page, 403, "waits for an administrator", code="pending_deployment")
    other = scene.ask(scene.admin("lakeside"), "/admin")
    assert not [form for form in other.forms if "approve" in form.action]
    admin = scene.admin("riverbend")
    overview = scene.ask(admin, "/admin")
    scene.cast.browser(admin).send(overview, "/admin/deployments/approve")
    assert scene.cast.launch("elias.haddad").status == 200


def test_a_launch_that_is_too_old_or_comes_twice(scene: Any) -> None:
    page = authorized(scene, "hugo.marsh")
    now = int(time.time())
    old = launched(scene, "hugo.marsh", page, id_token=forged(scene, page, iat=now - 7200, exp=now - 3600))
    refused(scene, old, 401, "open coplink again", code="bad_token")
    page = authorized(scene, "hugo.marsh")
    assert launched(scene, "hugo.marsh", page).status == 200
    refused(scene, launched(scene, "hugo.marsh", page), 401, "too old, was used already", code="lost_state")


def test_a_login_that_was_begun_too_long_ago(scene: Any) -> None:
    page = authorized(scene, "hugo.marsh")
    with sqlite3.connect(scene.demo.folder / "coplink.sqlite") as database:
        database.execute("UPDATE logins SET expires_at = '2020-01-01 00:00:00.000000'")
    database.close()
    refused(scene, launched(scene, "hugo.marsh", page), 401, "too old", code="lost_state")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody else"},
        {"nonce": "another"},
        {"iss": "https://elsewhere.example"},
        {"iat": 4_000_000_000},
    ],
)
def test_tokens_for_somebody_else(scene: Any, claims: dict[str, Any]) -> None:
    page = authorized(scene, "hugo.marsh")
    answer = launched(scene, "hugo.marsh", page, id_token=forged(scene, page, **claims))
    refused(scene, answer, 401, "open coplink again", code="bad_token")


@pytest.mark.long
def test_somebody_without_an_email_address_joins_and_sits(scene: Any) -> None:
    scene.enrol("walt.silent", "101")
    community = scene.found()
    scene.inside.until_idle()
    scene.cast.join_from_course("walt.silent", community)
    scene.inside.until_idle()
    assert scene.cast.resident("walt.silent").canvas_id in scene.sitting(community, "canvas")
    people = scene.page(community, "people")
    assert "Walt Silent" in people.text
    assert "Open the Teams tab once" in people.text
    assert scene.page(community, "", "walt.silent").status == 200


@pytest.mark.long
def test_a_name_that_is_markup_is_text_wherever_it_shows(scene: Any) -> None:
    scene.enrol("bobby.tables", "202")
    name = "<script>alert(2)</script> & “Sons”"
    community = scene.found("luis.ortega", "202", name=name, about="<img src=x onerror=alert(3)>")
    scene.inside.until_idle()
    scene.cast.launch("bobby.tables", "202")
    page = scene.page(community, "invitation", "bobby.tables")
    shown = [page, scene.cast.browser("bobby.tables").send(page, "/join")]
    scene.inside.until_idle()
    page = scene.cast.sign_in_with_google("luis.ortega", scene.ask("luis.ortega", "/sign-in"))
    if any("/is-this-you" in form.action for form in page.forms):
        shown.append(scene.cast.browser("luis.ortega").send(page, "/is-this-you", press="Yes"))
        scene.cast.launch("luis.ortega", "202")
        scene.cast.that_was_me("luis.ortega")
    scene.inside.until_idle()
    scene.cast.add_file_in_drive("luis.ortega", "<script>alert(4)</script>.txt")
    scene.inside.mark_everything(community)
    scene.inside.until_idle()
    for who in ("luis.ortega", "bobby.tables"):
        names = ("", "people", "places", "meetings", "library", "history", "invitation", "leave")
        shown += [scene.page(community, page, who) for page in names]
        shown += [scene.ask(who, path) for path in ("/?all=1", "/me")]
    shown.append(scene.ask(scene.admin("lakeside"), "/admin"))
    scene.cast.launch("luis.ortega", "202")
    shown.append(scene.ask("luis.ortega", "/found/preview", scene.form("luis.ortega", name=name)))
    shown += [
        scene.ask("a visitor", f"{scene.demo.url(sandbox)}{path}")
        for sandbox, path in (
            ("canvas", "/look/courses/202"),
            ("google", "/look/drive"),
            ("teams", "/look/team"),
        )
    ]
    for page in shown:
        assert page.status == 200, (page.url, page.text)
        for markup in (*MARKUP, "<script>alert(2)", "<img src=x", "<script>alert(4)"):
            assert markup not in page.html, page.url
    for part in ("Bobby", "alert(4)"):
        assert any(part in page.text for page in shown)
    assert "alert(2)" in scene.page(community, "", "luis.ortega").text


def test_in_a_course_without_a_facilitator_nobody_founds(scene: Any) -> None:
    who = "imani.brooks" if "imani.brooks" in scene.enrolled("103") else sorted(scene.enrolled("103"))[0]
    page = scene.cast.launch(who, "103")
    assert page.status == 200
    assert not [url for url, _ in page.links if url.endswith("/found")]
    answer = scene.ask(who, "/found")
    assert answer.status == 403
    assert "facilitator" in answer.text or "lead" in answer.text or "teach" in answer.text
    form = {"csrf": page.forms[0].fields[0][1] if page.forms and page.forms[0].fields else "", "name": "Mine"}
    assert scene.ask(who, "/found", form).status == 403
