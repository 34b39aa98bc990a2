"""Who sits in a Canvas group: added, promoted, removed; refusals and lost answers one by one."""

from __future__ import annotations

import pytest

from coplink.core.people import Role
from coplink.core.spaces import Seat
from coplink.ports.errors import Gone, Misconfigured, PermissionMissing, Reauthorize, Throttled, Unavailable
from coplink.ports.seats import Done


@pytest.fixture
def seats(canvas, parts):
    return canvas.connect().seats


def fill(canvas, parts, count):
    """Let so many sit there, the first as a moderator."""
    with canvas.sandbox.store.change():
        for n in range(count):
            canvas.sandbox.sit(parts["group"], str(5000 + n), moderator=n == 0)


def test_an_added_seat_can_be_read_back(faultless, parts, seats):
    result = seats.put(
        parts, [faultless.seat(faultless.ana, Role.FACILITATOR), faultless.seat(faultless.ben)]
    )

    assert result.outcomes == {faultless.ana: Done.CHANGED, faultless.ben: Done.CHANGED}
    observed = seats.read(parts)
    assert observed.complete
    assert observed.seats == {faultless.ana: Role.FACILITATOR, faultless.ben: Role.MEMBER}
    assert observed.gone == frozenset()


def test_adding_twice_is_no_error_and_changes_nothing(faultless, parts, seats):
    wanted = [faultless.seat(faultless.ana, Role.FACILITATOR), faultless.seat(faultless.ben)]
    seats.put(parts, wanted)
    before = faultless.state("groups")

    result = seats.put(parts, wanted)

    assert set(result.outcomes.values()) == {Done.ALREADY_SO}
    assert faultless.state("groups") == before


def test_removing_what_is_not_there_is_no_error_and_changes_nothing(faultless, parts, seats):
    seats.put(parts, [faultless.seat(faultless.ana)])
    faultless.forget_calls()

    result = seats.remove(parts, [faultless.ben, faultless.stranger, "no account"])

    assert set(result.outcomes.values()) == {Done.ALREADY_SO}
    assert faultless.state("groups")[0]["members"] == [faultless.ana]
    assert [read for read in faultless.reads if "/groups/" in read] == [
        f"GET /api/v1/groups/{parts['group']}"
    ]


def test_a_removed_seat_is_gone(faultless, parts, seats):
    seats.put(parts, [faultless.seat(faultless.ana), faultless.seat(faultless.ben)])

    assert seats.remove(parts, [faultless.ben]).outcomes == {faultless.ben: Done.CHANGED}
    assert seats.read(parts).seats == {faultless.ana: Role.MEMBER}


def test_one_stranger_does_not_spoil_a_batch(faultless, parts, seats):
    wanted = [
        faultless.seat(a) for a in (faultless.stranger, faultless.ana, "31337", "no account", faultless.ben)
    ]

    result = seats.put(parts, wanted)

    assert result.outcomes == {
        faultless.stranger: Done.REFUSED,
        faultless.ana: Done.CHANGED,
        "31337": Done.REFUSED,
        "no account": Done.REFUSED,
        faultless.ben: Done.CHANGED,
    }
    assert str(result.reasons[faultless.stranger]).startswith("They are not in the Canvas course")
    assert set(result.reasons) == {faultless.stranger, "31337", "no account"}


def test_somebody_of_the_other_district_is_refused(faultless, parts, seats):
    result = seats.put(parts, [faultless.seat(faultless.luis)])

    assert result.outcomes == {faultless.luis: Done.REFUSED}
    assert seats.read(parts).seats == {}


@pytest.mark.parametrize(
    ("before", "after"), [(Role.MEMBER, Role.FACILITATOR), (Role.FACILITATOR, Role.MEMBER)]
)
def test_a_change_of_role_keeps_the_seat(faultless, parts, seats, before, after):
    seats.put(parts, [faultless.seat(faultless.ana, before)])
    faultless.forget_calls()

    result = seats.put(parts, [Seat(faultless.ana, after, before=before)])

    assert result.outcomes == {faultless.ana: Done.CHANGED}
    assert seats.read(parts).seats == {faultless.ana: after}
    assert [write.partition(" ")[0] for write in faultless.writes] == ["PUT"]  # never out and in again


def test_looking_at_one_account_agrees_with_the_listing(faultless, parts, seats):
    seats.put(parts, [faultless.seat(faultless.ana, Role.FACILITATOR), faultless.seat(faultless.ben)])
    listed = seats.read(parts).seats

    for account in (faultless.ana, faultless.ben, faultless.chloe, faultless.luis, "no account", ""):
        assert seats.look(parts, account) == listed.get(account)


def test_a_listing_is_read_to_its_last_page(faultless, parts, seats):
    people = [p.canvas_id for p in faultless.sandbox.region.of("riverbend")]
    for account in people:
        faultless.sandbox.store.put(
            "canvas.enrolments", f"101/{account}", {"course": "101", "user": account, "type": "student"}
        )
    for n in range(0, len(people), 10):
        seats.put(parts, [faultless.seat(account) for account in people[n : n + 10]])
    faultless.sandbox.complete_reads.clear()

    assert set(seats.read(parts).seats) == set(people)
    assert faultless.sandbox.complete_reads == [("space", parts["group"])]


