"""Many seats in one envelope: counted, judged part by part, and only what was refused sent again."""

from __future__ import annotations

import dataclasses
import re
from contextlib import nullcontext

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.core.words import say
from coplink.ports.errors import Gone, OwnPace, Reauthorize, Throttled, Unavailable
from coplink.ports.seats import Done
from coplink.sandbox.district import Resident
from coplink_google.batches import Batches
from coplink_google.workspace import Part

LUIS, MEI, NOAH, OLGA, PEDRO = "luis.ortega", "mei.chen", "noah.feld", "olga.ivanova", "pedro.alves"


@pytest.fixture
def seats(connection, parts):
    return connection.seats


@pytest.fixture
def crowd(campus):
    """A thousand more people of the district; their keys."""
    keys = [f"teacher{n}" for n in range(1_000)]
    more = {
        key: Resident(key, key, "lakeside", None, key, key, google_id=str(3 * 10**20 + n))
        for n, key in enumerate(keys)
    }
    campus.wire.region = dataclasses.replace(
        campus.wire.region, residents=campus.wire.region.residents | more
    )
    return keys


def seat(campus, key, role=Role.MEMBER, before=None, address=None):
    known = f"{key}@lakeside.example" if address is None else address
    return Seat(campus.google_id(key), role, before, known)


def http(campus, since):
    """The HTTP calls since then, by operation."""
    return [call.operation for call in campus.calls[since:]]


def members(campus):
    return {
        one["id"]: one["role"] for one in campus.wire.directory.members(campus.wire.directory.groups()[0])
    }


def test_a_thousand_are_seated_in_one_call_and_read_in_five(campus, seats, parts, crowd):
    campus.wire.enforce_limits = True
    began, written = len(campus.calls), len(campus.writes)
    result = seats.put(parts, [seat(campus, key) for key in crowd])
    assert set(result.outcomes.values()) == {Done.CHANGED}
    assert http(campus, began) == ["directory.batch"]
    assert len(campus.writes) - written == 1_000
    began = len(campus.calls)
    assert len(seats.read(parts).seats) == 1_000
    assert http(campus, began) == ["directory.members.list"] * 5
    assert campus.wire.throttled == 0


def test_ten_changes_are_one_call_a_phase_and_ten_parts(campus, seats, parts, crowd):
    group = campus.wire.directory.groups()[0]
    for key in crowd[:500]:
        campus.wire.directory.seat(group, campus.google_id(key), f"{key}@lakeside.example", "MEMBER")
    seats.read(parts)
    began, written = len(campus.calls), len(campus.writes)
    come = [seat(campus, key) for key in crowd[500:505]]
    up = [seat(campus, key, Role.FACILITATOR, before=Role.MEMBER) for key in crowd[:2]]
    go = [campus.google_id(key) for key in crowd[10:13]]
    for result in (seats.put(parts, up), seats.put(parts, come), seats.remove(parts, go)):
        assert set(result.outcomes.values()) == {Done.CHANGED}
    # Before somebody goes, one reading says whether anybody has an access of their own that goes with the seat.
    assert http(campus, began) == ["directory.batch"] * 2 + ["drive.permissions.list", "directory.batch"]
    assert len(campus.writes) - written == 10
    assert len(members(campus)) == 502


def test_without_addresses_they_are_asked_for_in_one_more_call(campus, seats, parts):
    began = len(campus.calls)
    result = seats.put(parts, [Seat(campus.google_id(key), Role.MEMBER) for key in (LUIS, MEI, NOAH)])
    assert set(result.outcomes.values()) == {Done.CHANGED}
    assert http(campus, began) == ["directory.batch"] * 2


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["without", "with Retry-After"])
@pytest.mark.parametrize("act", ["answer", "apply"])
def test_a_throttled_part_is_sent_again_alone(campus, seats, parts, headers, act):
    """Also when Google had done it all the same: the seat stays known as ours."""
    errors = [{"reason": "quotaExceeded", "domain": "usageLimits"}]
    body = {"error": {"code": 403, "errors": errors, "message": ""}}
    campus.weather("POST .*/members", act, skip=1, status=403, headers=headers, body=body)
    began, written = len(campus.calls), len(campus.writes)
    result = seats.put(parts, [seat(campus, key) for key in (LUIS, MEI, NOAH)])
    assert set(result.outcomes.values()) == {Done.CHANGED}
    assert len(members(campus)) == 3
    again = ["directory.members.insert"] + ["directory.members.get"] * (act == "apply")
    assert http(campus, began) == ["directory.batch", *again]
    assert len(campus.writes) - written == 4


