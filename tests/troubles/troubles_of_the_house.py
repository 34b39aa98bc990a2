"""What coplink minds for every connector alike, and what no connector has to mind, and why."""

from __future__ import annotations

from trouble_row import CANVAS, GOOGLE, TEAMS, Row, coplink

ROWS: tuple[Row, ...] = (
    coplink(
        "202-fails",
        "Work that failed for a reason rests until a person acts, with who that is and what to do.",
        "engine/attention.py",
        "        case NeedsAttention():\n            return Ask(Trouble(error.code, error.message, error.who))",
        "        case NeedsAttention():\n            return LookAgain()",
        "engine/test_spaces.py::test_a_place_that_is_not_allowed_says_who_can_fix_it_and_goes_on_after",
    ),
    coplink(
        "404-after-create",
        "Nobody is told for a quarter of an hour: until then all is as it should be.",
        "engine/attention.py",
        "case NotReadyYet() if error.retry_after and attempt * error.retry_after < BEING_MADE:",
        "case NotReadyYet() if False:",
        "engine/test_spaces.py"
        "::test_what_is_being_made_is_waited_for_a_quarter_of_an_hour_before_anybody_is_told",
    ),
    coplink(
        "429-with",
        "One pace for each institution and platform: who was told to slow down tells all the others.",
        "pace/bucket.py",
        "        return max([self._closed - now, 0.0, *waits])",
        "        return max([0.0, *waits])",
        "pace/test_gate.py::test_everybody_at_a_limit_waits_for_the_time_the_platform_named",
        "integrations/canvas/test_pace_of_canvas.py"
        "::test_when_canvas_throttles_everybody_waits_for_the_time_it_named",
    ),
    coplink(
        "429-without",
        "The wait doubles from refusal to refusal, from a second to a minute.",
        "pace/bucket.py",
        "seconds = 2.0 ** min(self._refusals, STEPS) * (1.0 + self._jitter() / 2)",
        "seconds = 0.0",
        "pace/test_rates.py::test_without_a_time_the_wait_doubles_up_to_a_minute",
    ),
    coplink(
        "429-applied",
        "A new seat that was throttled is in doubt, not refused: it goes when its owner goes.",
        "engine/seating.py",
        "Done.REFUSED if c.before or c.after is None else Done.UNKNOWN for c in lot",
        "Done.REFUSED for c in lot",
        "engine/test_seating.py::test_a_seat_that_was_made_and_answered_429_goes_when_its_owner_goes",
    ),
    coplink(
        "503",
        "Tried again for ever, in longer and longer steps; nobody has to press a button.",
        "engine/attention.py",
        "            return Retry(max(error.retry_after or 0.0, 0.0) or backoff[min(attempt, len(backoff) - 1)], told)",
        '            return Ask(Trouble(error.code, error.message, "nobody"))',
        "engine/test_hard_cases.py::test_a_long_outage_closes_no_place_and_everything_goes_on_by_itself",
    ),
    coplink(
        "401-listing",
        "From half a listing nobody is taken to have left.",
        "core/plan.py",
        "if observed.complete and a in observed.gone)",
        "if a in observed.gone)",
        "core/test_plan.py::test_the_table",
    ),
    coplink(
        "410",
        "The place where reading stopped is forgotten, and everything read from the beginning.",
        "engine/attention.py",
        "            return StartOver()",
        '            return Ask(Trouble(error.code, error.message, "nobody"))',
        "engine/test_rhythm_and_files.py::test_a_forgotten_place_lists_everything_anew_and_withdraws_what_is_gone",
    ),
    coplink(
        "subscription",
        "Every subscription is looked after once a day.",
        "engine/watches.py",
        "enough = max(life / 2, life - reach.manifest.limits.watch_check / 2)",
        "enough = life / 2",
        "engine/test_watches.py::test_a_subscription_is_looked_after_once_a_day_with_one_call",
        "engine/test_watches.py"
        "::test_one_that_is_gone_without_a_word_is_made_anew_within_a_day_and_the_files_are_read",
    ),
    coplink(
        "subscription",
        "After one that was gone, the files are read: what it would have told is found.",
        "engine/watches.py",
        "        if gone:\n            uow.work.mark(",
        "        if False:\n            uow.work.mark(",
        "engine/test_watches.py"
        "::test_one_that_is_gone_without_a_word_is_made_anew_within_a_day_and_the_files_are_read",
    ),
    coplink(
        "forged",
        "It is answered like any other and does nothing; nobody learns which spaces there are.",
        "web/hooks.py",
        "        reply = _reply_to_anybody(desk, integration, asked)\n",
        "        reply = None\n",
        "web/test_hook_strangers.py::test_an_echo_is_given_at_any_address_and_asks_nobody",
    ),
    coplink(
        "forged",
        "A call without proof marks no work.",
        "web/hooks.py",
        "        else:\n            _gathered(desk, SpaceId(space), known, heard)",
        "        _gathered(desk, SpaceId(space), known, heard or Heard())",
        "web/test_hook_flood.py::test_a_forged_flood_writes_nothing_and_fills_no_log[200]",
    ),
    coplink(
        "flood",
        "Calls of one moment share one look at the database.",
        "web/hearing.py",
        "            if self._looked > came:\n                return\n",
        "",
        "web/test_hook_flood.py::test_calls_of_one_moment_share_a_look",
    ),
    coplink(
        "flood",
        "One reading of the files results; what asks for it already is not asked for again.",
        "engine/watches.py",
        "    return state is not None and state.awaited",
        "    return False",
        "web/test_hook_flood.py::test_a_flood_is_answered_at_once_and_makes_one_look[200]",
    ),
    coplink(
        "flood",
        "Calls about spaces that nobody watches share their questions, a hundred a second at most.",
        "web/looks.py",
        "            leads = self._coming is None\n",
        "            leads, self._coming = True, None\n",
        "web/test_hook_strangers.py::test_a_flood_about_random_ids_is_asked_about_together",
        "web/test_hook_strangers.py::test_whoever_comes_while_a_question_is_asked_is_of_the_next_one",
    ),
)

NO_BATCHES = "It has no batches: one call is one person."
ONE_BY_ONE = "Seats are given one by one, and each is about one person only."
TELLS_NOBODY = "It tells nobody about groups: files are read on a timer."

# Trouble and platform that cannot meet, and why.
NOWHERE = {
    ("202-fails", GOOGLE): "Google answers once it is done.",
    ("202-fails", CANVAS): "Canvas answers once it is done.",
    ("429-batch-with", CANVAS): NO_BATCHES,
    ("429-batch-without", CANVAS): NO_BATCHES,
    ("429-applied", CANVAS): "It refuses before it begins: what was answered 429 was not done.",
    ("mailbox", CANVAS): "A group has its calendar; nobody’s mailbox is needed.",
    ("poisoned", TEAMS): "That is Google’s: Microsoft answers for each person.",
    ("poisoned", CANVAS): NO_BATCHES,
    ("concurrent", TEAMS): ONE_BY_ONE,
    ("concurrent", CANVAS): ONE_BY_ONE,
    ("subscription", CANVAS): TELLS_NOBODY,
    ("forged", CANVAS): TELLS_NOBODY,
    ("flood", TEAMS): "See coplink itself: the same for all who call.",
    ("flood", GOOGLE): "See coplink itself: the same for all who call.",
    ("flood", CANVAS): TELLS_NOBODY,
}