@pytest.mark.parametrize("size", [99, 100, 101, 200])
def test_a_page_of_exactly_the_page_size_loses_nobody(faultless, parts, seats, size):
    fill(faultless, parts, size)

    observed = seats.read(parts)

    assert observed.complete
    assert len(observed.seats) == size


def test_half_a_listing_is_not_a_complete_reading(canvas, parts, seats):
    fill(canvas, parts, 150)
    canvas.rain(r"memberships\?.*page=2", status=503)

    observed = seats.read(parts)

    assert not observed.complete
    assert len(observed.seats) == 100
    assert canvas.sandbox.complete_reads == []


def test_a_first_page_that_fails_is_no_reading_at_all(canvas, parts, seats):
    canvas.rain("memberships", status=503)

    with pytest.raises(Unavailable):
        seats.read(parts)


def test_people_who_are_only_invited_have_no_seat_yet(faultless, parts, seats):
    seat = {
        "id": 1,
        "group_id": int(parts["group"]),
        "user_id": 1002,
        "workflow_state": "invited",
        "moderator": False,
    }
    faultless.sandbox.store.put("canvas.memberships", f"{parts['group']}/1002", seat)

    assert seats.read(parts).seats == {}
    assert seats.look(parts, faultless.ben) is None
    assert seats.put(parts, [faultless.seat(faultless.ben)]).outcomes == {faultless.ben: Done.CHANGED}
    assert seats.look(parts, faultless.ben) is Role.MEMBER


def test_the_service_account_is_never_seen_seated_or_removed(faultless, parts, seats):
    own = str(faultless.sandbox.service_account(faultless.sandbox.region.districts["riverbend"]))
    seat = {
        "id": 1,
        "group_id": int(parts["group"]),
        "user_id": int(own),
        "workflow_state": "accepted",
        "moderator": True,
    }
    faultless.sandbox.store.put("canvas.memberships", f"{parts['group']}/{own}", seat)

    assert seats.read(parts).seats == {}
    assert seats.look(parts, own) is None
    assert seats.remove(parts, [own]).outcomes == {own: Done.ALREADY_SO}
    assert seats.put(parts, [faultless.seat(own)]).outcomes == {own: Done.REFUSED}
    assert faultless.state("groups")[0]["members"] == [own]


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_unknown_for_that_account_and_repeated_without_a_duplicate(canvas, parts, seats):
    canvas.rain("^POST .*/memberships", "lose")

    result = seats.put(parts, [canvas.seat(canvas.ana)])

    assert result.outcomes == {canvas.ana: Done.UNKNOWN}
    assert seats.put(parts, [canvas.seat(canvas.ana)]).outcomes == {canvas.ana: Done.ALREADY_SO}
    assert canvas.state("groups")[0]["members"] == [canvas.ana]


def test_after_a_lost_answer_the_rest_of_the_batch_is_not_tried(canvas, parts, seats):
    canvas.rain("^POST .*/memberships", "lose")

    result = seats.put(parts, [canvas.seat(canvas.ana), canvas.seat(canvas.ben)])

    assert result.outcomes == {canvas.ana: Done.UNKNOWN, canvas.ben: Done.REFUSED}
    assert canvas.ben in result.reasons


def test_a_5xx_on_a_write_is_unknown_too(canvas, parts, seats):
    canvas.rain("^DELETE", status=502)
    seats.put(parts, [canvas.seat(canvas.ana)])

    assert seats.remove(parts, [canvas.ana]).outcomes == {canvas.ana: Done.UNKNOWN}


@pytest.mark.parametrize("call", ["POST", "PUT", "DELETE"])
def test_a_write_answered_with_a_page_is_unknown_and_then_already_so(canvas, parts, seats, call):
    role = Role.FACILITATOR if call == "PUT" else Role.MEMBER
    if call != "POST":
        seats.put(parts, [canvas.seat(canvas.ana)])
    canvas.rain(f"^{call} ", "garble")

    def write():
        if call == "DELETE":
            return seats.remove(parts, [canvas.ana])
        return seats.put(parts, [canvas.seat(canvas.ana, role)])

    assert write().outcomes == {canvas.ana: Done.UNKNOWN}
    assert write().outcomes == {canvas.ana: Done.ALREADY_SO}


@pytest.mark.parametrize("body", [[], None, "text", 17, {}])
def test_a_write_whose_answer_is_no_membership_is_unknown(canvas, parts, seats, body):
    seats.put(parts, [canvas.seat(canvas.ben)])
    canvas.rain("^PUT", status=200, body=body)
    promotion = [canvas.seat(canvas.ben, Role.FACILITATOR)]
    assert seats.put(parts, promotion).outcomes == {canvas.ben: Done.UNKNOWN}

    canvas.rain("^POST", status=200, body=body)
    canvas.rain("^PUT", status=200, body=body)
    assert seats.put(parts, [canvas.seat(canvas.ana)]).outcomes == {canvas.ana: Done.UNKNOWN}


