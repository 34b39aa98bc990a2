"""Operations called are operations declared, both ways; each with the one scope the table names, and no other."""

from __future__ import annotations

import datetime as dt

import pytest

from coplink.core.people import Role
from coplink.core.rhythm import Dates, Rhythm, Series, Weekly, check, expand
from coplink.core.spaces import Seat
from coplink.ports.errors import CoplinkError, Gone, PermissionMissing
from coplink_google import AUTH
from coplink_google.operations import FOLDER, GROUPS, NONE, OPERATIONS, ROBOT, of_mode, scopes
from coplink_google.sandbox import signin

ADDRESS = "https://coplink.school.example/hook/google/s"


def a_series(campus, pattern, **changes):
    begins = campus.clock.now().date() + dt.timedelta(days=1)  # none has been held yet, at whatever hour
    rhythm = Rhythm(
        "America/Denver", dt.time(16), 60, begins, begins + dt.timedelta(days=60), pattern, **changes
    )
    rhythm = check(rhythm)
    return Series(rhythm, "Reading circle", expand(rhythm), "What we read.", "", "http://127.0.0.1:8080/c/1")


def everything(campus, connection, parts, other):
    """Whatever coplink does in Google Workspace, each at least once."""
    luis, mei = campus.google_id("luis.ortega"), campus.google_id("mei.chen")
    connection.check()
    connection.spaces.describe(parts)
    connection.directory.find(["mei.chen@lakeside.example"])
    seats = connection.seats
    seats.put(parts, [Seat(luis, Role.MEMBER), Seat(mei, Role.MEMBER)])
    seats.put(parts, [Seat(luis, Role.FACILITATOR, before=Role.MEMBER)])
    seats.read(parts)
    seats.look(parts, luis)
    seats.remove(parts, [luis, mei])
    seats.remove(parts, [luis])
    weekly = a_series(campus, Weekly(1, (campus.clock.now().date().weekday(),)))
    link = connection.calendar.put(parts, weekly, ("mei.chen@lakeside.example",), None, "c/1/google")
    connection.calendar.read(parts, weekly, link)
    first = weekly.meetings[1].original
    moved = a_series(
        campus, weekly.rhythm.pattern, moves={first: dt.datetime.combine(first, dt.time(18))}, version=2
    )
    link = connection.calendar.put(parts, moved, ("mei.chen@lakeside.example",), link, "c/1/google")
    dates = a_series(campus, Dates((first,)), version=3)
    connection.calendar.put(parts, dates, (), link, "c/1/google")
    changes = connection.library.changes(parts, None)
    connection.library.changes(parts, changes.cursor)
    subscription = connection.watch.subscribe(parts, ADDRESS, "secret", "key")
    connection.watch.stop(subscription)
    connection.upkeep.rename(parts, "Maths")
    connection.upkeep.archive(parts)
    connection.upkeep.restore(parts)
    connection.upkeep.let_go(parts, take_away=True)
    managing = campus.connect(file_managers="yes").seats
    managing.put(parts, [Seat(luis, Role.FACILITATOR)])
    managing.remove(parts, [luis])
    campus.refuse("POST /drive/v3/drives", 409, "duplicate")
    with pytest.raises(CoplinkError):
        connection.spaces.ensure("drive", other, {}, "another key")


def test_what_is_called_is_what_is_declared(campus, connection, parts, wish):
    everything(campus, connection, parts, wish(7, "Another circle"))
    assert campus.wire.used == set(of_mode(NONE))
    assert campus.wire.refusals == []


def test_the_pretended_google_answers_nothing_that_is_not_called(campus):
    assert campus.wire.methods == set(OPERATIONS)


def test_the_pretended_consent_is_what_the_table_asks_for():
    assert set(signin.GROUP_SCOPES) == set(scopes(GROUPS))
    assert set(signin.ROBOT_SCOPES) == set(scopes(ROBOT))
    assert set(signin.ROBOT_SCOPES + signin.CHAT_SCOPES) == set(scopes(ROBOT, chat=True))
    assert set(signin.GROUP_SCOPES + signin.CHAT_GROUP_SCOPES) == set(scopes(GROUPS, chat=True))
    assert set(signin.FOLDER_SCOPES) == set(scopes(ROBOT, FOLDER))


@pytest.mark.parametrize("subject", [GROUPS, ROBOT])
def test_with_one_scope_exactly_its_operations_pass(campus, parts, subject):
    """Each operation is called with each scope of its subject alone: only the one that the table names opens it."""
    google = campus.connect(**campus.wire.with_chat("lakeside")).spaces._google
    for scope in scopes(subject, chat=True):
        consent = campus.wire.store.get("google.consent", "lakeside")
        campus.wire.store.put("google.consent", "lakeside", {**consent, subject: [scope]})
        for name in campus.wire.store.keys("google.token"):
            campus.wire.store.drop("google.token", name)
        for operation in of_mode(NONE, chat=True).values():
            if operation.subject != subject:
                continue
            parameters, body = _least(google, operation.name)
            try:
                google.call(operation.name, **parameters, **body)
                refused = None
            except CoplinkError as error:
                refused = error
            missing = isinstance(refused, PermissionMissing) and refused.scopes == (AUTH + operation.scope,)
            assert missing is not _opens(scope, operation.name), (scope, operation.name, refused)


def _opens(scope, name):
    from coplink_google.sandbox import contract

    return AUTH + scope in contract.method(name).scopes


def _least(google, name):
    """Just enough parameters that the call is made; what they name does not exist."""
    from coplink_google.sandbox import contract

    called = contract.method(name)
    needed = {key: rule.get("pattern", "") for key, rule in called.parameters.items() if rule.get("required")}
    must = {key: "spaces/1234" if "spaces" in pattern else "1234" for key, pattern in needed.items()}
    if name == "directory.groups.list":
        must["domain"] = "lakeside.example"
    return must, {"body": {}} if called.request else {}


def test_a_group_that_is_gone_is_no_missing_permission(campus, connection, parts):
    with pytest.raises(Gone):
        connection.seats.read({"group": "nothing"})