def test_a_removal_that_was_done_and_throttled_counts_as_ours(campus, seats, parts):
    seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    campus.weather("DELETE .*/members", "apply", status=429, body={})
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    assert seats.remove(parts, [luis, mei]).outcomes == {luis: Done.CHANGED, mei: Done.CHANGED}
    assert members(campus) == {}


def test_parts_that_stay_throttled_do_not_forget_the_others(campus, seats, parts):
    mei = campus.google_id(MEI)
    campus.weather(f"PATCH .*/members/{mei}", status=429, body={}, times=99)
    wanted = [seat(campus, LUIS), seat(campus, MEI, Role.FACILITATOR, before=Role.MEMBER)]
    result = seats.put(parts, wanted)
    assert result.outcomes == {campus.google_id(LUIS): Done.CHANGED, mei: Done.REFUSED}
    assert "slow down" in str(result.reasons[mei])


def test_an_insert_that_stays_throttled_among_others_is_unknown(campus, seats, parts):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    campus.weather("POST .*/members", "apply", skip=1, status=429, body={})
    campus.weather("POST .*/members", status=429, body={}, times=99, skip=1)
    result = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert result.outcomes == {luis: Done.CHANGED, mei: Done.UNKNOWN}
    assert set(members(campus)) == {luis, mei}, "it was made all the same"


def test_a_repeated_reading_makes_no_seat_ours(campus, seats, parts):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    campus.weather(f"GET .*/members/{luis}", status=429, body={})
    outcomes = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)]).outcomes
    assert outcomes == {luis: Done.ALREADY_SO, mei: Done.ALREADY_SO}


class Held:
    """A pace that holds back the calls of these numbers; the rest go at once."""

    def __init__(self, *numbers):
        self.numbers, self.count = numbers, 0

    background = False

    def taking(self, *limits, weight=1):
        self.count += limits[0][0].api == "directory"
        if limits[0][0].api == "directory" and self.count in self.numbers:
            raise OwnPace(say("Wait."), "own pace", 1.0)
        return nullcontext()

    def granted(self, *limits):
        return 1_000

    def most(self, *limits):
        return 1_000

    def told(self, limit, key, retry_after):
        """Nothing follows from it."""

    def left(self, limit, key, fraction):
        """Nothing follows from it."""


def test_what_our_own_pace_held_back_was_not_sent(campus, seats, parts):
    luis = campus.google_id(LUIS)
    seats.put(parts, [seat(campus, LUIS)])
    campus.pace = Held(1)
    assert campus.connect().seats.put(parts, [seat(campus, LUIS)]).outcomes == {luis: Done.ALREADY_SO}
    assert campus.pace.count == 3, "held back, sent, looked at"


def test_what_google_throttled_stays_so_though_our_own_pace_holds_it_back_then(campus, seats, parts):
    campus.pace = Held(2, 3, 4)
    campus.weather("POST .*/members", "apply", status=429, headers={"Retry-After": "7"}, body={})
    with pytest.raises(Throttled) as slow:
        campus.connect().seats.put(parts, [seat(campus, LUIS)])
    assert not isinstance(slow.value, OwnPace), "it may have been done"
    assert slow.value.retry_after == 7


