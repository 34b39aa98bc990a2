"""What stands above every answer: who may frame it, what may run in it, and that personal pages are not kept."""

from __future__ import annotations

import base64
import re

import pytest

from coplink.ports.records import Deployment, Registration, RegistrationState

OPEN_TO_CACHES = {
    "/static/<path:filename>",
    "/lti/jwks.json",
    "/lti/canvas.json",
    "/feed/<token>.ics",
    "/alive",
    "/ready",
}


def policy(answer):
    found = {}
    for part in answer.headers["Content-Security-Policy"].split(";"):
        name, _, values = part.strip().partition(" ")
        found[name] = values.split()
    return found


def concrete(rule):
    return re.sub(r"<(path:)?(\w+)>", lambda m: "coplink.css" if m[2] == "filename" else m[2], rule)


def every_answer(site):
    browser = site.enter("ana", leads=True)
    for rule in site.app.url_map.iter_rules():
        for method in sorted(rule.methods & {"GET", "POST"}):
            path = concrete(rule.rule)
            yield rule.rule, browser.get(path) if method == "GET" else browser.post(path, secret="x")


def test_every_answer_of_every_route_is_guarded(site):
    seen = 0
    for rule, answer in every_answer(site):
        found = policy(answer)
        assert found["default-src"] == ["'none'"], rule
        assert found["script-src"] == ["'self'"], rule
        assert found["style-src"] == ["'self'"], rule
        assert found["base-uri"] == ["'none'"], rule
        assert found["form-action"] == ["'self'"], rule
        assert "'self'" in found["frame-ancestors"], rule
        assert "*" not in found["frame-ancestors"], rule
        assert answer.headers["X-Content-Type-Options"] == "nosniff", rule
        assert answer.headers["Referrer-Policy"] == "same-origin", rule
        if rule not in OPEN_TO_CACHES and not rule.startswith(
            ("/hook", "/door/<integration>/<connection>/assets")
        ):
            assert answer.headers["Cache-Control"] == "no-store", rule
        seen += 1
    assert seen > 45


def test_frames_are_for_registered_platforms_the_suites_doors_and_what_the_operator_allows(site):
    with site.services.begin() as uow:
        for key, institution in (("r1", site.here), ("r2", site.there)):
            uow.platforms.put(
                Registration(
                    key,
                    institution.id,
                    f"https://{key}.example",
                    f"client-{key}",
                    f"https://sso.{key}.example/auth",
                    f"https://{key}.example/token",
                    f"https://{key}.example/jwks",
                )
            )
        uow.commit()
    everybody = policy(site.browser().get("/sign-in"))["frame-ancestors"]
    assert {"https://r1.example", "https://sso.r1.example", "https://r2.example"} <= set(everybody)
    ana = site.enter("ana")
    ours = policy(ana.get("/me"))["frame-ancestors"]
    assert set(ours) == {
        "'self'",
        "https://r1.example",
        "https://sso.r1.example",
        "https://staff.example",
        "https://portal.example",
    }


def register(site, key, state=RegistrationState.OPEN, institution=None):
    with site.services.begin() as uow:
        uow.platforms.put(
            Registration(
                key,
                (institution or site.here).id,
                f"https://{key}.example",
                f"client-{key}",
                f"https://sso.{key}.example/auth",
                f"https://{key}.example/token",
                f"https://{key}.example/jwks",
                state=state,
            )
        )
        uow.commit()


def test_only_open_platforms_are_named_to_anybody(site):
    for state in RegistrationState:
        register(site, state.value, state)
    register(site, "elsewhere", institution=site.there)
    with site.services.begin() as uow:
        uow.platforms.put_deployment(Deployment("elsewhere", "1", site.here.id))
        uow.commit()
    for browser, path in ((site.browser(), "/sign-in"), (site.enter("ana"), "/me")):
        found = policy(browser.get(path))["frame-ancestors"]
        assert "https://open.example" in found
        assert not {"https://pending.example", "https://disabled.example"} & set(found)
    assert "https://elsewhere.example" not in found, "its deployment was not approved"


