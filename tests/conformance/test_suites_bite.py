"""Every suite catches a pin board that breaks a promise: a test that cannot fail proves nothing.

The tests of a suite are called as pytest would call them, with the ports and a space made by hand.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from rigs_pinboard import Bell, PinboardRig, StaffedBoard
from ways_to_break import (
    Break,
    always_changed,
    always_complete,
    answers_for_the_address_it_likes,
    asks_anew_each_time,
    believes_everybody,
    calls_out_for_a_preview,
    checks_nothing,
    declares,
    follows_any_cursor,
    forgets_promotions,
    forgets_the_series,
    guesses,
    keeps_the_hour_of_summer,
    knows_what_was_lost,
    lives_for_years,
    makes_a_second,
    names_as_it_likes,
    names_the_dead,
    never_stops,
    opens_a_tab_for_a_stranger,
    overlooks,
    promises_a_watch_it_lacks,
    renames_every_time,
    renews_the_dead,
    reports_itself,
    says_it_every_time,
    sleeps_for_ever,
    stops_early,
    stumbles_over_a_stranger,
    takes_any_settings,
    takes_one_of_two,
    takes_text_for_markup,
    throws_people_out,
    undoes_what_people_move,
    writes_every_time,
)

from coplink.ports.integration import Scope
from coplink.testing.conformance import SUITES
from coplink.testing.conformance.hook import Hook
from coplink.testing.conformance.scenes import a_space
from coplink.testing.conformance.watch import SECRET

BY_NAME = {suite.__name__.removesuffix("Suite").lower(): suite for suite in SUITES}


def calls(test: Any) -> Iterator[dict[str, Any]]:
    """The arguments that ``parametrize`` gives a test, one call after the other."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    choices = []
    for mark in marks:
        names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
        choices.append([dict(zip(names, v if len(names) > 1 else (v,), strict=True)) for v in mark.args[1]])
    for combined in product(*choices):
        yield {name: value for one in combined for name, value in one.items()}


def caught(suite: type, name: str, spoil: Break) -> bool:
    """Whether this test of the suite notices."""
    test = getattr(suite(), name)
    for given in calls(test):
        rig = PinboardRig()
        spoil(rig)
        hook = None
        try:
            wanted: dict[str, Any] = {"rig": rig, "manifest": rig.integration.manifest, **given}
            wanted |= {port: getattr(rig.connection, port, None) for port in BY_NAME if port not in wanted}
            asked = inspect.signature(test).parameters
            if "door" in asked:
                wanted["door"] = rig.door()
            if "parts" in asked:
                wanted["parts"] = a_space(rig)
            if "hook" in asked:
                hook = wanted["hook"] = Hook(rig, SECRET)
            test(**{parameter: wanted[parameter] for parameter in asked})
        except pytest.skip.Exception:
            continue
        except (Exception, pytest.fail.Exception):
            return True
        finally:
            if hook is not None:
                hook.close()
    return False


