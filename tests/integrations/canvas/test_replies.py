"""Odd replies: each becomes one kind of error, with a sentence for people and nothing secret in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import responses
from requests import ConnectionError as Broken
from requests import ReadTimeout
from requests.exceptions import ChunkedEncodingError, SSLError
from responses import matchers

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports import errors
from coplink.ports.integration import Surroundings
from coplink.ports.spaces import SpaceWish
from coplink_canvas import integration, listing, replies

BASE = "https://district.instructure.com"
MEMBERS = f"{BASE}/api/v1/groups/7/memberships"
TOKEN = "very-secret-token"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ANA = AccountId("1001")


class Noon:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def calls():
    return []


@pytest.fixture
def connection(calls):
    return integration.connect(
        {"base_url": BASE, "token": TOKEN}, Surroundings(Noon(), calls.append, timeout=5)
    )


@pytest.fixture
def wire():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{BASE}/api/v1/users/self", json={"id": 9000})
        yield mock


READS = [
    ({"status": 429, "headers": {"Retry-After": "12"}}, errors.Throttled),
    ({"status": 403, "body": "403 Forbidden (Rate Limit Exceeded)\n"}, errors.Throttled),
    ({"status": 401, "headers": {"WWW-Authenticate": "Bearer"}, "json": {"errors": []}}, errors.Reauthorize),
    ({"status": 401, "json": {"errors": [{"message": "Invalid access token."}]}}, errors.Reauthorize),
    ({"status": 401, "json": {"errors": [{"message": "Expired access token."}]}}, errors.Reauthorize),
    ({"status": 401, "json": {"status": "unauthorized"}}, errors.PermissionMissing),
    ({"status": 403, "json": {"status": "unauthorized"}}, errors.PermissionMissing),
    (
        {"status": 404, "json": {"message": "That page has been disabled for this course"}},
        errors.PolicyForbids,
    ),
    ({"status": 404, "json": {"errors": [{"message": "does not exist"}]}}, errors.Gone),
    ({"status": 302, "headers": {"Location": "https://login.example/"}}, errors.Misconfigured),
    ({"status": 301, "headers": {"Location": f"{BASE}/elsewhere"}}, errors.Misconfigured),
    ({"status": 500, "body": "oops"}, errors.Unavailable),
    ({"status": 503, "body": "<html>maintenance</html>"}, errors.Unavailable),
    ({"status": 418, "body": "teapot"}, errors.UnexpectedReply),
    ({"status": 400, "json": {"errors": {"x": "y"}}}, errors.UnexpectedReply),
    ({"status": 200, "body": "<html>Sign in</html>"}, errors.UnexpectedReply),
    ({"status": 200, "body": '[{"user_id": 1001, "mod'}, errors.UnexpectedReply),
    ({"status": 200, "body": ""}, errors.UnexpectedReply),
    (
        {"status": 200, "json": {"errors": [{"message": "an error with a good status"}]}},
        errors.UnexpectedReply,
    ),
    ({"status": 200, "json": "text"}, errors.UnexpectedReply),
    ({"status": 200, "json": [17]}, errors.UnexpectedReply),
    ({"status": 200, "json": None}, errors.UnexpectedReply),
    ({"status": 200, "json": [{"moderator": True}]}, errors.UnexpectedReply),
    ({"body": ReadTimeout("slow")}, errors.Unavailable),
    ({"body": Broken("reset")}, errors.Unavailable),
    ({"body": ChunkedEncodingError("cut")}, errors.Unavailable),
    ({"body": SSLError("self-signed")}, errors.Misconfigured),
]


@pytest.mark.parametrize(("reply", "kind"), READS, ids=lambda value: str(value)[:60])
def test_a_reading_that_goes_wrong(wire, connection, reply, kind):
    wire.get(MEMBERS, **reply)

    with pytest.raises(errors.IntegrationError) as trouble:
        connection.seats.read({"group": "7"})

    assert type(trouble.value) is kind
    for said in (str(trouble.value.message), trouble.value.detail, str(trouble.value)):
        assert TOKEN not in said
        assert "does not exist" not in said
        assert "teapot" not in said


WRITES = [
    ({"status": 500}, errors.OutcomeUnknown),
    ({"status": 504}, errors.OutcomeUnknown),
    ({"body": ReadTimeout("slow")}, errors.OutcomeUnknown),
    ({"body": Broken("reset")}, errors.OutcomeUnknown),
    ({"status": 429}, errors.Throttled),
    (
        {"status": 400, "json": {"errors": {"name": [{"message": "X is already in use."}]}}},
        errors.NotReadyYet,
    ),
    (
        {"status": 400, "json": {"errors": {"name": [{"message": "Name is required"}]}}},
        errors.UnexpectedReply,
    ),
    ({"status": 200, "body": "<html>"}, errors.OutcomeUnknown),
    ({"status": 200, "json": {"name": "no id"}}, errors.UnexpectedReply),
    ({"status": 200, "json": {"id": True}}, errors.UnexpectedReply),
]


@pytest.mark.parametrize(("reply", "kind"), WRITES, ids=lambda value: str(value)[:60])
def test_a_write_that_goes_wrong(wire, connection, reply, kind):
    wire.get(f"{BASE}/api/v1/courses/5", json={"id": 5, "workflow_state": "available"})
    wire.get(f"{BASE}/api/v1/courses/5/group_categories", json=[])
    wire.post(f"{BASE}/api/v1/courses/5/group_categories", **reply)

    with pytest.raises(errors.IntegrationError) as trouble:
        connection.spaces.ensure(
            "category", SpaceWish("A", "b", "coplink:" + "0" * 32, {"course": "5"}), {}, "k"
        )

    assert type(trouble.value) is kind
    assert (
        len([call for call in wire.calls if call.request.method == "POST"]) == 1
    )  # never repeated by the client


def test_a_full_group_says_that_the_facilitator_can_change_it(wire, connection):
    wire.get(MEMBERS, json=[])
    wire.post(MEMBERS, status=400, json={"errors": {"group_id": [{"message": "The group is full."}]}})

    with pytest.raises(errors.LimitReached) as trouble:
        connection.seats.put({"group": "7"}, [Seat(ANA, Role.MEMBER)])
    assert trouble.value.who == "facilitator"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("999999", 3600.0),
        ("Sat, 21 Nov 2026 12:00:40 GMT", 40.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_every_form_of_retry_after_is_understood(header, seconds):
    assert replies.retry_after({"retry-after": header}, NOW) == seconds


def test_no_retry_after_is_no_number():
    assert replies.retry_after({}, NOW) is None


def test_every_row_of_the_table_is_dated_explained_and_reached():
    for row in replies.TABLE:
        assert row.checked >= "2026-01"
        assert row.why
    samples = {
        (429, ""): replies.Meaning.THROTTLED,
        (403, "(Rate Limit Exceeded)"): replies.Meaning.THROTTLED,
        (401, "Revoked access token."): replies.Meaning.TOKEN,
        (401, ""): replies.Meaning.FORBIDDEN,
        (403, ""): replies.Meaning.FORBIDDEN,
        (404, "has been disabled for this course"): replies.Meaning.SWITCHED_OFF,
        (404, ""): replies.Meaning.ABSENT,
        (400, "is already in use"): replies.Meaning.NAME_TAKEN,
        (422, "group limit"): replies.Meaning.FULL,
        (302, ""): replies.Meaning.ELSEWHERE,
        (599, ""): replies.Meaning.DOWN,
        (409, ""): replies.Meaning.UNKNOWN,
    }
    assert {key: replies.meaning(key[0], {}, key[1]) for key in samples} == samples


# --- paging -----------------------------------------------------------------------------------------------------------


def next_link(url):
    return {"Link": f'<{MEMBERS}?page=1>; rel="current", <{url}>; rel="next"'}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api/v1/groups/7/memberships?page=2",
        f"https://evil.example/?u={BASE}/api/v1/groups/7/memberships",
        f"{BASE}.evil.example/api/v1/groups/7/memberships?page=2",
        "http://district.instructure.com/api/v1/groups/7/memberships?page=2",
        "https://DISTRICT.instructure.com/api/v1/groups/7/memberships?page=2",
        "https://district.instructure.com:8443/api/v1/groups/7/memberships?page=2",
        f"{BASE}/login?page=2",
    ],
)
def test_a_next_link_to_another_place_is_not_followed(wire, connection, url):
    wire.get(MEMBERS, json=[{"user_id": 1001}], headers=next_link(url))

    with pytest.raises(errors.UnexpectedReply):
        connection.seats.read({"group": "7"})
    assert {call.request.url.partition("?")[0] for call in wire.calls} <= {
        MEMBERS,
        f"{BASE}/api/v1/users/self",
    }


def test_a_listing_that_runs_in_a_circle_ends(wire, connection):
    wire.get(MEMBERS, json=[{"user_id": 1001}], headers=next_link(f"{MEMBERS}?page=2"))

    with pytest.raises(errors.UnexpectedReply) as trouble:
        connection.seats.read({"group": "7"})
    assert "end" in str(trouble.value.message)


def test_a_listing_without_an_end_ends(wire, connection, monkeypatch):
    monkeypatch.setattr(listing, "MOST_PAGES", 20)
    pages = iter(range(10_000))

    def answer(request):
        return 200, next_link(f"{MEMBERS}?page={next(pages)}x"), "[]"

    wire.add_callback("GET", MEMBERS, callback=answer)

    with pytest.raises(errors.UnexpectedReply):
        connection.seats.read({"group": "7"})


def test_an_empty_page_with_a_next_link_is_not_the_end(wire, connection):
    second = [matchers.query_param_matcher({"page": "2"})]
    wire.get(MEMBERS, json=[{"user_id": 1001, "moderator": False}], match=second)
    wire.get(MEMBERS, json=[], headers=next_link(f"{MEMBERS}?page=2"))

    observed = connection.seats.read({"group": "7"})

    assert (set(observed.seats), observed.complete) == ({ANA}, True)


def test_repeated_and_reordered_rows_are_one_seat_each(wire, connection):
    rows = [
        {"user_id": 1002, "moderator": False},
        {"user_id": 1001, "moderator": True},
        {"user_id": 1002, "moderator": False},
    ]
    wire.get(MEMBERS, json=rows)

    assert set(connection.seats.read({"group": "7"}).seats) == {ANA, "1002"}
