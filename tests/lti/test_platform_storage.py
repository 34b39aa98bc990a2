"""Platform storage on the server: row 26 of the LTI handbook's table, and that a launch without it stays as it was."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from coplink.core.errors import BadToken, LaunchError, LostState, PendingDeployment
from coplink.lti.launch import LaunchResult, begin, check, release
from coplink.lti.platform_storage import HELD_FOR, Held
from coplink.testing.platform import TOOL

FRAME = "post_message_forwarding"


def started(door, frame=FRAME, browser="cookie-that-never-came-back", refused=True):
    """A login in a frame; with ``refused`` the browser was seen to keep no cookie."""
    form = door.north.login_form({"lti_storage_target": frame} if frame else None)
    return begin(door.storage, form, TOOL, browser, door.clock.now(), refused)


def held(door, changes=None, begun=None):
    """A launch without any cookie, verified and held."""
    begun = begun or started(door)
    found = door.open(door.north.launch_form(begun.redirect_url, door.clock.now(), changes), browser="")
    assert isinstance(found, Held)
    return found


def let_in(door, code, state):
    return release(door.storage, {"code": code, "state": state}, door.clock.now())


def test_a_held_launch_enters_with_the_state_that_the_platform_kept(door):
    begun = started(door)
    found = held(door, begun=begun)
    assert found.storage == begun.storage
    assert found.storage.origin == "https://lms.example"
    result = let_in(door, found.code, begun.state)
    assert isinstance(result, LaunchResult)
    assert (result.arrival.subject, result.target_path) == ("subject-of-ana", "/")
    assert result.frame_ancestors == found.frame_ancestors == ("https://lms.example",)


def test_it_is_the_same_arrival_as_with_a_cookie(door):
    found = held(door)
    without, by_cookie = let_in(door, found.code, found.storage.state), door.launch()
    assert without.arrival == by_cookie.arrival
    assert without.presentation == by_cookie.presentation


def test_the_key_is_another_for_each_login_and_hides_the_state(door):
    first, second = started(door), started(door)
    assert first.storage.key != second.storage.key
    assert first.state not in first.storage.key
    for secret in (first.state, "cookie"):
        assert secret not in repr(first)


@pytest.mark.parametrize("state", ["", "other", "null", "undefined", "ü", "x" * 10_000, "\ud800"])
def test_row_26_another_state_or_none_is_lost_and_the_code_with_it(door, state):
    found = held(door)
    with pytest.raises(LostState):
        let_in(door, found.code, state)
    with pytest.raises(LostState):
        let_in(door, found.code, found.storage.state)


def test_row_26_the_state_of_another_login_is_lost(door):
    mine, other = held(door), held(door)
    with pytest.raises(LostState):
        let_in(door, mine.code, other.storage.state)


@pytest.mark.parametrize("code", ["", "invented", "ü", "x" * 201, "a\x00b"])
def test_an_invented_code_opens_nothing(door, code):
    found = held(door)
    with pytest.raises(LostState):
        let_in(door, code, found.storage.state)
    assert let_in(door, found.code, found.storage.state).arrival.subject == "subject-of-ana"


def test_a_code_is_good_once_and_for_a_minute(door):
    found = held(door)
    let_in(door, found.code, found.storage.state)
    with pytest.raises(LostState):
        let_in(door, found.code, found.storage.state)
    late = held(door)
    door.clock.moment += HELD_FOR
    with pytest.raises(LostState):
        let_in(door, late.code, late.storage.state)


def test_of_many_at_once_exactly_one_enters(door):
    found, outcomes = held(door), []

    def one():
        try:
            outcomes.append(let_in(door, found.code, found.storage.state).arrival.subject)
        except LostState:
            outcomes.append("lost")

    crowd = [threading.Thread(target=one) for _ in range(12)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 11 + ["subject-of-ana"]


def test_neither_state_nor_code_stand_in_for_each_other(door):
    begun = started(door)
    with pytest.raises(LostState):  # a login under way is no held launch
        let_in(door, begun.state, begun.state)
    found = held(door)
    with pytest.raises(LostState):  # a code is no state
        door.open({"state": found.code, "id_token": "x.y.z"}, browser="")


def test_a_launch_that_was_held_cannot_be_posted_again(door):
    begun = started(door)
    form = door.north.launch_form(begun.redirect_url, door.clock.now())
    assert isinstance(door.open(form, browser=""), Held)
    with pytest.raises(LostState):
        door.open(form, browser="")


@pytest.mark.parametrize("changes", [{"nonce": "other"}, {"exp": None}, {"aud": "someone"}, {"sub": ""}])
def test_what_the_token_must_say_is_judged_before_anything_is_held(door, changes):
    with pytest.raises(BadToken):
        held(door, changes)


def test_a_cookie_of_another_browser_is_refused_storage_or_not(door):
    begun = started(door)
    form = door.north.launch_form(begun.redirect_url, door.clock.now())
    with pytest.raises(LostState) as refused:
        door.open(form, browser="cookie-of-eve")
    assert "browser" in refused.value.detail


def test_the_cookie_is_enough_where_it_comes_back_after_all(door):
    begun = started(door, browser="cookie-of-ana")
    form = door.north.launch_form(begun.redirect_url, door.clock.now())
    assert isinstance(door.open(form, browser="cookie-of-ana"), LaunchResult)


@pytest.mark.parametrize(("frame", "refused"), [("", True), (FRAME, False)])
def test_without_storage_or_with_cookies_no_cookie_means_no_entry(door, frame, refused):
    begun = started(door, frame, refused=refused)
    assert begun.storage is None
    with pytest.raises(LostState):
        door.open(door.north.launch_form(begun.redirect_url, door.clock.now()), browser="")


def test_row_88_two_schools_on_one_issuer_cannot_swap_codes(door):
    north = held(door)
    begun = begin(
        door.storage,
        door.south.login_form({"lti_storage_target": FRAME}),
        TOOL,
        "",
        door.clock.now(),
        True,
    )
    south = door.open(door.south.launch_form(begun.redirect_url, door.clock.now()), browser="")
    with pytest.raises(LostState):
        let_in(door, south.code, north.storage.state)
    assert let_in(door, north.code, north.storage.state).arrival.institution == "north"


def test_approval_is_asked_again_when_the_launch_enters(door):
    from dataclasses import replace

    found = held(door)
    with door.storage.begin() as uow:
        known = uow.platforms.deployment("reg-north", door.north.deployment_id)
        uow.platforms.put_deployment(replace(known, approved_at=None))
        uow.commit()
    with pytest.raises(PendingDeployment):
        let_in(door, found.code, found.storage.state)


@pytest.mark.parametrize("frame", ["a b", "x<script>", "a'b", "#top", "", "x" * 65, "a\nb", "_parent\x00"])
def test_row_10_no_frame_of_an_odd_name(door, frame):
    with pytest.raises(LaunchError):
        begin(
            door.storage,
            door.north.login_form({"lti_storage_target": frame}),
            TOOL,
            "",
            door.clock.now(),
            True,
        )


def test_an_initiation_is_repeated_with_what_the_platform_said_and_nothing_else(door):
    form = door.north.login_form({"lti_storage_target": FRAME, "more": "x"})
    asked = check(door.storage, form, TOOL)
    assert asked.fields() == door.north.login_form()
    with pytest.raises(LaunchError):
        check(door.storage, {**form, "client_id": "nobody"}, TOOL)


def test_what_is_held_is_not_readable_in_the_database(door):
    from sqlalchemy import text

    found = held(door)
    with door.storage._engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM logins")).all()
    kept = repr(rows)
    assert len(rows) == 2
    for secret in (found.code, found.storage.state, "Ana", "ana@school.example"):
        assert secret not in kept


def test_a_held_launch_goes_away_by_itself(door):
    from sqlalchemy import text

    held(door)
    door.clock.forward(minutes=6)
    door.login()
    with door.storage._engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM logins")).scalar() == 1
    assert timedelta(seconds=60) == HELD_FOR
