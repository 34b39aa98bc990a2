"""What is made in a channel's files: names, people, times and links, and what is gone."""

from __future__ import annotations

import json

import pytest

from coplink.ports.errors import CursorExpired, UnexpectedReply
from coplink.sandbox.weather import Rule


def everything(library, parts, cursor=None):
    facts = []
    while True:
        changes = library.changes(parts, cursor)
        facts += changes.files
        cursor = changes.cursor
        if changes.last:
            return facts, cursor


def channel_of(parts) -> str:
    return parts["channel"].partition("/")[2]


def test_a_file_appears_with_author_time_and_link(rig, parts):
    library, ben = rig.connect().library, rig.wire.region.residents["ben.okafor"]
    first, cursor = everything(library, parts)
    assert first == []
    rig.wire.drives.add(channel_of(parts), "Notes.docx", ben)
    facts, cursor = everything(library, parts, cursor)
    assert [(f.name, f.author, f.author_name, f.gone) for f in facts] == [
        ("Notes.docx", ben.entra_id, "Ben Okafor", False)
    ]
    assert facts[0].link.startswith("http")
    assert facts[0].media_type.endswith("wordprocessingml.document")
    assert facts[0].made_at.utcoffset().total_seconds() == 0
    assert everything(library, parts, cursor)[0] == []
    assert rig.wire.complete_reads[-1][0] == "library"


def test_versions_renames_and_deletions_are_told(rig, parts):
    library, ben = rig.connect().library, rig.wire.region.residents["ben.okafor"]
    _, cursor = everything(library, parts)
    file = rig.wire.drives.add(channel_of(parts), "Plan.docx", ben)
    made, cursor = everything(library, parts, cursor)
    rig.wire.drives.touch(file["id"], name="Plan 2.docx")
    renamed, cursor = everything(library, parts, cursor)
    assert renamed[0].name == "Plan 2.docx"
    assert renamed[0].version != made[0].version
    rig.wire.drives.touch(file["id"], deleted=True)
    gone, cursor = everything(library, parts, cursor)
    assert [(f.remote, f.gone) for f in gone] == [(file["id"], True)]
    assert everything(library, parts)[0] == [], "a complete listing does not name the dead"


def test_files_come_page_by_page_and_lock_files_are_left_out(rig, parts):
    library, ben = rig.connect().library, rig.wire.region.residents["ben.okafor"]
    for n in range(7):
        rig.wire.drives.add(channel_of(parts), f"File {n}.pdf", ben)
    rig.wire.drives.add(channel_of(parts), "~$Plan.docx", ben)
    rig.wire.page_size = 3
    page = library.changes(parts, None)
    assert not page.last
    facts, _ = everything(library, parts)
    assert {f.name for f in facts} == {f"File {n}.pdf" for n in range(7)}


def test_folders_below_ours_are_followed_and_what_leaves_is_gone(rig, parts):
    library, ben = rig.connect().library, rig.wire.region.residents["ben.okafor"]
    drive, _, folder = parts["folder"].partition("/")
    below = {
        **rig.wire.store.get("teams.file", folder),
        "id": "01SUB",
        "parent": folder,
        "name": "Cycle 1",
        "n": rig.wire.store.serial("teams.file"),
    }
    rig.wire.store.put("teams.file", "01SUB", below)
    elsewhere = {
        **below,
        "id": "01ELSE",
        "parent": f"01ROOT{drive[-8:]}",
        "n": rig.wire.store.serial("teams.file"),
    }
    rig.wire.store.put("teams.file", "01ELSE", elsewhere)
    _, cursor = everything(library, parts)
    deep = rig.wire.drives.add(channel_of(parts), "Deep.docx", ben)
    rig.wire.drives.touch(deep["id"], parent="01SUB")
    facts, cursor = everything(library, parts, cursor)
    assert [(f.name, f.gone) for f in facts] == [("Deep.docx", False)]
    rig.wire.drives.touch(deep["id"], parent="01ELSE")
    facts, cursor = everything(library, parts, cursor)
    assert [(f.remote, f.gone, f.name) for f in facts] == [(deep["id"], True, "")]


def test_a_forgotten_cursor_begins_anew(rig, parts):
    library = rig.connect().library
    _, cursor = everything(library, parts)
    rig.wire.drives.expire(None)
    with pytest.raises(CursorExpired):
        library.changes(parts, cursor)
    assert everything(library, parts)[0] == []
    with pytest.raises(CursorExpired):
        library.changes(parts, "of another time")


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/v1.0/x", "http://127.0.0.1:1/v1.0/x", "//x", "", 7]
)
def test_a_link_to_another_origin_is_never_followed(rig, parts, link):
    body = {"value": [], "@odata.nextLink": link}
    rig.wire.weather.add(Rule("delta", "answer", status=200, body=body))
    with pytest.raises(UnexpectedReply):
        rig.connect().library.changes(parts, None)
    with pytest.raises(UnexpectedReply):
        rig.connect().library.changes(
            parts, json.dumps({"link": "https://elsewhere.example/v1.0/x", "folders": []})
        )
