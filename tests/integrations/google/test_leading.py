"""Facilitators who manage files, where the connection asks for it."""

from __future__ import annotations

import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports.errors import Misconfigured
from coplink.ports.seats import Done
from coplink_google.sandbox.frame import grant

LUIS, MEI, NOAH = "luis.ortega", "mei.chen", "noah.feld"


@pytest.fixture
def seats(campus, parts):
    return campus.connect(file_managers="yes").seats


def managers(campus):
    rows = campus.wire.state()["drives"][0]["permissions"]
    return {one["address"].partition("@")[0] for one in rows if one["role"] == "fileOrganizer"}


def seat(campus, key, role=Role.MEMBER, before=None):
    return Seat(campus.google_id(key), role, before, f"{key}@lakeside.example")


def test_who_leads_manages_files_and_who_ceases_to_does_not(campus, seats, parts):
    result = seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR), seat(campus, MEI)])
    assert set(result.outcomes.values()) == {Done.CHANGED}
    assert managers(campus) == {LUIS}
    assert campus.wire.state()["mails"] == []
    seats.put(parts, [seat(campus, MEI, Role.FACILITATOR, Role.MEMBER)])
    seats.put(parts, [seat(campus, LUIS, Role.MEMBER, Role.FACILITATOR)])
    assert managers(campus) == {MEI}
    assert seats.read(parts).seats == {
        campus.google_id(LUIS): Role.MEMBER,
        campus.google_id(MEI): Role.FACILITATOR,
    }
    assert seats.remove(parts, [campus.google_id(MEI), campus.google_id(LUIS)]).outcomes == {
        campus.google_id(MEI): Done.CHANGED, campus.google_id(LUIS): Done.CHANGED,
    }  # fmt: skip
    assert managers(campus) == set()


def test_without_the_setting_drive_is_not_asked(campus, connection, parts):
    connection.seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR)])
    assert managers(campus) == set()


@pytest.mark.parametrize("how", ["leaves", "steps down"])
def test_the_setting_taken_back_leaves_nobody_who_goes_with_access(campus, connection, seats, parts, how):
    seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR), seat(campus, MEI, Role.FACILITATOR)])
    assert managers(campus) == {LUIS, MEI}
    luis = campus.google_id(LUIS)
    if how == "leaves":
        result = connection.seats.remove(parts, [luis])
    else:
        result = connection.seats.put(parts, [seat(campus, LUIS, Role.MEMBER, Role.FACILITATOR)])
    assert result.outcomes == {luis: Done.CHANGED}
    assert managers(campus) == {MEI}
    connection.seats.put(parts, [seat(campus, NOAH, Role.FACILITATOR)])
    assert managers(campus) == {MEI}, "nothing is given any more"


def test_whoever_is_suspended_keeps_no_access_either(campus, connection, seats, parts):
    seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR)])
    luis = campus.google_id(LUIS)
    row = {"id": luis, "primaryEmail": "luis.ortega@lakeside.example", "suspended": True}
    campus.weather(f"GET .*/users/{luis}", status=200, body=row)
    assert connection.seats.remove(parts, [luis]).outcomes == {luis: Done.CHANGED}
    assert managers(campus) == set()


def test_where_drive_does_not_let_go_the_seat_stays_and_the_next_go_finishes(
    campus, connection, seats, parts
):
    seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR)])
    luis = campus.google_id(LUIS)
    campus.refuse("DELETE .*/permissions", 403, "forbidden")
    assert connection.seats.remove(parts, [luis]).outcomes == {luis: Done.REFUSED}
    assert connection.seats.look(parts, luis) is Role.FACILITATOR
    assert connection.seats.remove(parts, [luis]).outcomes == {luis: Done.CHANGED}
    assert managers(campus) == set()


def test_where_nobody_has_access_of_their_own_one_listing_tells(campus, connection, parts):
    connection.seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR)])
    campus.calls.clear()
    connection.seats.remove(parts, [campus.google_id(LUIS)])
    assert [call.operation for call in campus.calls] == ["drive.permissions.list", "directory.members.delete"]


def test_a_drive_that_is_gone_keeps_nobody_in_the_group(campus, connection, seats, parts):
    seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR)])
    campus.wire.store.drop("google.drive", parts["drive"])
    luis = campus.google_id(LUIS)
    assert connection.seats.remove(parts, [luis]).outcomes == {luis: Done.CHANGED}


def test_where_drive_refuses_nobody_leads_yet_and_the_others_go_on(campus, seats, parts):
    campus.refuse("POST .*/permissions", 403, "teamDriveDomainUsersOnlyRestriction")
    result = seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR), seat(campus, MEI)])
    assert result.outcomes == {campus.google_id(LUIS): Done.REFUSED, campus.google_id(MEI): Done.CHANGED}
    assert "teamDriveDomainUsersOnlyRestriction" in str(result.reasons[campus.google_id(LUIS)])
    assert campus.google_id(LUIS) not in seats.read(parts).seats
    again = seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR)])
    assert again.outcomes == {campus.google_id(LUIS): Done.CHANGED}
    assert managers(campus) == {LUIS}


def test_a_full_drive_is_said_of_those_who_should_lead_only(campus, seats, parts):
    drive = campus.wire.store.get("google.drive", parts["drive"])
    drive["permissions"] += [grant("user", "reader", f"x{n}@lakeside.example", "x") for n in range(598)]
    campus.wire.store.put("google.drive", drive["id"], drive)
    result = seats.put(parts, [seat(campus, LUIS, Role.FACILITATOR), seat(campus, MEI)])
    assert result.outcomes == {campus.google_id(LUIS): Done.REFUSED, campus.google_id(MEI): Done.CHANGED}
    assert "600" in str(result.reasons[campus.google_id(LUIS)])


def test_a_lost_answer_leaves_the_seat_in_doubt_and_the_next_go_finishes(campus, seats, parts):
    campus.weather("POST .*/permissions", "lose")
    wanted = [seat(campus, LUIS, Role.FACILITATOR)]
    assert seats.put(parts, wanted).outcomes == {campus.google_id(LUIS): Done.UNKNOWN}
    assert seats.put(parts, wanted).outcomes == {campus.google_id(LUIS): Done.CHANGED}
    assert managers(campus) == {LUIS}


def test_the_setting_is_yes_or_empty(campus):
    with pytest.raises(Misconfigured, match="manage files"):
        campus.connect(file_managers="perhaps")
