"""The promises of ``coplink.ports.announcements``: said once, seen once, in the words in which it was said."""

from __future__ import annotations

import pytest

from coplink.core.announcing import TEXT_LENGTH, TITLE_LENGTH, Announcement, in_short
from coplink.ports.announcements import Announcements
from coplink.ports.errors import Gone, NeedsAttention, OutcomeUnknown, Throttled, Transient
from coplink.ports.integration import Capability
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import a_space, offered, sooner_or_later

KEY, OTHER = "8c6f2d0e4b1a4f5c9d3e7a6b5c4d3e2f:0123456789abcdef", "another:0123456789abcdef"
HOME = "https://coplink.example/c/1"
NOTE = Announcement("Bring a text", "On Wednesday each of us brings a text.", HOME, "Ana Ruiz")
MARKUP = "1 < 2 & <script>alert(1)</script> <b>bold</b> \"quoted\" 'so' — 教師 🎓 {gap} *star* _line_ [x](y)"


class AnnouncementsSuite:
    """Subclass it, and give ``rig``."""

    @pytest.fixture
    def announcements(self, rig: Rig) -> Announcements:
        """The port."""
        return offered(rig.connection.announcements, Capability.ANNOUNCEMENTS, rig)

    @pytest.fixture
    def parts(self, rig: Rig, announcements: Announcements) -> dict[str, str]:
        """A space that is ready."""
        return a_space(rig)

    def test_what_is_said_is_seen_there_in_its_words(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        post = announcements.post(parts, NOTE, KEY)
        assert post.remote
        assert not post.found
        assert post.link.startswith(("http://", "https://")) or not post.link
        assert rig.announced(parts) == [self.shown(rig, NOTE)]

    def test_one_key_is_seen_once_however_often_it_is_posted(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        first = announcements.post(parts, NOTE, KEY)
        again = announcements.post(parts, NOTE, KEY)
        assert again.remote == first.remote
        assert len(rig.announced(parts)) == 1

    def test_the_same_words_under_another_key_are_said_again(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        first = announcements.post(parts, NOTE, KEY)
        second = announcements.post(parts, NOTE, OTHER)
        assert first.remote != second.remote
        assert len(rig.announced(parts)) == 2

    def test_a_post_whose_answer_was_lost_is_seen_once(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        rig.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            announcements.post(parts, NOTE, KEY)
        assert announcements.post(parts, NOTE, KEY).remote
        assert rig.announced(parts) == [self.shown(rig, NOTE)]

    def test_what_looks_like_markup_is_shown_as_it_was_written(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        note = Announcement(MARKUP[:TITLE_LENGTH], f"{MARKUP}\n\n{MARKUP}", HOME, "Ana <i>Ruiz</i>")
        announcements.post(parts, note, KEY)
        assert rig.announced(parts) == [self.shown(rig, note)]

    def test_the_longest_words_of_ours_are_taken(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        note = Announcement("t" * TITLE_LENGTH, "w" * TEXT_LENGTH, HOME, "n" * 100)
        announcements.post(parts, note, KEY)
        assert rig.announced(parts) == [self.shown(rig, note)]

    def test_each_space_has_its_own_however_the_keys_are_alike(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        other = a_space(rig, rig.wish(2, "Writing circle"))
        announcements.post(parts, NOTE, KEY)
        assert rig.announced(other) == []
        announcements.post(other, NOTE, OTHER)
        assert (len(rig.announced(parts)), len(rig.announced(other))) == (1, 1)

    def test_a_deleted_space_is_gone(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        rig.vanish(parts)
        with pytest.raises(Gone):
            announcements.post(parts, NOTE, KEY)

    def test_a_platform_that_is_too_busy_says_when_and_it_is_seen_once_afterwards(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        rig.throttle(7)
        with pytest.raises(Throttled) as busy:
            announcements.post(parts, NOTE, KEY)
        assert busy.value.retry_after is None or busy.value.retry_after >= 1
        rig.fair_weather()
        sooner_or_later(rig, lambda: announcements.post(parts, NOTE, KEY))
        assert len(rig.announced(parts)) == 1

    def test_an_outage_passes_by_itself(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        rig.outage()
        with pytest.raises((Transient, OutcomeUnknown)):
            announcements.post(parts, NOTE, KEY)
        rig.fair_weather()
        sooner_or_later(rig, lambda: announcements.post(parts, NOTE, KEY))
        assert len(rig.announced(parts)) == 1

    def test_credentials_that_stopped_working_name_who_can_act(
        self, rig: Rig, announcements: Announcements, parts: dict[str, str]
    ) -> None:
        rig.revoke()
        with pytest.raises(NeedsAttention) as refused:
            announcements.post(parts, NOTE, KEY)
        assert refused.value.who

    @staticmethod
    def shown(rig: Rig, note: Announcement) -> tuple[str, str, str]:
        """How these words look over there: title, text as far as it is shown, and who says it."""
        most = rig.integration.manifest.limits.announced
        return note.title, note.text if most is None else in_short(note.text, most), note.by
