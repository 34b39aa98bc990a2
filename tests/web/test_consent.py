"""Consent is given on the platform's page and comes back to the session that went; nothing else stores anything."""

from __future__ import annotations

import pytest

CONSENT = "/admin/connections/pinboard/consent"
BACK = "/admin/connections/pinboard/return"


def kept(site):
    with site.services.begin() as uow:
        return uow.institutions.connection_of(site.here.id, "pinboard").settings


def led(browser) -> str:
    """Where the page in between leads: by itself, and by its link."""
    assert browser.page.status_code == 200, browser.says()
    address = browser.soup().select_one("main a.button")["href"]
    assert browser.soup().select_one("meta[http-equiv=refresh]")["content"] == f"0;url={address}"
    return address


@pytest.fixture
def away(site, query):
    """An admin who was sent away, and the state they carry."""
    kim = site.admin()
    kim.get("/admin/connections/pinboard")
    kim.post(CONSENT)
    return kim, query(led(kim))["state"]


def test_the_page_of_a_connection_leads_to_the_platform_and_back_with_its_answer_kept(site, query):
    kim = site.admin()
    kim.get("/admin/connections/pinboard")
    assert kim.soup().select_one(f'form[method=post][action="{CONSENT}"] button').text == "Give consent"

    kim.post(CONSENT)
    assert led(kim).startswith("https://caretaker.example/ask?")
    asked = query(led(kim))
    assert asked["back"] == f"http://127.0.0.1:8080{BACK}"

    assert kim.get(f"{BACK}?code=7&state={asked['state']}").location == "/admin/connections/pinboard"
    assert kept(site) == {"room": "Riverbend", "key": "key-for-7"}
    kim.follow()
    assert "key-for-7" not in kim.page.text


def test_a_round_trip_begins_only_with_a_form_of_ours(site, away):
    kim, state = away
    assert kim.get(CONSENT).status_code == 405
    assert kim.post(CONSENT, secret="x" * 43).status_code == 403
    assert kim.get(f"{BACK}?code=7&state={state}").status_code == 303, "the one under way is not disturbed"


def test_an_answer_counts_once(site, away):
    kim, state = away
    assert kim.get(f"{BACK}?code=7&state={state}").status_code == 303
    assert kim.get(f"{BACK}?code=8&state={state}").status_code == 401
    assert kept(site)["key"] == "key-for-7"


def test_an_answer_with_another_state_stores_nothing(site, away):
    kim, _ = away
    assert kim.get(f"{BACK}?code=7&state={'x' * 43}").status_code == 401
    assert kept(site)["key"] == "cupboard-key-7"


def test_an_answer_in_another_session_stores_nothing(site, away):
    _, state = away
    other = site.admin()
    assert other.get(f"{BACK}?code=7&state={state}").status_code == 401
    assert kept(site)["key"] == "cupboard-key-7"


def test_an_answer_that_took_too_long_stores_nothing(site, away):
    kim, state = away
    site.clock.pass_by(minutes=11)
    assert kim.get(f"{BACK}?code=7&state={state}").status_code == 401
    assert "too long" in kim.says()
    assert kept(site)["key"] == "cupboard-key-7"


@pytest.mark.parametrize(
    ("answer", "status", "sentence"),
    [
        ("error=access_denied", 400, "Nothing was changed"),
        ("", 400, "Nothing was changed"),
        ("code=", 400, "Nothing was changed"),
        (f"code={'x' * 2001}", 400, "Nothing was changed"),
        ("code=wrong", 400, "The caretaker does not know that word."),
        ("code=busy", 503, "The caretaker is busy."),
    ],
)
def test_what_is_no_consent_is_said_and_stores_nothing(site, away, answer, status, sentence):
    kim, state = away
    assert kim.get(f"{BACK}?{answer}&state={state}").status_code == status
    assert sentence in kim.says()
    assert kept(site)["key"] == "cupboard-key-7"


def test_without_a_connection_there_is_nothing_to_consent_to(site):
    from coplink.engine import connect

    with site.services.begin() as uow:
        third = connect.add_institution(uow, "Hillside")
        uow.commit()
    kim = site.admin(third)
    assert kim.post(CONSENT).status_code == 400
    assert "Enter the address and the key first" in kim.says()
