"""What the addresses a platform knows answer besides letting somebody in: our keys, and whose visit a launch is."""

from __future__ import annotations

import jwt
import pytest

from coplink.ports.records import Deployment
from coplink.testing.platform import CORE, LmsPlatform

BASE = "http://127.0.0.1:8080"


@pytest.fixture
def lms(site):
    with LmsPlatform(tool=BASE) as platform:
        with site.services.begin() as uow:
            uow.platforms.put(platform.registration("reg", site.here.id))
            uow.platforms.put_deployment(
                Deployment("reg", platform.deployment_id, site.here.id, site.clock.now())
            )
            uow.commit()
        yield platform


def launch(site, lms, changes):
    """A launch in a browser of its own; the answer and the browser."""
    browser = site.browser()
    began = browser.client.post("/lti/login", data=lms.login_form(), base_url=BASE)
    form = lms.launch_form(began.location, site.clock.now(), changes)
    browser.page = browser.client.post("/lti/launch", data=form, base_url=BASE)
    return browser


def people(site, *subjects):
    with site.services.begin() as uow:
        return [uow.people.by_identity(site.here.id, "lti", "reg", subject) for subject in subjects]


def test_our_keys_are_a_key_set_that_platforms_may_keep_for_a_while(site):
    answer = site.browser().get("/lti/jwks.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert set(answer.json) == {"keys"}
    for key in answer.json["keys"]:
        assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
        assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
        assert jwt.PyJWK(key).key.key_size >= 2048
    ids = [key["kid"] for key in answer.json["keys"]]
    assert len(set(ids)) == len(ids) == len(list(filter(None, ids)))


def test_nothing_but_the_platforms_own_id_says_who_somebody_is(site, lms):
    """Name, address, old ids and custom parameters of a link are the same; the subject is not."""
    same = {
        "name": "Ana Ruiz",
        "email": "ana@school.example",
        CORE + "lti1p1": {"user_id": "1"},
        CORE + "lis": {"person_sourcedid": "school.example:1"},
        CORE + "custom": {"canvas_user_id": "1001"},
    }
    for subject in ("s-1", "S-1", "s-2"):
        assert launch(site, lms, {**same, "sub": subject}).page.status_code == 303
    found = people(site, "s-1", "S-1", "s-2")
    assert len({one.id for one in found}) == 3
    assert (
        launch(site, lms, {"sub": "s-1", "name": "Ana Mar", "email": "mar@x.example"}).page.status_code == 303
    )
    assert people(site, "s-1")[0].id == found[0].id


def test_somebody_whom_the_platform_does_not_name_gets_no_session(site, lms):
    browser = launch(site, lms, {"sub": None, "name": None, "email": None})
    assert browser.page.status_code == 401
    assert "Please sign in there" in browser.says()
    assert browser.get("/me").status_code == 303


@pytest.mark.parametrize(
    "changes", [{"aud": "someone"}, {"aud": ["someone", "client-1"]}, {"iss": "https://x"}, {"exp": 1}]
)
def test_a_token_that_is_not_for_us_is_answered_with_401(site, lms, changes):
    if isinstance(changes.get("aud"), list):
        changes = {**changes, "azp": "someone"}
    assert launch(site, lms, changes).page.status_code == 401
