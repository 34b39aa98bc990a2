"""A folder that somebody brought: a place in it for each community, access one by one, nothing around it touched."""

from __future__ import annotations

import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports.errors import CursorExpired, Gone, LimitReached, Misconfigured
from coplink.ports.integration import Verdict
from coplink.ports.seats import Done
from coplink_google import ADMIN, integration
from coplink_google.names import BROUGHT
from coplink_google.operations import FOLDER, OPERATIONS, of_mode
from coplink_google.options import Options

LUIS, MEI, NOAH = "luis.ortega", "mei.chen", "noah.feld"


@pytest.fixture
def settings(campus):
    return campus.wire.settings_of("folder", "lakeside")


@pytest.fixture
def connection(campus, settings):
    return campus.connect(**settings)


@pytest.fixture
def drive(campus, settings):
    return campus.wire.store.get("google.file", settings["folder"])["driveId"]


def seat(campus, key, role=Role.MEMBER):
    return Seat(campus.google_id(key), role)


def needing(connection):
    return {line.title: line for line in connection.check() if line.verdict is Verdict.NEEDS_YOU}


# --- the place --------------------------------------------------------------------------------------------------------


def test_a_community_gets_a_folder_in_the_one_that_was_brought(campus, settings, connection, parts, drive):
    assert tuple(parts) == BROUGHT
    assert parts["drive"] == drive
    folder = campus.wire.store.get("google.file", parts["folder"])
    assert (folder["name"], folder["parents"]) == ("Reading circle", [settings["folder"]])
    facts = connection.spaces.describe(parts)
    assert (facts.name, facts.seats) == ("Reading circle", 600)
    assert len(campus.wire.store.all("google.drive")) == 1, "no drive is made"
    assert campus.wire.directory.groups() == [], "and no group"


def test_it_is_found_again_and_made_once(campus, settings, parts, provision, wish):
    before = campus.writes
    assert provision(campus.connect(**settings), wish()) == parts
    assert campus.writes == before


def test_a_shared_drive_itself_may_be_brought(campus, settings, provision, wish, drive):
    link = f"https://drive.google.com/drive/folders/{drive}?usp=sharing"
    parts = provision(campus.connect(**{**settings, "folder": link}), wish())
    assert campus.wire.store.get("google.file", parts["folder"])["parents"] == [drive]


def test_without_the_folder_or_with_nonsense_for_one_the_setting_is_named(campus, settings):
    for wrong in ("", "x", "https://elsewhere.example/abcdefghijkl", "a b c d e f g h i j"):
        with pytest.raises(Misconfigured, match="Folder"):
            integration.look_over({**settings, "folder": wrong})
    assert Options.of(settings).service_account == ""


def test_a_folder_nobody_let_us_into_is_no_place(campus, settings, provision, wish):
    connection = campus.connect(**{**settings, "folder": "1aaaaaaaaaaaaaaaaaaaa"})
    with pytest.raises(Misconfigured, match="may not open it"):
        provision(connection, wish())
    (line,) = needing(connection).values()
    assert line.title == "Folder"
    assert line.who == ADMIN
    assert "Manager" in str(line.where)


def test_a_folder_in_the_bin_or_a_file_is_no_folder(campus, settings):
    campus.wire.drive.change(settings["folder"], trashed=True)
    assert set(needing(campus.connect(**settings))) == {"Folder"}
    campus.wire.drive.change(settings["folder"], trashed=False, mimeType="text/plain")
    assert set(needing(campus.connect(**settings))) == {"Folder"}


def test_a_robot_that_may_not_share_is_found_out(campus, settings, drive):
    kept = campus.wire.store.get("google.drive", drive)
    rows = [
        {**one, "role": "writer"} if "coplink" in one["emailAddress"] else one for one in kept["permissions"]
    ]
    campus.wire.store.put("google.drive", drive, {**kept, "permissions": rows})
    line = needing(campus.connect(**settings))["Folder"]
    assert "share" in str(line.message)


def test_all_is_well_with_fewer_permissions(connection):
    titles = [line.title for line in connection.check()]
    assert needing(connection) == {}
    assert "Groups" not in titles
    assert "Folder" in titles


