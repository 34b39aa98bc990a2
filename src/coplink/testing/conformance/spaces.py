"""The promises of ``coplink.ports.spaces``: made once, found again, never guessed between."""

from __future__ import annotations

import pytest

from coplink.ports.errors import (
    Ambiguous,
    Gone,
    IntegrationError,
    OutcomeUnknown,
    Reauthorize,
    Throttled,
    Transient,
)
from coplink.ports.integration import Capability
from coplink.ports.spaces import Spaces
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import a_space, offered, remake, sooner_or_later

AWFUL = '_a/b: "c" & {d}? *e* <f> | g\t#h%i~' + " very" * 80 + " long."


class SpacesSuite:
    """Subclass it, and give ``rig``."""

    @pytest.fixture
    def spaces(self, rig: Rig) -> Spaces:
        """The port."""
        return offered(rig.connection.spaces, Capability.SPACES, rig)

    def test_the_steps_are_known_beforehand_without_a_call(self, rig: Rig, spaces: Spaces) -> None:
        before = rig.calls()
        steps = spaces.steps(rig.wish())
        assert steps
        assert len(set(steps)) == len(steps)
        assert spaces.steps(rig.wish()) == steps
        assert rig.calls() == before

    def test_everything_is_made_once_and_found_again_when_our_row_is_lost(
        self, rig: Rig, spaces: Spaces
    ) -> None:
        parts = a_space(rig)
        assert all(parts.values())
        assert rig.writes() > 0, "the wire counts writes"
        before = rig.writes()
        assert remake(rig, rig.wish(), parts) == parts
        assert rig.writes() == before, "finding writes nothing"

    def test_what_was_made_is_found_under_the_same_key_too(self, rig: Rig, spaces: Spaces) -> None:
        parts = a_space(rig)
        before = rig.writes()
        assert a_space(rig) == parts
        assert rig.writes() == before

    def test_what_is_found_by_our_marker_says_so(self, rig: Rig, spaces: Spaces) -> None:
        first = spaces.steps(rig.wish())[0]
        made = spaces.ensure(first, rig.wish(), {}, "key")
        assert not made.found
        assert spaces.ensure(first, rig.wish(), {}, "another key").found

    def test_two_wishes_of_one_name_become_two_places(self, rig: Rig, spaces: Spaces) -> None:
        one, two = a_space(rig, rig.wish(1)), a_space(rig, rig.wish(2))
        first = spaces.steps(rig.wish())[0]
        assert one[first] != two[first]
        assert remake(rig, rig.wish(1), one) == one

    def test_an_answer_that_was_lost_makes_no_second_part(self, rig: Rig, spaces: Spaces) -> None:
        wish = rig.wish()
        parts: dict[str, str] = {}
        lost = 0
        for step in spaces.steps(wish):
            rig.lose_next_answer()
            try:
                spaces.ensure(step, wish, dict(parts), f"key/{step}")
            except OutcomeUnknown:
                lost += 1
            rig.fair_weather()
            before = rig.writes()
            parts[step] = spaces.ensure(step, wish, dict(parts), f"key/{step}").remote
            again = rig.writes() - before
            rest = rig.writes()
            assert spaces.ensure(step, wish, dict(parts), f"key/{step}").remote == parts[step]
            assert rig.writes() == rest, f"{step}: {again} writes after the lost one, and still not at rest"
        assert lost, "a write whose answer never came is OutcomeUnknown, for one step at least"

    def test_a_part_whose_answer_was_lost_is_found_not_made_again(self, rig: Rig, spaces: Spaces) -> None:
        first = spaces.steps(rig.wish())[0]
        rig.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            spaces.ensure(first, rig.wish(), {}, "key")
        assert spaces.ensure(first, rig.wish(), {}, "key").found

    def test_two_with_our_marker_are_ambiguous_and_a_person_is_asked(self, rig: Rig, spaces: Spaces) -> None:
        wish, parts = rig.wish(), a_space(rig)
        copied = []
        for number, step in enumerate(parts):
            try:
                rig.copy(step, wish, parts)
            except pytest.skip.Exception:
                continue
            copied.append(step)
            before = rig.writes()
            earlier = {name: parts[name] for name in list(parts)[:number]}
            with pytest.raises(Ambiguous) as asked:
                spaces.ensure(step, wish, earlier, "another key")
            assert len(set(asked.value.candidates)) >= 2, step
            assert asked.value.who
            assert rig.writes() == before, "never a guess"
            break
        if not copied:
            pytest.skip("this platform does not play: a copy that carries our marker")

    def test_a_space_renamed_over_there_is_still_found(self, rig: Rig, spaces: Spaces) -> None:
        parts = a_space(rig)
        rig.rename(parts, "Our own name")
        before = rig.writes()
        assert remake(rig, rig.wish(), parts) == parts
        assert rig.writes() == before
        assert spaces.describe(parts).name == "Our own name"

    def test_what_is_not_visible_yet_is_waited_for_and_not_made_twice(self, rig: Rig, spaces: Spaces) -> None:
        rig.lag()
        wish = rig.wish()
        parts: dict[str, str] = {}
        for step in spaces.steps(wish):
            made = sooner_or_later(rig, lambda step=step: spaces.ensure(step, wish, dict(parts), step))  # type: ignore[misc]
            parts[step] = made.remote
        rig.catch_up()
        before = rig.writes()
        assert remake(rig, wish, parts) == parts
        assert rig.writes() == before

    def test_a_finished_space_is_described_with_a_name_and_a_link(self, rig: Rig, spaces: Spaces) -> None:
        parts = a_space(rig)
        before = rig.writes()
        facts = spaces.describe(parts)
        assert facts.name
        assert facts.link.startswith(("http://", "https://"))
        assert facts.seats is None or facts.seats > 0
        assert rig.writes() == before

    def test_an_awful_name_is_taken_as_it_was_previewed(self, rig: Rig, spaces: Spaces) -> None:
        wish = rig.wish(name=AWFUL)
        planned = rig.integration.preview(rig.settings, wish)
        parts = a_space(rig, wish)
        name = spaces.describe(parts).name
        assert 0 < len(name) <= rig.integration.manifest.limits.name_length
        assert name == planned.name
        assert tuple(parts) == planned.steps

    def test_a_deleted_space_is_gone(self, rig: Rig, spaces: Spaces) -> None:
        parts = a_space(rig)
        rig.vanish(parts)
        with pytest.raises(Gone):
            spaces.describe(parts)

    def test_throttling_is_told_with_the_seconds_the_platform_named(self, rig: Rig, spaces: Spaces) -> None:
        parts = a_space(rig)
        rig.throttle(77)
        with pytest.raises(Throttled) as slow:
            spaces.describe(parts)
        assert slow.value.retry_after == 77

    def test_an_outage_passes_by_itself(self, rig: Rig, spaces: Spaces) -> None:
        parts = a_space(rig)
        rig.outage()
        with pytest.raises(Transient):
            spaces.describe(parts)
        rig.fair_weather()
        assert spaces.describe(parts).name

    def test_an_answer_nobody_can_read_is_one_of_our_errors(self, rig: Rig, spaces: Spaces) -> None:
        parts = a_space(rig)
        rig.garble_next_answer()
        with pytest.raises(IntegrationError):
            spaces.describe(parts)

    def test_dead_credentials_ask_a_person_and_no_secret_is_told(self, rig: Rig, spaces: Spaces) -> None:
        parts = a_space(rig)
        rig.revoke()
        with pytest.raises(Reauthorize) as dead:
            spaces.describe(parts)
        assert dead.value.who
        told = f"{dead.value.message} {dead.value.detail}"
        secret = [rig.settings.get(one.name, "") for one in rig.integration.manifest.fields if one.secret]
        assert not [value for value in secret if value and value in told]
