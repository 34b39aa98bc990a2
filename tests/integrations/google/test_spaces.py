"""Making the places of a community: each once, found again by its mark, and never twice."""

from __future__ import annotations

import threading

import pytest

from coplink.ports.errors import Ambiguous, Gone, NotReadyYet, OutcomeUnknown, PolicyForbids
from coplink_google.names import drive_name

STEPS = ("group", "drive", "grants", "folder", "calendar")


def counts(campus):
    state = campus.wire.state()
    drive = state["drives"][0]
    return (
        len(state["groups"]),
        len(state["drives"]),
        len(drive["permissions"]),
        sum(file["name"] == "Library" for file in drive["files"]),
        sum(file["name"] == ".coplink" for file in drive["files"]),
        len(state["calendars"]),
        [len(calendar["rules"]) for calendar in state["calendars"]],
    )


ONCE = (1, 1, 2, 1, 1, 1, [2])


def test_everything_is_made_once_and_carries_the_mark(campus, parts, wish):
    state = campus.wire.state()
    assert tuple(parts) == STEPS
    assert counts(campus) == ONCE
    marker = wish().marker
    assert [one["marker"] for kind in ("groups", "drives", "calendars") for one in state[kind]] == [
        marker
    ] * 3
    assert parts["group"] == state["groups"][0]["id"]
    assert parts["drive"] == state["drives"][0]["id"]
    assert state["mails"] == [], "nobody is mailed"
    assert campus.wire.refusals == []


def test_the_group_takes_invited_people_only(campus, connection, wish, provision):
    provision(connection, wish())
    settings = campus.wire.directory.groups()[0]["settings"]
    assert settings["whoCanJoin"] == "INVITED_CAN_JOIN"
    assert settings["allowExternalMembers"] == "false"
    assert settings["includeInGlobalAddressList"] == "false"


@pytest.mark.parametrize(("guests", "outsiders"), [("yes", True), ("yes", False), ("", True)])
def test_outsiders_are_let_in_where_they_will_belong_and_the_admin_said_so(
    campus, wish, provision, guests, outsiders
):
    provision(campus.connect(guests=guests), wish(outsiders=outsiders))
    told = campus.wire.directory.groups()[0]["settings"]["allowExternalMembers"]
    assert told == ("true" if guests and outsiders else "false")


@pytest.mark.parametrize("step", STEPS)
def test_a_part_whose_row_was_lost_is_found_and_nothing_is_written(campus, connection, parts, wish, step):
    before = len(campus.writes)
    known = {name: remote for name, remote in parts.items() if STEPS.index(name) < STEPS.index(step)}
    made = connection.spaces.ensure(step, wish(), known, "another key")
    assert (made.remote, made.found) == (parts[step], True)
    assert campus.writes[before:] == []


def test_a_drive_that_was_renamed_is_still_found(campus, connection, parts, wish):
    drive = campus.wire.store.get("google.drive", parts["drive"])
    campus.wire.store.put("google.drive", drive["id"], {**drive, "name": "Our drive"})
    made = connection.spaces.ensure("drive", wish(), {"group": parts["group"]}, "another key")
    assert made.remote == parts["drive"]
    assert connection.spaces.describe(parts).name == "Our drive"


@pytest.mark.parametrize("spoiled", ["lose", "garble"])
@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("group", "POST /admin/directory/v1/groups$"),
        ("group", "PATCH /groups/v1/groups/"),
        ("drive", "POST /drive/v3/drives"),
        ("drive", "POST /drive/v3/files"),
        ("grants", "POST /drive/v3/files/.*/permissions"),
        ("folder", "POST /drive/v3/files"),
        ("calendar", "POST /calendar/v3/calendars\\?"),
        ("calendar", "POST /calendar/v3/calendars/.*/acl"),
    ],
)
def test_a_lost_answer_is_unknown_and_the_next_go_makes_no_second(
    campus, connection, wish, step, line, spoiled
):
    parts: dict[str, str] = {}
    for name in STEPS:
        if name == step:
            campus.weather(line.replace("$", r"(\?|$)"), spoiled)
            with pytest.raises(OutcomeUnknown):
                connection.spaces.ensure(name, wish(), dict(parts), f"key/{name}")
        parts[name] = connection.spaces.ensure(name, wish(), dict(parts), f"key/{name}").remote
    assert counts(campus) == ONCE


def test_two_drives_with_our_mark_stop_the_run(campus, connection, parts, wish, provision):
    other = provision(connection, wish(2))
    marks = [file for file in campus.wire.drive.files(other["drive"]) if file["name"] == ".coplink"]
    mark = campus.wire.drive.files(parts["drive"])[0]["appProperties"]
    campus.wire.drive.change(marks[0]["id"], appProperties=mark)
    with pytest.raises(Ambiguous) as stopped:
        connection.spaces.ensure("drive", wish(), {}, "key")
    assert set(stopped.value.candidates) == {parts["drive"], other["drive"]}
    assert stopped.value.who == "Google Workspace administrator"