CASES: tuple[tuple[str, Break, str], ...] = (
    ("spaces", makes_a_second, "test_everything_is_made_once_and_found_again_when_our_row_is_lost"),
    ("spaces", guesses, "test_two_with_our_marker_are_ambiguous_and_a_person_is_asked"),
    ("spaces", names_as_it_likes, "test_an_awful_name_is_taken_as_it_was_previewed"),
    ("seats", always_complete, "test_half_a_listing_is_not_a_complete_reading"),
    ("seats", always_changed, "test_seating_twice_is_no_error_and_changes_nothing"),
    ("seats", stumbles_over_a_stranger, "test_one_stranger_does_not_spoil_a_batch"),
    ("seats", forgets_promotions, "test_a_change_of_role_keeps_the_seat"),
    ("seats", reports_itself, "test_the_connections_own_account_is_never_reported_and_never_removed"),
    ("seats", knows_what_was_lost, "test_a_seat_whose_answer_was_lost_is_unknown_and_then_there_once"),
    ("directory", takes_one_of_two, "test_two_hits_are_no_proposal"),
    ("directory", answers_for_the_address_it_likes, "test_an_answer_goes_by_the_address_as_it_was_asked"),
    ("calendar", writes_every_time, "test_exactly_what_is_held_stands_there_and_a_second_put_writes_nothing"),
    ("calendar", keeps_the_hour_of_summer, "test_wall_time_survives_the_change_of_clocks"),
    (
        "calendar",
        undoes_what_people_move,
        "test_a_meeting_that_a_person_moved_over_there_is_told_and_left_alone",
    ),
    ("calendar", forgets_the_series, "test_a_write_whose_answer_was_lost_makes_no_second_series"),
    ("library", stops_early, "test_every_page_size_is_read_to_its_end"),
    ("library", names_the_dead, "test_a_file_deleted_is_told_as_gone_and_never_listed_again"),
    (
        "library",
        follows_any_cursor,
        "test_a_cursor_that_nobody_gave_is_expired_or_refused_and_never_followed",
    ),
    ("watch", asks_anew_each_time, "test_an_earlier_subscription_is_found_by_its_address"),
    ("watch", never_stops, "test_stopping_ends_it_and_stopping_twice_is_no_error"),
    ("watch", renews_the_dead, "test_a_subscription_that_ended_is_gone"),
    ("watch", believes_everybody, "test_a_call_with_our_secret_is_believed_and_with_another_it_is_not"),
    ("watch", lives_for_years, "test_a_subscription_ends_within_the_life_that_is_declared"),
    ("door", overlooks("for", "coplink"), "test_who_must_not_come_in_does_not"),
    ("door", overlooks("by", "porter"), "test_who_must_not_come_in_does_not"),
    ("door", overlooks("until", 4e9), "test_who_must_not_come_in_does_not"),
    ("door", opens_a_tab_for_a_stranger, "test_what_is_no_token_is_refused"),
    ("upkeep", renames_every_time, "test_a_new_name_is_read_back_and_said_twice_writes_nothing"),
    ("upkeep", throws_people_out, "test_letting_go_takes_nothing_of_anybodys"),
    ("upkeep", sleeps_for_ever, "test_what_was_archived_is_woken_as_it_was"),
    ("manifest", promises_a_watch_it_lacks, "test_everything_declared_is_offered_and_nothing_else"),
    ("announcements", says_it_every_time, "test_a_post_whose_answer_was_lost_is_seen_once"),
    ("announcements", takes_text_for_markup, "test_what_looks_like_markup_is_shown_as_it_was_written"),
    (
        "manifest",
        declares(scopes=(Scope("pins", "", ""),)),
        "test_every_scope_says_why_and_what_stops_without_it",
    ),
    ("manifest", declares(steps=("frame", "board")), "test_the_steps_are_those_that_are_declared"),
    (
        "manifest",
        takes_any_settings,
        "test_settings_of_the_wrong_form_name_who_can_change_them_and_no_secret",
    ),
    ("manifest", calls_out_for_a_preview, "test_a_name_is_fitted_beforehand_and_nobody_is_called"),
    ("manifest", checks_nothing, "test_the_check_up_writes_nothing_and_every_line_has_a_verdict"),
)


@pytest.mark.parametrize(
    ("suite", "spoil", "name"), CASES, ids=[f"{suite}: {spoil.__name__}" for suite, spoil, _ in CASES]
)
def test_a_broken_promise_is_noticed(suite, spoil, name):
    honest: Break = lambda rig: None  # noqa: E731
    assert not caught(BY_NAME[suite], name, honest), "an honest board passes"
    assert caught(BY_NAME[suite], name, spoil)


def test_every_suite_has_something_to_catch():
    assert {suite for suite, _, _ in CASES} == set(BY_NAME)
    assert all(hasattr(BY_NAME[suite], name) for suite, _, name in CASES)


def test_the_bell_and_the_board_are_what_the_suites_are_run_on():
    rig = PinboardRig()
    assert isinstance(rig.integration, StaffedBoard)
    assert isinstance(rig.connection.watch, Bell)
