"""Files of the shared drive: listed once, then followed; nothing missed, folders and our own mark left out."""

from __future__ import annotations

import datetime as dt

import pytest

from coplink.ports.errors import CursorExpired, PermissionMissing, Throttled, UnexpectedReply

LUIS = "luis.ortega@lakeside.example"


@pytest.fixture
def library(connection, parts):
    return connection.library


@pytest.fixture
def add(campus, parts):
    district = campus.wire.districts["lakeside"]

    def go(name, by=LUIS, **more):
        drive = campus.wire.store.get("google.drive", parts["drive"])
        return campus.wire.drive.add(drive, by, district, name=name, parents=[parts["folder"]], **more)

    return go


def collect(library, parts, cursor=None):
    """Every page from ``cursor`` on."""
    files, pages = [], 0
    while True:
        page = library.changes(parts, cursor)
        files += page.files
        cursor, pages = page.cursor, pages + 1
        if page.last:
            return files, cursor, pages


def test_an_empty_drive_has_no_files_and_is_read_completely(campus, library, parts):
    files, cursor, _ = collect(library, parts)
    assert files == []
    assert ("library", parts["drive"]) in campus.wire.complete_reads
    assert collect(library, parts, cursor)[0] == []
    assert campus.wire.refusals == []


def test_a_file_comes_with_author_time_place_and_link(campus, library, parts, add):
    made = add("Reading log.docx")
    ((fact,), _, _) = collect(library, parts)
    assert (fact.remote, fact.name) == (made["id"], "Reading log.docx")
    assert fact.link.startswith(campus.wire.base_url)
    assert fact.author == campus.google_id("luis.ortega")
    assert fact.author_name == "Luis Ortega"
    assert abs(fact.made_at - campus.clock.now()) < dt.timedelta(minutes=1)
    assert fact.made_at.tzinfo is dt.UTC
    assert not fact.gone


def test_a_file_made_during_the_listing_is_not_missed(library, parts, add):
    for n in range(101):
        add(f"File {n}")
    first = library.changes(parts, None)
    assert (len(first.files), first.last) == (98, False)  # folder and mark were on that page too
    late = add("Late")
    files, cursor, _ = collect(library, parts, first.cursor)
    later, _, _ = collect(library, parts, cursor)
    assert late["id"] in {fact.remote for fact in [*files, *later]}
    assert len({fact.remote for fact in [*first.files, *files, *later]}) == 102


@pytest.mark.parametrize("number", [97, 98, 99, 100, 198, 250])
def test_every_page_size_is_listed_and_followed_to_its_end(library, parts, add, number):
    _, cursor, _ = collect(library, parts)
    names = {add(f"File {n}")["id"] for n in range(number)}
    assert {fact.remote for fact in collect(library, parts)[0]} == names
    files, cursor, _ = collect(library, parts, cursor)
    assert {fact.remote for fact in files} == names
    assert collect(library, parts, cursor)[0] == []


def test_what_changes_is_told_and_what_goes_is_gone(campus, library, parts, add):
    one, two, three = add("One"), add("Two"), add("Three")
    files, cursor, _ = collect(library, parts)
    versions = {fact.remote: fact.version for fact in files}
    campus.wire.drive.change(one["id"], name="One, better")
    campus.wire.drive.change(two["id"], trashed=True)
    campus.wire.drive.change(three["id"], removed=True)
    files, cursor, _ = collect(library, parts, cursor)
    facts = {fact.remote: fact for fact in files}
    assert facts[one["id"]].name == "One, better"
    assert facts[one["id"]].version != versions[one["id"]]
    assert facts[two["id"]].gone
    assert facts[three["id"]].gone
    campus.wire.drive.change(two["id"], trashed=False)
    ((fact,), _, _) = collect(library, parts, cursor)
    assert (fact.remote, fact.gone) == (two["id"], False)


def test_folders_and_shortcuts_are_left_out(library, parts, add):
    _, cursor, _ = collect(library, parts)
    add("A folder", mimeType="application/vnd.google-apps.folder")
    add("A shortcut", mimeType="application/vnd.google-apps.shortcut")
    assert collect(library, parts, cursor)[0] == []
    assert collect(library, parts)[0] == []


def test_an_author_outside_the_domain_stays_a_name(library, parts, add):
    add("Guest's", by="guest@elsewhere.example")
    ((fact,), _, _) = collect(library, parts)
    assert fact.author is None
    assert fact.author_name == "guest@elsewhere.example"


def test_one_author_is_looked_up_once(campus, library, parts, add):
    for n in range(5):
        add(f"File {n}")
    collect(library, parts)
    assert sum("/directory/v1/users/" in call.path for call in campus.wire.calls) == 1


def test_a_forgotten_place_begins_anew(campus, library, parts, add):
    add("One")
    _, cursor, _ = collect(library, parts)
    campus.wire.drive.changes.forget()
    with pytest.raises(CursorExpired):
        library.changes(parts, cursor)
    assert len(collect(library, parts)[0]) == 1


@pytest.mark.parametrize(
    "cursor", ["changes:nonsense", "changes:1~999999", "files:1~0:nonsense", "other", "changes:"]
)
def test_a_cursor_that_google_does_not_know_begins_anew(library, parts, cursor):
    with pytest.raises(CursorExpired):
        library.changes(parts, cursor)


def test_another_drives_files_are_not_shown(campus, connection, library, parts, add, wish, provision):
    other = provision(connection, wish(2))
    drive = campus.wire.store.get("google.drive", other["drive"])
    campus.wire.drive.add(
        drive, LUIS, campus.wire.districts["lakeside"], name="Theirs", parents=[other["folder"]]
    )
    _, cursor, _ = collect(library, parts)
    add("Ours")
    assert [fact.name for fact in collect(library, parts)[0]] == ["Ours"]
    assert [fact.name for fact in collect(library, parts, cursor)[0]] == ["Ours"]


@pytest.mark.parametrize(
    "body",
    [
        {"files": "none"},
        {
            "files": [
                {
                    "name": "no id",
                    "createdTime": "2026-01-01T00:00:00Z",
                    "modifiedTime": "2026-01-01T00:00:00Z",
                }
            ]
        },
        {"files": [{"id": "1", "createdTime": "yesterday", "modifiedTime": "2026-01-01T00:00:00Z"}]},
        {
            "files": [
                {"id": "1", "createdTime": "2026-01-01T00:00:00", "modifiedTime": "2026-01-01T00:00:00Z"}
            ]
        },
        {"files": [], "nextPageToken": 7},
        [1],
    ],
    ids=str,
)
def test_an_answer_of_another_shape_is_our_fault_and_said_so(campus, library, parts, body):
    campus.weather("GET /drive/v3/files", status=200, body=body)
    with pytest.raises(UnexpectedReply):
        library.changes(parts, None)


def test_trouble_while_reading_is_named(campus, library, parts):
    campus.refuse("GET /drive/v3/changes", 403, "userRateLimitExceeded")
    with pytest.raises(Throttled):
        library.changes(parts, None)
    campus.refuse("GET /drive/v3/changes", 403, "insufficientPermissions")
    with pytest.raises(PermissionMissing) as missing:
        library.changes(parts, None)
    assert missing.value.scopes == ("https://www.googleapis.com/auth/drive",)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_small_pages_are_listed_and_followed_to_their_end(campus, library, parts, add, size):
    campus.wire.most_per_page = size
    _, cursor, _ = collect(library, parts)
    names = {add(f"File {n}")["id"] for n in range(5)}
    assert {fact.remote for fact in collect(library, parts, cursor)[0]} == names
    assert {fact.remote for fact in collect(library, parts)[0]} == names
