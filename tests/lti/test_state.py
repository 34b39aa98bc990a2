"""State, nonce and replay: rows 12 to 25 of the LTI handbook's table."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coplink.core.errors import BadToken, LaunchError, LostState


def form(door, login=None, changes=None):
    return door.north.launch_form((login or door.login()).redirect_url, door.clock.now(), changes)


def test_an_honest_launch_arrives(door):
    assert door.launch().arrival.subject == "subject-of-ana"


@pytest.mark.parametrize("state", ["", "invented", "ü" * 20, "x" * 10_000, "a\x00b"])
def test_rows_12_and_13_a_missing_or_invented_state_is_lost(door, state):
    with pytest.raises(LostState):
        door.open({**form(door), "state": state})


def test_row_12_no_state_at_all(door):
    good = form(door)
    del good["state"]
    with pytest.raises(LostState):
        door.open(good)


@pytest.mark.parametrize("browser", ["cookie-of-eve", ""])
def test_rows_14_and_17_another_browser_gets_nothing(door, browser):
    with pytest.raises(LostState) as lost:
        door.open(form(door), browser=browser)
    assert "browser" in lost.value.detail


def test_row_14_a_login_without_a_cookie_belongs_to_nobody(door):
    login = door.login(browser="")
    for browser in ("", "cookie-of-ana"):
        with pytest.raises(LostState):
            door.open(form(door, login), browser=browser)


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (299, True), (300, False), (3600, False)])
def test_row_15_a_login_lasts_five_minutes(door, clock, seconds, good):
    login = door.login()
    clock.forward(seconds=seconds)
    late = form(door, login)  # the token itself is fresh
    if good:
        assert door.open(late).arrival.name == "Ana Ruiz"
    else:
        with pytest.raises(LostState):
            door.open(late)


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(seconds=11), timedelta(hours=1)])
def test_row_16_a_launch_is_good_once(door, clock, wait):
    good = form(door)
    assert door.open(good).arrival.name == "Ana Ruiz"
    clock.moment += wait
    with pytest.raises(LostState):
        door.open(good)


def test_a_launch_that_was_refused_cannot_be_repaired_and_posted_again(door):
    good = form(door)
    with pytest.raises(BadToken):
        door.open({**good, "id_token": "x.y.z"})
    with pytest.raises(LostState):
        door.open(good)


def test_row_18_a_used_nonce_in_a_new_token_with_a_new_state(door):
    first, second = door.login(), door.login()
    door.open(form(door, first))
    old = door.north.claims(first.redirect_url, door.clock.now())["nonce"]
    with pytest.raises(BadToken) as refused:
        door.open(form(door, second, {"nonce": old}))
    assert "nonce" in refused.value.detail


def test_rows_19_and_20_the_nonce_of_another_login(door):
    first, second = door.login(), door.login()
    other = door.north.claims(second.redirect_url, door.clock.now())["nonce"]
    with pytest.raises(BadToken) as refused:
        door.open(form(door, first, {"nonce": other}))
    assert "nonce" in refused.value.detail


@pytest.mark.parametrize("nonce", [None, "", "unknown", 7, ["x"], "ü", "\ud800"])
def test_rows_21_and_22_a_nonce_missing_unknown_or_no_text(door, nonce):
    with pytest.raises(BadToken) as refused:
        door.launch({"nonce": nonce})
    assert "nonce" in refused.value.detail


SAID = [
    ("login_required", "no longer signed in"),
    ("temporarily_unavailable", "has a problem right now"),
    ("unauthorized_client", "does not let coplink in"),
    ("something_new", "could not open coplink"),
]


@pytest.mark.parametrize(("code", "sentence"), SAID)
def test_row_25_a_platforms_error_becomes_a_clear_sentence(door, code, sentence):
    login = door.login()
    said = {"state": login.state, "error": code, "error_description": "<script>no</script>"}
    with pytest.raises(LaunchError) as refused:
        door.open(said)
    assert sentence in str(refused.value.message)
    assert "script" not in str(refused.value.message)
    assert code in refused.value.detail
    with pytest.raises(LostState):  # the login is over
        door.open(form(door, login))


def test_a_login_of_another_door_is_not_for_lti(door, clock):
    from coplink.ports.records import Login

    with door.storage.begin() as uow:
        uow.logins.begin(
            Login("s" * 43, "n", "google", "c1", "", {}, clock.now() + timedelta(minutes=5)), clock.now()
        )
        uow.commit()
    with pytest.raises(LostState):
        door.open({"state": "s" * 43, "id_token": "x.y.z"})