def test_many_platforms_make_neither_a_long_header_nor_a_list_of_our_schools(site):
    for number in range(300):
        register(site, f"school{number}", institution=site.there)
    for path in ("/sign-in", "/privacy", "/i/nothing", "/lti/login", "/nowhere"):
        answer = site.browser().get(path)
        assert len(answer.headers["Content-Security-Policy"]) < 1000, path
        assert "school7" not in answer.headers["Content-Security-Policy"], path
    from_seven = site.browser().get("/sign-in", headers={"Referer": "https://school7.example/course"})
    assert "https://school7.example" in policy(from_seven)["frame-ancestors"]
    assert "https://school8.example" not in policy(from_seven)["frame-ancestors"]


def test_a_beginning_of_a_launch_names_the_platform_it_concerns_alone(site):
    register(site, "r1")
    register(site, "r2", institution=site.there)
    fields = {"iss": "https://r1.example", "client_id": "client-r1", "login_hint": "x"}
    from_r1 = {"'self'", "https://r1.example", "https://sso.r1.example", "https://portal.example"}
    began = site.browser().get("/lti/login", query_string=fields)
    assert began.status_code == 400, "it names no target"
    assert set(policy(began)["frame-ancestors"]) == from_r1
    said = base64.urlsafe_b64encode(b'{"iss":"https://r1.example"}').rstrip(b"=").decode()
    wrong = site.browser().client.post("/lti/launch", data={"state": "x", "id_token": f"a.{said}.b"})
    assert wrong.status_code == 401
    assert set(policy(wrong)["frame-ancestors"]) == from_r1
    assert set(policy(site.browser().get("/lti/login"))["frame-ancestors"]) == {
        "'self'",
        "https://portal.example",
    }


def test_the_page_that_fetches_a_token_may_be_framed_by_its_own_suite(site):
    register(site, "r1")
    page = site.browser().get(f"/door/pinboard/{site.doors['Riverbend']}")
    assert set(policy(page)["frame-ancestors"]) == {
        "'self'",
        "https://staff.example",
        "https://portal.example",
    }


def test_no_page_holds_a_script_a_style_or_an_act_of_its_own(site):
    ana = site.enter("ana", leads=True)
    key = site.found(ana)
    site.jobs.run_until_idle()
    door = f"/door/pinboard/{site.doors['Riverbend']}"
    for path in (
        "/",
        "/?all=1",
        "/me",
        "/found",
        "/sign-in",
        door,
        *(f"/c/{key}{p}" for p in ("", "/people", "/places")),
    ):
        ana.get(path)
        soup = ana.soup()
        assert not soup.find_all("style"), path
        assert all(script.get("src") and not script.get_text() for script in soup.find_all("script")), path
        acts = [
            name
            for tag in soup.find_all(True)
            for name in tag.attrs
            if name.startswith("on") or name == "style"
        ]
        assert not acts, path
        assert not re.search(r"hx-on|javascript:|js:", ana.page.text), path
        assert len(ana.page.data) < 100_000, f"{path} is {len(ana.page.data)} bytes"


def test_every_cookie_survives_a_frame_and_stays_with_the_server(site):
    browser = site.browser()
    seen = []
    for path in (
        f"/door/pinboard/{site.doors['Riverbend']}",
        f"/door/harbour/{site.places()['Riverbend/harbour']}",
    ):
        seen += browser.get(path).headers.getlist("Set-Cookie")
    names = {cookie.partition("=")[0] for cookie in seen}
    assert names == {"__Host-coplink", "__Host-coplink-browser"}
    for cookie in seen:
        flags = {flag.strip() for flag in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"} <= flags, cookie
        assert "Domain" not in cookie


@pytest.mark.parametrize("name", ["coplink.css", "coplink.js", "registered.js", "htmx.min.js", "icon.svg"])
def test_static_files_are_kept_by_browsers_and_named_by_their_content(site, name):
    answer = site.browser().get(f"/static/{name}")
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_the_vendored_script_is_the_one_that_was_noted(site):
    import hashlib
    from pathlib import Path

    folder = Path(site.app.static_folder)
    digest = hashlib.sha256((folder / "htmx.min.js").read_bytes()).hexdigest()
    assert digest in (folder / "README.md").read_text()
    assert (folder / "coplink.css").stat().st_size < 12_500
