"""The promises of ``coplink.ports.watch``: found by its address, prolonged, taken back; only our secret is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from coplink.ports.door import InboundRequest
from coplink.ports.errors import Gone, OutcomeUnknown
from coplink.ports.integration import Capability
from coplink.ports.watch import Heard, Watch
from coplink.testing.conformance.hook import Hook
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import a_space, offered

SECRET = "s3cret-" + "x" * 25
SLACK = timedelta(minutes=10)


class WatchSuite:
    """Subclass it, and give ``rig``."""

    @pytest.fixture
    def watch(self, rig: Rig) -> Watch:
        """The port."""
        return offered(rig.connection.watch, Capability.WATCH, rig)

    @pytest.fixture
    def parts(self, rig: Rig, watch: Watch) -> dict[str, str]:
        """A space that is ready."""
        return a_space(rig)

    @pytest.fixture
    def hook(self, rig: Rig, watch: Watch) -> Iterator[Hook]:
        """Where the platform calls."""
        hook = Hook(rig, SECRET)
        yield hook
        hook.close()

    def test_a_subscription_ends_within_the_life_that_is_declared(
        self, rig: Rig, watch: Watch, parts: dict[str, str], hook: Hook
    ) -> None:
        life = rig.integration.manifest.limits.watch_life
        made = watch.subscribe(parts, hook.url, SECRET, "key")
        assert made.remote
        assert made.ends.utcoffset() == timedelta(0)
        assert life is not None
        assert timedelta(0) < made.ends - rig.around().clock.now() <= life + SLACK

    def test_an_earlier_subscription_is_found_by_its_address(
        self, rig: Rig, watch: Watch, parts: dict[str, str], hook: Hook
    ) -> None:
        self.needs_a_listing(rig)
        first = watch.subscribe(parts, hook.url, SECRET, "key")
        before = rig.writes()
        assert watch.subscribe(parts, hook.url, SECRET, "another key") == first
        assert rig.writes() == before

    def test_a_subscription_whose_answer_was_lost_is_found_not_repeated(
        self, rig: Rig, watch: Watch, parts: dict[str, str], hook: Hook
    ) -> None:
        self.needs_a_listing(rig)
        rig.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            watch.subscribe(parts, hook.url, SECRET, "key")
        before = rig.writes()
        watch.subscribe(parts, hook.url, SECRET, "key")
        assert rig.writes() == before

    def test_another_secret_is_another_subscription(
        self, rig: Rig, watch: Watch, parts: dict[str, str], hook: Hook
    ) -> None:
        old = watch.subscribe(parts, hook.url, "an older secret", "key")
        assert watch.subscribe(parts, hook.url, SECRET, "key").remote != old.remote

    def test_what_changes_is_hinted_at(
        self, rig: Rig, watch: Watch, parts: dict[str, str], hook: Hook
    ) -> None:
        watch.subscribe(parts, hook.url, SECRET, "key")
        rig.add_file(parts, "Notes.docx")
        assert hook.hints(1)[0].files

    def test_renewing_prolongs_or_says_that_a_new_one_is_needed(
        self, rig: Rig, watch: Watch, parts: dict[str, str], hook: Hook
    ) -> None:
        made = watch.subscribe(parts, hook.url, SECRET, "key")
        try:
            renewed = watch.renew(parts, made)
        except Gone:
            renewed = watch.subscribe(parts, hook.url, SECRET, "the next key")
        assert renewed.ends >= made.ends
        rig.add_file(parts, "Notes.docx")
        assert hook.hints(1)[0].files

    def test_a_subscription_that_ended_is_gone(
        self, rig: Rig, watch: Watch, parts: dict[str, str], hook: Hook
    ) -> None:
        made = watch.subscribe(parts, hook.url, SECRET, "key")
        rig.end_subscription(made)
        with pytest.raises(Gone):
            watch.renew(parts, made)

    def test_stopping_ends_it_and_stopping_twice_is_no_error(
        self, rig: Rig, watch: Watch, parts: dict[str, str], hook: Hook
    ) -> None:
        made = watch.subscribe(parts, hook.url, SECRET, "key")
        watch.stop(made)
        with pytest.raises(Gone):
            watch.renew(parts, made)
        watch.stop(made)
        said = len(hook.said)
        rig.add_file(parts, "Notes.docx")
        assert len(hook.hints(0)) == 0
        assert len(hook.said) == said

    def test_a_call_with_our_secret_is_believed_and_with_another_it_is_not(
        self, rig: Rig, watch: Watch
    ) -> None:
        before = rig.calls()
        call = rig.call_in(SECRET)
        assert isinstance(rig.integration.receive(rig.settings, call, SECRET), Heard)
        for secret in ("another", SECRET[:-1], SECRET + "x", SECRET.upper(), ""):
            assert rig.integration.receive(rig.settings, rig.call_in(secret), SECRET) is None
        assert rig.calls() == before

    @staticmethod
    def needs_a_listing(rig: Rig) -> None:
        """Skip what cannot be kept where nobody can ask which subscriptions there are."""
        if not rig.lists_subscriptions:
            pytest.skip("this platform does not tell which subscriptions there are")

    @pytest.mark.parametrize(
        "body", [b"", b"\x00", b"[]", b"{}", b'{"value": 7}', b"[" * 50_000, b"x" * 300_000]
    )
    def test_a_call_without_our_secret_is_nothing_whatever_it_says(
        self, rig: Rig, watch: Watch, body: bytes
    ) -> None:
        call = replace(InboundRequest("POST", "/hook/here/1"), body=body)
        assert rig.integration.receive(rig.settings, call, SECRET) is None