def test_two_calendars_or_groups_with_our_mark_stop_the_run(campus, connection, parts, wish, provision):
    provision(connection, wish(2))
    for kind in ("google.calendar", "google.group"):
        for document in campus.wire.store.all(kind):
            campus.wire.store.put(kind, document["id"], {**document, "description": wish().marker})
    for step in ("calendar", "group"):
        with pytest.raises(Ambiguous):
            connection.spaces.ensure(step, wish(), {"group": parts["group"]}, "key")


def test_a_group_at_our_address_with_another_mark_is_not_taken(campus, connection, wish):
    short = wish().marker.removeprefix("coplink:")[:16]
    district = campus.wire.districts["lakeside"]
    group = {
        "id": "0other", "district": district.key, "email": f"cop-{short}@lakeside.example", "name": "Other",
        "description": wish(2).marker, "settings": {}, "members": {}, "made": 0,
    }  # fmt: skip
    campus.wire.store.put("google.group", "0other", group)
    with pytest.raises(Ambiguous):
        connection.spaces.ensure("group", wish(), {}, "key")
    campus.wire.store.put("google.group", "0other", {**group, "description": "Rewritten", "settings": {}})
    assert connection.spaces.ensure("group", wish(), {}, "key").remote == "0other"


def test_two_communities_of_one_name_share_nothing(campus, connection, parts, wish, provision):
    other = provision(connection, wish(2))
    assert set(parts.values()).isdisjoint(other.values())


def test_a_young_group_and_drive_are_waited_for(campus, connection, wish):
    campus.wire.lag_seconds = 90
    parts: dict[str, str] = {}
    waited = []
    for step in STEPS:
        for _ in range(4):
            try:
                parts[step] = connection.spaces.ensure(step, wish(), dict(parts), f"key/{step}").remote
                break
            except NotReadyYet:
                waited.append(step)
                campus.clock.ahead += 60
    assert {"group", "drive"} <= set(waited)
    assert counts(campus) == ONCE


def test_a_used_request_id_leads_to_the_drive_of_that_name_without_a_mark(campus, connection, wish):
    campus.weather("POST /drive/v3/files", status=503, body={})
    with pytest.raises(OutcomeUnknown):
        connection.spaces.ensure("drive", wish(), {}, "key")
    campus.refuse("POST /drive/v3/drives", 409, "duplicate")
    made = connection.spaces.ensure("drive", wish(), {}, "key")
    assert made.remote == campus.wire.state()["drives"][0]["id"]
    assert made.found
    assert counts(campus)[1] == 1


def test_a_used_request_id_without_any_drive_is_waited_for(campus, connection, wish):
    campus.refuse("POST /drive/v3/drives", 409, "duplicate")
    with pytest.raises(NotReadyYet):
        connection.spaces.ensure("drive", wish(), {}, "key")


def test_the_name_loses_what_cannot_be_in_it(connection, wish):
    assert drive_name("  Maths\n& \t more\x00 ") == "Maths & more"
    assert drive_name("x" * 200) == "x" * 73
    assert drive_name(" \n") == "coplink"


def test_a_robot_that_may_not_make_drives_names_the_setting(campus, connection, wish):
    campus.refuse("POST /drive/v3/drives", 403, "userCannotCreateTeamDrives")
    with pytest.raises(PolicyForbids) as refused:
        connection.spaces.ensure("drive", wish(), {}, "key")
    assert refused.value.setting == "userCannotCreateTeamDrives"
    assert refused.value.who == "Google Workspace administrator"


def test_describing_gives_name_and_link_and_a_deleted_drive_is_gone(campus, connection, parts):
    facts = connection.spaces.describe(parts)
    assert facts.name == "Reading circle"
    assert facts.link.startswith(campus.wire.base_url)
    campus.wire.store.drop("google.drive", parts["drive"])
    with pytest.raises(Gone):
        connection.spaces.describe(parts)


def test_writes_to_one_drives_permissions_wait_for_each_other(campus, wish, provision):
    first = campus.connect()
    parts = {}
    for step in ("group", "drive"):
        parts[step] = first.spaces.ensure(step, wish(), dict(parts), step).remote
    campus.weather("GET /drive/v3/files/.*/permissions", "slow", seconds=0.3, times=2)
    found, together = [], threading.Barrier(2)

    def grant():
        spaces = campus.connect().spaces
        spaces._google.call("drive.about.get", fields="canCreateDrives")  # a thread's first call takes long
        spaces._google.call("directory.groups.get", groupKey=parts["group"])
        together.wait(30)
        found.append(spaces.ensure("grants", wish(), dict(parts), "key"))

    goes = [threading.Thread(target=grant) for _ in range(2)]
    for go in goes:
        go.start()
    for go in goes:
        go.join()
    assert sorted(made.found for made in found) == [False, True]
    assert len(campus.wire.state()["drives"][0]["permissions"]) == 2


def test_a_library_folder_taken_away_by_hand_leaves_the_drive_described(campus, connection, parts):
    campus.wire.drive.change(parts["folder"], removed=True)
    facts = connection.spaces.describe(parts)
    assert facts.name == "Reading circle"
    assert facts.link.endswith(parts["drive"])