def test_parts_may_end_in_five_ways(campus, seats, parts):
    luis, mei, noah, olga = (campus.google_id(key) for key in (LUIS, MEI, NOAH, OLGA))
    stranger = AccountId("999999999999999999999")
    seats.put(parts, [seat(campus, LUIS)])
    campus.refuse(f"PATCH .*/members/{mei}", 412, "conditionNotMet")
    campus.refuse(f"PATCH .*/members/{noah}", 503, "backendError")
    wanted = [
        seat(campus, LUIS),
        seat(campus, MEI, Role.FACILITATOR, before=Role.MEMBER),
        seat(campus, NOAH, Role.FACILITATOR, before=Role.MEMBER),
        seat(campus, OLGA),
        Seat(stranger, Role.MEMBER, address="nobody@lakeside.example"),
    ]
    result = seats.put(parts, wanted)
    ends = [Done.ALREADY_SO, Done.REFUSED, Done.UNKNOWN, Done.CHANGED, Done.REFUSED]
    assert list(result.outcomes.values()) == ends
    assert list(result.outcomes) == [luis, mei, noah, olga, stranger]
    assert "conditionNotMet" in str(result.reasons[mei])
    assert "no such account" in str(result.reasons[stranger])


@pytest.mark.parametrize(
    ("act", "more"),
    [("lose", {}), ("garble", {}), ("answer", {"status": 503, "body": {}})],
    ids=["lost", "garbled", "out of order"],
)
def test_a_batch_without_an_answer_is_unknown_for_everybody(campus, seats, parts, act, more):
    campus.weather("POST /batch", act, **more)
    wanted = [seat(campus, LUIS), seat(campus, MEI)]
    assert set(seats.put(parts, wanted).outcomes.values()) == {Done.UNKNOWN}
    done = seats.put(parts, wanted).outcomes.values()
    assert set(done) == {Done.CHANGED if act == "answer" else Done.ALREADY_SO}


def test_a_batch_whose_answer_lacks_a_part_is_unknown(campus, seats, parts, monkeypatch):
    from coplink_google.sandbox import batch

    whole = batch._multipart
    monkeypatch.setattr(batch, "_multipart", lambda answers: whole(dict(list(answers.items())[1:])))
    outcomes = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)]).outcomes
    assert set(outcomes.values()) == {Done.UNKNOWN}


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"status": 429, "headers": {"Retry-After": "9"}, "body": {}}, Throttled),
        ({"status": 401, "body": {}, "times": 9}, Reauthorize),
    ],
    ids=["429", "401"],
)
def test_a_batch_refused_as_a_whole_is_raised(campus, seats, parts, rule, kind):
    campus.weather("POST /batch", **rule)
    with pytest.raises(kind) as refused:
        seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert members(campus) == {}
    if kind is Throttled:
        assert refused.value.retry_after == 9


def test_a_batch_that_cannot_be_sent_is_raised(campus, parts):
    seats = campus.connect(root_url="http://127.0.0.1:9").seats
    with pytest.raises(Unavailable):
        seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])


def test_a_token_taken_back_meanwhile_is_fetched_anew_for_the_parts(campus, seats, parts):
    seats.read(parts)
    for name in campus.wire.store.keys("google.token"):
        campus.wire.store.drop("google.token", name)
    result = seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)])
    assert set(result.outcomes.values()) == {Done.CHANGED}


def test_no_token_is_fetched_but_over_our_own_way(campus, seats, parts, monkeypatch):
    from googleapiclient import _auth

    def never(*_):
        raise AssertionError("the client fetched a token by itself")

    monkeypatch.setattr(_auth, "refresh_credentials", never)
    monkeypatch.setattr(_auth, "apply_credentials", never)
    assert set(seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)]).outcomes.values()) == {Done.CHANGED}


def test_an_address_that_is_somebody_elses_by_now_seats_nobody_else(campus, seats, parts):
    luis, mei = campus.google_id(LUIS), campus.google_id(MEI)
    wanted = [seat(campus, LUIS, address=f"{NOAH}@lakeside.example"), seat(campus, MEI)]
    assert seats.put(parts, wanted).outcomes == {luis: Done.CHANGED, mei: Done.CHANGED}
    assert set(members(campus)) == {luis, mei}