# --- seats ------------------------------------------------------------------------------------------------------------


def test_people_get_access_of_their_own_and_nobody_is_mailed(campus, connection, parts):
    connection.seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR), seat(campus, MEI)])
    rows = campus.wire.store.get("google.file", parts["folder"])["permissions"]
    assert {one["emailAddress"]: one["role"] for one in rows} == {
        "luis.ortega@lakeside.example": "fileOrganizer",
        "mei.chen@lakeside.example": "writer",
    }
    assert campus.wire.state()["mails"] == []
    seats = {campus.google_id(LUIS): Role.FACILITATOR, campus.google_id(MEI): Role.MEMBER}
    assert connection.seats.read(parts).seats == seats


def test_who_may_open_the_drive_anyway_has_no_seat_and_keeps_what_they_have(campus, connection, parts, drive):
    kept = campus.wire.store.get("google.drive", drive)
    rows = [
        *kept["permissions"],
        {**kept["permissions"][0], "emailAddress": "noah.feld@lakeside.example", "id": "7"},
    ]
    campus.wire.store.put("google.drive", drive, {**kept, "permissions": rows})
    noah = campus.google_id(NOAH)
    assert connection.seats.read(parts).seats == {}, "what is inherited is no seat"
    assert connection.seats.remove(parts, [noah]).outcomes == {noah: Done.ALREADY_SO}
    connection.seats.put(parts, [seat(campus, NOAH)])
    assert connection.seats.read(parts).seats == {noah: Role.MEMBER}
    assert connection.seats.remove(parts, [noah]).outcomes == {noah: Done.CHANGED}
    assert campus.wire.store.get("google.drive", drive)["permissions"] == rows


def test_a_seat_in_one_folder_opens_no_other(campus, connection, parts, provision, wish):
    other = provision(connection, wish(2, "Writing circle"))
    connection.seats.put(parts, [seat(campus, MEI)])
    assert connection.seats.read(other).seats == {}


def test_somebody_who_is_suspended_has_not_left(campus, connection, parts):
    connection.seats.put(parts, [seat(campus, MEI)])
    mei = campus.google_id(MEI)
    body = {"id": mei, "primaryEmail": "mei.chen@lakeside.example", "suspended": True}
    campus.weather("/users/mei.chen", status=200, body=body, times=9)
    assert connection.seats.read(parts).seats == {mei: Role.MEMBER}


def test_reading_costs_one_page_for_a_hundred_and_one_batch_of_look_ups(campus, connection, parts):
    connection.seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    campus.calls.clear()
    connection.seats.read(parts)
    assert [call.operation for call in campus.calls] == ["drive.permissions.list", "directory.batch"]


def test_more_people_than_a_folder_takes_are_refused_before_anybody_is_let_in(
    campus, connection, parts, monkeypatch
):
    monkeypatch.setattr("coplink_google.sharing.MEMBERS", 1)
    before = campus.writes
    with pytest.raises(LimitReached, match="1 people"):
        connection.seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert campus.writes == before


def test_a_policy_is_one_persons_matter(campus, connection, parts):
    campus.refuse("POST .*/permissions", 403, "cannotShareTeamDriveWithNonGoogleAccounts")
    result = connection.seats.put(parts, [seat(campus, LUIS)])
    assert result.outcomes == {campus.google_id(LUIS): Done.REFUSED}
    assert "setting" in str(result.reasons[campus.google_id(LUIS)])


# --- files ------------------------------------------------------------------------------------------------------------


def add(campus, drive, folder, name, **more):
    district = campus.wire.districts["lakeside"]
    document, by = campus.wire.store.get("google.drive", drive), "mei.chen@lakeside.example"
    with campus.wire.store.change():
        return campus.wire.drive.add(document, by, district, name=name, parents=[folder], **more)


def read(connection, parts, cursor=None):
    files = []
    for _ in range(50):
        page = connection.library.changes(parts, cursor)
        files, cursor = files + list(page.files), page.cursor
        if page.last:
            return files, cursor
    raise AssertionError("no end")


KIND = {"mimeType": "application/vnd.google-apps.folder"}


