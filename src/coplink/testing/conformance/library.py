"""The promises of ``coplink.ports.library``: page by page, nothing missed, and what is gone is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coplink.core.artifacts import FileFact
from coplink.ports.errors import CursorExpired, Gone, IntegrationError, Throttled
from coplink.ports.integration import Capability
from coplink.ports.library import Library
from coplink.testing.conformance.rig import Rig
from coplink.testing.conformance.scenes import a_space, offered


class LibrarySuite:
    """Subclass it, and give ``rig``."""

    @pytest.fixture
    def library(self, rig: Rig) -> Library:
        """The port."""
        return offered(rig.connection.library, Capability.LIBRARY, rig)

    @pytest.fixture
    def parts(self, rig: Rig, library: Library) -> dict[str, str]:
        """A space that is ready, without files."""
        return a_space(rig)

    @staticmethod
    def read(
        library: Library, parts: dict[str, str], cursor: str | None = None
    ) -> tuple[list[FileFact], str, int]:
        """Every page from ``cursor`` on: the facts, where to go on, how many pages."""
        facts: list[FileFact] = []
        for pages in range(1, 200):
            page = library.changes(parts, cursor)
            facts += page.files
            cursor = page.cursor
            if page.last:
                return facts, cursor, pages
        raise AssertionError("two hundred pages, and none says that it is the last")

    def test_an_empty_space_is_read_to_its_end(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        before = rig.writes()
        facts, cursor, _ = self.read(library, parts)
        assert facts == []
        assert cursor
        assert self.read(library, parts, cursor)[0] == []
        assert rig.writes() == before

    def test_a_file_appears_with_name_link_and_time(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        _, cursor, _ = self.read(library, parts)
        remote = rig.add_file(parts, "Reading log.docx")
        (fact,), cursor, _ = self.read(library, parts, cursor)
        assert (fact.remote, fact.name, fact.gone) == (remote, "Reading log.docx", False)
        assert fact.link.startswith(("http://", "https://"))
        assert fact.made_at.utcoffset() == fact.changed_at.utcoffset() == timedelta(0)
        assert fact.author in (None, rig.accounts[0])
        assert fact.author or fact.author_name
        assert self.read(library, parts, cursor)[0] == [], "told once"
        assert [one.remote for one in self.read(library, parts)[0]] == [remote], (
            "a complete listing has it too"
        )

    def test_every_page_size_is_read_to_its_end(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        _, cursor, _ = self.read(library, parts)
        names = {rig.add_file(parts, f"File {n}.pdf") for n in range(4)}
        for size in (1, 2, 4):
            rig.pages_of(size)
            listed, _, pages = self.read(library, parts)
            assert {fact.remote for fact in listed} == names
            assert pages > 1 or size == 4
            assert {fact.remote for fact in self.read(library, parts, cursor)[0]} == names

    def test_what_is_made_while_reading_is_not_missed(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        rig.pages_of(2)
        names = {rig.add_file(parts, f"File {n}.pdf") for n in range(5)}
        page = library.changes(parts, None)
        assert not page.last
        names.add(rig.add_file(parts, "Late.pdf"))
        rest, cursor, _ = self.read(library, parts, page.cursor)
        later, _, _ = self.read(library, parts, cursor)
        assert {fact.remote for fact in (*page.files, *rest, *later)} == names

    def test_a_page_read_twice_says_the_same(self, rig: Rig, library: Library, parts: dict[str, str]) -> None:
        _, cursor, _ = self.read(library, parts)
        rig.add_file(parts, "One.pdf")
        first, again = library.changes(parts, cursor), library.changes(parts, cursor)
        assert [fact.remote for fact in first.files] == [fact.remote for fact in again.files]

    def test_a_file_renamed_is_told_as_another_version(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        remote = rig.add_file(parts, "Plan.docx")
        (made,), cursor, _ = self.read(library, parts)
        rig.rename_file(remote, "Plan 2.docx")
        (fact,), _, _ = self.read(library, parts, cursor)
        assert (fact.remote, fact.name, fact.gone) == (remote, "Plan 2.docx", False)
        assert fact.version != made.version

    def test_a_file_deleted_is_told_as_gone_and_never_listed_again(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        remote, kept = rig.add_file(parts, "Plan.docx"), rig.add_file(parts, "Notes.docx")
        _, cursor, _ = self.read(library, parts)
        rig.delete_file(remote)
        facts, _, _ = self.read(library, parts, cursor)
        assert [(fact.remote, fact.gone) for fact in facts] == [(remote, True)]
        assert [fact.remote for fact in self.read(library, parts)[0]] == [kept]

    def test_folders_are_left_out(self, rig: Rig, library: Library, parts: dict[str, str]) -> None:
        _, cursor, _ = self.read(library, parts)
        rig.add_folder(parts, "A folder")
        assert self.read(library, parts, cursor)[0] == []
        assert self.read(library, parts)[0] == []

    def test_files_of_another_space_are_not_shown(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        other = a_space(rig, rig.wish(2))
        _, cursor, _ = self.read(library, parts)
        rig.add_file(other, "Theirs.docx")
        ours = rig.add_file(parts, "Ours.docx")
        assert [fact.remote for fact in self.read(library, parts)[0]] == [ours]
        after = self.read(library, parts, cursor)[0]  # that something is not here may be told of anything
        assert [fact.remote for fact in after if not fact.gone] == [ours]

    def test_a_forgotten_cursor_is_expired_and_a_new_listing_begins(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        remote = rig.add_file(parts, "Plan.docx")
        _, cursor, _ = self.read(library, parts)
        rig.forget_cursors()
        with pytest.raises(CursorExpired):
            library.changes(parts, cursor)
        assert [fact.remote for fact in self.read(library, parts)[0]] == [remote]

    def test_a_cursor_that_nobody_gave_is_expired_or_refused_and_never_followed(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        for cursor in ("of another time", "{}", "https://elsewhere.example/next", "\x00"):
            with pytest.raises(IntegrationError) as refused:
                library.changes(parts, cursor)
            assert refused.value.code in ("cursor_expired", "unexpected_reply")

    def test_throttling_is_told_with_the_seconds(
        self, rig: Rig, library: Library, parts: dict[str, str]
    ) -> None:
        rig.throttle(77)
        with pytest.raises(Throttled) as slow:
            library.changes(parts, None)
        assert slow.value.retry_after == 77

    def test_a_deleted_space_is_gone(self, rig: Rig, library: Library, parts: dict[str, str]) -> None:
        rig.vanish(parts)
        with pytest.raises(Gone):
            library.changes(parts, None)