@pytest.mark.parametrize("times", [1, 2])
def test_a_seat_that_a_stranger_got_is_taken_back_or_told(campus, seats, parts, caplog, times):
    luis, mei, noah = (campus.google_id(key) for key in (LUIS, MEI, NOAH))
    campus.weather(f"DELETE .*/members/{noah}", status=503, body={}, times=times)
    wanted = [seat(campus, LUIS, address=f"{NOAH}@lakeside.example"), seat(campus, MEI)]
    result = seats.put(parts, wanted)
    if times == 1:
        assert result.outcomes == {luis: Done.CHANGED, mei: Done.CHANGED}
        assert set(members(campus)) == {luis, mei}
        assert caplog.records == []
    else:
        assert result.outcomes == {luis: Done.UNKNOWN, mei: Done.CHANGED}
        assert "could not take back" in str(result.reasons[luis])
        assert set(members(campus)) == {noah, mei}
        assert [one.levelname for one in caplog.records] == ["WARNING"]
        assert noah not in caplog.text


def test_an_address_of_somebody_who_sits_there_already_takes_nothing_from_them(campus, seats, parts):
    seats.put(parts, [seat(campus, NOAH)])
    wanted = [seat(campus, LUIS, address=f"{NOAH}@lakeside.example"), seat(campus, MEI)]
    assert set(seats.put(parts, wanted).outcomes.values()) == {Done.CHANGED}
    assert set(members(campus)) == {campus.google_id(key) for key in (LUIS, MEI, NOAH)}


def test_an_old_address_is_asked_for_anew(campus, seats, parts):
    wanted = [seat(campus, LUIS, address="luis.before@lakeside.example"), seat(campus, MEI)]
    assert set(seats.put(parts, wanted).outcomes.values()) == {Done.CHANGED}
    assert set(members(campus)) == {campus.google_id(LUIS), campus.google_id(MEI)}


def test_an_address_outside_the_domain_is_not_what_google_seats_by(campus, seats, parts):
    seats.put(parts, [seat(campus, LUIS, address="luis@home.example"), seat(campus, MEI)])
    assert (
        campus.wire.directory.members(campus.wire.directory.groups()[0])[0]["email"]
        == f"{LUIS}@lakeside.example"
    )


def test_somebody_still_on_the_way_in_is_unknown_until_google_shows_them(campus, seats, parts):
    group, luis = campus.wire.directory.groups()[0], campus.google_id(LUIS)
    campus.wire.directory.leave_pending(group, luis)
    assert seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)]).outcomes[luis] is Done.UNKNOWN
    campus.wire.directory.leave_pending(group, luis, pending=False)
    assert seats.put(parts, [seat(campus, LUIS)]).outcomes == {luis: Done.CHANGED}


def test_a_group_that_is_gone_is_said_so_for_many(campus, seats, parts):
    campus.wire.store.drop("google.group", parts["group"])
    for ask in (
        lambda: seats.put(parts, [seat(campus, LUIS), seat(campus, MEI)]),
        lambda: seats.put(parts, [seat(campus, LUIS, before=Role.FACILITATOR), seat(campus, MEI)]),
        lambda: seats.remove(parts, [campus.google_id(LUIS), campus.google_id(MEI)]),
    ):
        with pytest.raises(Gone):
            ask()


def test_the_pretended_batch_is_strict(campus, connection, parts):
    google = connection.spaces._google
    asked = Part("directory.members.list", {"groupKey": parts["group"], "colour": "red"})
    with pytest.raises(TypeError):
        google.send([asked, asked])
    wrong = Part(
        "directory.members.insert", {"groupKey": parts["group"], "body": {"mail": "x@lakeside.example"}}
    )
    before = len(campus.wire.refusals)
    ended = Batches(google).send([wrong, wrong])
    assert [one.refused.detail for one in ended] == ["directory.members.insert 400 invalid"] * 2
    assert len(campus.wire.refusals) - before == 2
    assert not [line for line in campus.wire.refusals if re.search("/batch", line)]