def test_only_what_lies_below_the_folder_is_listed(campus, settings, connection, parts, drive):
    add(campus, drive, settings["folder"], "Payroll")
    add(campus, drive, parts["folder"], "Plan")
    inner = add(campus, drive, parts["folder"], "Autumn", **KIND)
    deeper = add(campus, drive, inner["id"], "Week 1", **KIND)
    add(campus, drive, deeper["id"], "Notes")
    campus.wire.most_per_page = 1
    files, _ = read(connection, parts)
    assert sorted(file.name for file in files) == ["Notes", "Plan"]


def test_changes_elsewhere_on_the_drive_are_nobodys_business(campus, settings, connection, parts, drive):
    inner = add(campus, drive, parts["folder"], "Autumn", **KIND)
    _, cursor = read(connection, parts)
    add(campus, drive, settings["folder"], "Payroll")
    add(campus, drive, inner["id"], "Plan")
    files, cursor = read(connection, parts, cursor)
    assert [file.name for file in files if not file.gone] == ["Plan"]
    assert "Payroll" not in {file.name for file in files}
    assert read(connection, parts, cursor) == ([], cursor)


def test_a_file_that_was_moved_away_is_withdrawn_and_a_folder_moved_in_brings_its_files(
    campus, settings, connection, parts, drive
):
    plan = add(campus, drive, parts["folder"], "Plan")
    outside = add(campus, drive, settings["folder"], "Old plans", **KIND)
    add(campus, drive, outside["id"], "Plan of last year")
    files, cursor = read(connection, parts)
    assert [file.name for file in files] == ["Plan"]
    with campus.wire.store.change():
        campus.wire.drive.change(plan["id"], parents=[settings["folder"]])
        campus.wire.drive.change(outside["id"], parents=[parts["folder"]])
    files, _ = read(connection, parts, cursor)
    assert [file.remote for file in files if file.gone] == [plan["id"]]
    assert [file.name for file in files if not file.gone] == ["Plan of last year"]


def test_a_cursor_google_forgot_begins_anew(campus, connection, parts):
    _, cursor = read(connection, parts)
    campus.wire.drive.changes.forget()
    with pytest.raises(CursorExpired):
        connection.library.changes(parts, cursor)
    with pytest.raises(CursorExpired):
        connection.library.changes(parts, "files:1:")


# --- afterwards -------------------------------------------------------------------------------------------------------


def test_the_access_of_a_folder_of_yours_is_left_as_it_is(campus, connection, parts):
    connection.seats.put(parts, [seat(campus, MEI)])
    before = campus.writes
    assert not connection.upkeep.archive(parts).done
    assert connection.upkeep.restore(parts).done
    assert campus.writes == before
    left = connection.upkeep.let_go(parts, take_away=True)
    assert [one.title for one in left] == ["Reading circle", "Reading circle"]
    campus.wire.drive.change(parts["folder"], trashed=True)
    with pytest.raises(Gone):
        connection.spaces.describe(parts)


def test_a_place_with_a_group_is_not_kept_by_a_connection_without_one(campus, provision, wish):
    own = provision(campus.connect(), wish())
    connection = campus.connect(**campus.wire.settings_of("folder", "lakeside"))
    with pytest.raises(Misconfigured, match="another mode"):
        connection.seats.read(own)


def test_what_is_called_is_what_this_mode_declares(campus, connection, parts):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    connection.check()
    connection.spaces.describe(parts)
    connection.directory.find(["mei.chen@lakeside.example"])
    connection.seats.put(parts, [Seat(luis, Role.MEMBER), Seat(mei, Role.MEMBER)])
    connection.seats.put(parts, [Seat(luis, Role.FACILITATOR)])
    connection.seats.look(parts, luis)
    connection.seats.remove(parts, [luis])
    _, cursor = read(connection, parts)
    read(connection, parts, cursor)
    connection.watch.stop(connection.watch.subscribe(parts, "https://coplink.example/hook", "secret", "key"))
    connection.upkeep.rename(parts, "Maths")
    connection.upkeep.let_go(parts, take_away=True)
    meetings = {name for name in OPERATIONS if name.startswith("calendar.events.")}  # as in every mode
    assert campus.wire.used | meetings == set(of_mode(FOLDER))
    assert campus.wire.refusals == []