@pytest.mark.parametrize("status", [302, 400, 401, 410, 418])
def test_no_trouble_half_way_forgets_what_was_done(canvas, parts, seats, status):
    seats.put(parts, [canvas.seat(canvas.ben)])
    canvas.rain(f"^PUT .*/users/{canvas.ben}", status=status, body={"errors": "x"})

    promotion = Seat(canvas.ben, Role.FACILITATOR, before=Role.MEMBER)
    wanted = [canvas.seat(canvas.ana), promotion, canvas.seat(canvas.chloe)]
    result = seats.put(parts, wanted)

    assert result.outcomes == {canvas.ana: Done.CHANGED, canvas.ben: Done.REFUSED, canvas.chloe: Done.REFUSED}
    assert set(result.reasons) == {canvas.ben, canvas.chloe}


def test_throttled_before_anything_was_written_stops_the_call(canvas, parts, seats):
    canvas.rain("^POST", status=403, headers={"Retry-After": "3"}, body="403 Forbidden (Rate Limit Exceeded)")

    with pytest.raises(Throttled) as trouble:
        seats.put(parts, [canvas.seat(canvas.ana)])
    assert trouble.value.retry_after == 3


def test_throttled_half_way_keeps_what_was_done(canvas, parts, seats):
    canvas.rain("^POST", status=429, skip=1, times=5)

    result = seats.put(parts, [canvas.seat(a) for a in (canvas.ana, canvas.ben, canvas.chloe)])

    assert result.outcomes == {canvas.ana: Done.CHANGED, canvas.ben: Done.REFUSED, canvas.chloe: Done.REFUSED}
    assert str(result.reasons[canvas.chloe]) == "Canvas asks coplink to slow down."
    assert len([w for w in canvas.writes if w.startswith("POST")]) == 2  # the third was not even tried


def test_a_seat_whose_role_could_not_be_written_is_unknown_and_mended_by_the_next_run(canvas, parts, seats):
    canvas.rain("^PUT", status=429)

    result = seats.put(parts, [canvas.seat(canvas.ana, Role.FACILITATOR)])

    assert result.outcomes == {canvas.ana: Done.UNKNOWN}
    assert seats.put(parts, [canvas.seat(canvas.ana, Role.FACILITATOR)]).outcomes == {
        canvas.ana: Done.CHANGED
    }
    assert seats.look(parts, canvas.ana) is Role.FACILITATOR


def test_a_refusal_without_a_reason_does_not_spoil_the_batch(canvas, parts, seats):
    canvas.sandbox.store.put(
        "canvas.roles", "riverbend", {"permissions": ["manage_groups_add", "manage_groups_manage"]}
    )

    result = seats.put(parts, [canvas.seat(canvas.stranger), canvas.seat(canvas.ana)])

    assert result.outcomes == {canvas.stranger: Done.REFUSED, canvas.ana: Done.CHANGED}
    assert "does not say why" in str(result.reasons[canvas.stranger])


def test_without_the_permission_nobody_is_seated_and_the_admin_is_named(canvas, parts, seats):
    canvas.rain("^POST", status=403, body={"status": "unauthorized"})

    with pytest.raises(PermissionMissing) as trouble:
        seats.put(parts, [canvas.seat(canvas.ana)])
    assert (trouble.value.who, trouble.value.scopes) == ("Canvas administrator", ("manage_groups_manage",))


def test_a_course_that_ended_meanwhile_is_named_as_the_reason(canvas, parts, seats):
    course = canvas.sandbox.store.get("canvas.courses", "101")
    canvas.sandbox.store.put("canvas.courses", "101", {**course, "workflow_state": "completed"})

    with pytest.raises(Misconfigured) as trouble:
        seats.put(parts, [canvas.seat(canvas.ana)])
    assert "has ended" in str(trouble.value.message)


def test_a_dead_token_asks_for_a_new_one(canvas, parts, seats):
    canvas.sandbox.store.put("canvas.revoked", "riverbend", {})

    with pytest.raises(Reauthorize):
        seats.read(parts)


def test_a_token_that_dies_in_mid_listing_is_not_half_a_reading(canvas, parts, seats):
    fill(canvas, parts, 150)
    canvas.rain(r"memberships\?.*page=2", status=401, headers={"WWW-Authenticate": "Bearer"})

    with pytest.raises(Reauthorize):
        seats.read(parts)


def test_a_deleted_group_is_gone_whatever_is_asked(canvas, parts, seats):
    canvas.sandbox.store.drop("canvas.groups", parts["group"])

    for ask in (
        lambda: seats.read(parts),
        lambda: seats.look(parts, canvas.ana),
        lambda: seats.put(parts, [canvas.seat(canvas.ana)]),
        lambda: seats.remove(parts, [canvas.ana]),
    ):
        with pytest.raises(Gone):
            ask()
