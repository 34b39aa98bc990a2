"""A roster read again: what is carried over unseen, who is looked at, and what the snapshot gives away (nothing)."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from dataclasses import replace

import pytest
import requests
from werkzeug.wrappers import Request, Response

from coplink.core.arrival import RosterSourceAddress
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.our_keys import OurKeys
from coplink.lti.outside import LOOPBACK
from coplink.lti.rosters import LtiRosters
from coplink.ports.errors import Unavailable, UnexpectedReply
from coplink.testing.platform import CORE, MEMBERSHIP

SECRET = b"s" * 32


class Course:
    """A course whose people can be changed; its pages are cut where ``size`` says, as offset paging does."""

    def __init__(self):
        self.people = [member(n) for n in range(40)]
        self.size, self.context = 10, "course-1"

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.path == "/token":
            body = {"access_token": "t", "token_type": "bearer", "expires_in": 3600}
            return Response(json.dumps(body))(environ, start_response)
        start = int(request.args.get("start", "0"))
        shown = self.people[start : start + self.size]
        headers = {}
        if start + self.size < len(self.people):
            headers["Link"] = f'<{request.base_url}?start={start + self.size}>; rel="next"'
        body = {"id": "x", "context": {"id": self.context}, "members": shown}
        return Response(json.dumps(body), headers=headers)(environ, start_response)


def member(number, **changes):
    return {
        "user_id": f"subject-{number}",
        "status": "Active",
        "name": f"Name {number}",
        "given_name": "Name",
        "family_name": str(number),
        "email": f"mail-{number}@school.example",
        "picture": "https://lms.example/1.png",
        "roles": [f"{MEMBERSHIP}#Learner"],
        "message": [{CORE + "custom": {"canvas_user_id": 1000 + number}, "locale": "en"}],
        **changes,
    }


@pytest.fixture
def course(addresses, door):
    addresses[0].app = course = Course()
    door.put(door.north.registration("reg-north", "north", token_url=f"{addresses[0].url}/token"))
    return course


@pytest.fixture
def read(door, addresses, clock, course):
    connector = Connector(door.storage, OurKeys(door.storage), clock, Egress(outside=LOOPBACK))
    rosters = LtiRosters(door.storage, connector, lambda seconds: None)
    values = {"url": f"{addresses[0].url}/members", "context": "course-1", "rlid": "course-1"}

    def read(last=None, secret=SECRET, **changes):
        reading = rosters.read(RosterSourceAddress("reg-north", {**values, **changes}), last, secret)
        fresh = [person.subject.removeprefix("subject-") for page in reading for person in page]
        return reading, fresh

    return read


@pytest.fixture
def last(read):
    """What a first complete reading leaves behind."""
    reading, fresh = read()
    assert (reading.complete, len(fresh)) == (True, 40)
    return reading.compared.snapshot()


def test_an_unchanged_roster_looks_at_nobody(read, last):
    reading, fresh = read(last)
    assert (reading.complete, reading.compared.unchanged, fresh) == (True, True, [])
    assert reading.compared.listed == 40
    assert reading.compared.snapshot() == last


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Other"},
        {"given_name": "Other"},
        {"family_name": "Other"},
        {"email": "other@school.example"},
        {"email": None},
        {"roles": [f"{MEMBERSHIP}#Instructor"]},
        {"message": [{CORE + "custom": {"canvas_user_id": 7}}]},
        {"message": []},
        {"name": 7},
    ],
)
def test_whoever_changed_in_a_way_that_matters_is_looked_at_alone(course, read, last, change):
    course.people[17] = member(17, **change)
    reading, fresh = read(last)
    assert (reading.complete, reading.compared.unchanged, fresh) == (True, False, ["17"])
    assert reading.compared.listed == 40
    again, nobody = read(reading.compared.snapshot())
    assert (again.compared.unchanged, nobody) == (True, [])


def test_what_coplink_does_not_use_may_change_as_it_likes(course, read, last):
    course.people = [{**one, "picture": "https://lms.example/2.png", "more": 1} for one in course.people]
    reading, fresh = read(last)
    assert (reading.compared.unchanged, fresh, reading.compared.listed) == (False, [], 40)


@pytest.mark.parametrize("place", [0, 9, 10, 25, 39])
def test_pages_that_shift_show_only_who_came_and_who_went(course, read, last, place):
    del course.people[place]
    reading, fresh = read(last)
    assert (reading.complete, fresh, reading.compared.listed) == (True, [], 39)
    course.people.insert(place, member(100))
    reading, fresh = read(reading.compared.snapshot())
    assert (reading.complete, fresh, reading.compared.listed) == (True, ["100"], 40)


def test_another_order_or_page_size_is_the_same_roster(course, read, last):
    random.Random(7).shuffle(course.people)
    course.size = 13
    reading, fresh = read(last)
    assert (reading.complete, fresh, reading.compared.listed) == (True, [], 40)


def test_who_is_listed_twice_counts_once_on_pages_seen_and_unseen(course, read, last):
    course.people.insert(30, dict(course.people[3]))  # its first page is carried over unseen
    reading, fresh = read(last)
    assert (reading.complete, fresh, reading.compared.listed) == (True, [], 40)
    course.people.insert(35, member(12, name="Twelve by another name"))
    course.people[0] = member(0, name="so that every page is looked into")
    course.people.insert(1, member(200))
    reading, fresh = read(last)
    assert (sorted(fresh), reading.compared.listed) == (["0", "200"], 41)


def test_who_is_no_longer_active_is_no_longer_listed(course, read, last):
    course.people[5] = member(5, status="Inactive")
    course.people[6] = member(6, status="Deleted")
    course.people[7] = member(7, roles=["http://purl.imsglobal.org/vocab/lti/system/person#TestUser"])
    reading, fresh = read(last)
    assert (reading.complete, fresh, reading.compared.listed) == (True, [], 37)


def test_a_page_that_repeats_is_noticed_among_carried_ones(course, read, last):
    course.people[20:] = course.people[10:20] + course.people[20:]
    reading, fresh = read(last)
    assert (reading.complete, reading.compared.unchanged, fresh) == (False, False, [])
    assert reading.compared.listed == 20


def test_the_page_of_another_context_is_never_carried_over(course, read, last):
    course.context = "course-2"
    with pytest.raises(UnexpectedReply):
        read(last)


def test_what_a_page_means_depends_on_more_than_its_bytes(door, addresses, course, read, last):
    assert len(read(last, secret=b"t" * 32)[1]) == 40, "another key"
    assert len(read(last, url=f"{addresses[0].url}/members?x=1")[1]) == 40, "another address"
    assert len(read(last, rlid="link-1")[1]) == 40, (
        "asked by another link: whose accounts are believed changes"
    )
    with door.storage.begin() as uow:
        known = uow.platforms.get("reg-north")
    door.put(replace(known, claims={**known.claims, "account:canvas": "another_field"}))
    assert len(read(last)[1]) == 40, "the same custom values mean other accounts"


def test_a_snapshot_names_nobody_and_fits_one_institution(course, read, last):
    kept = repr(last).encode() + last.prints
    for one in course.people:
        for value in (one["user_id"], one["name"], one["email"]):
            assert value.encode() not in kept
    assert len(last.prints) == 40 * 8
    other = read(secret=b"t" * 32)[0].compared.snapshot()
    assert not {page.digest for page in last.pages} & {page.digest for page in other.pages}
    cut = range(0, 320, 8)
    assert not {last.prints[n : n + 8] for n in cut} & {other.prints[n : n + 8] for n in cut}


def test_numbers_and_depths_beyond_reason_name_no_account(course, read):
    deep = "[" * 500 + "]" * 500
    for odd in (json.loads(deep), 10**40, {"canvas_user_id": {"x": 1}}):
        course.people = [member(1, message=[{CORE + "custom": {"canvas_user_id": odd}}]), member(2)]
        reading, fresh = read()
        assert (reading.complete, fresh) == (True, ["1", "2"])


# --- the line ---------------------------------------------------------------------------------------------------------


def half():
    """A server that hangs up half way through its answer; its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listening.accept()
        with listening, connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_half_an_answer_is_none():
    url = half()
    with pytest.raises(Unavailable):
        Egress(outside=LOOPBACK).line(url).get(f"{url}/x", 1000, {})


def dripping():
    """A server that sends a byte now and then, for ever; its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listening.accept()
        with listening, connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            try:
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.05)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_an_answer_that_drips_is_given_up():
    url = dripping()
    begun = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        Egress(read=0.5, whole=0.4, outside=LOOPBACK).line(url).get(f"{url}/x?secret=1", 1000, {})
    assert time.monotonic() - begun < 5
    assert "dripping" in refused.value.detail
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize(
    "elsewhere",
    [
        "{here}.example/x",
        "{here}@evil.example/x",
        "{here}0/x",
        "{here}\\x",
        "{here}/x y",
        "{here}/\u00e4",
        "https://evil.example/x",
        "//evil.example/x",
        "",
    ],
)
def test_a_line_leads_to_one_place_only(course, addresses, elsewhere):
    here = addresses[0].url
    line = Egress(outside=LOOPBACK).line(f"{here}/members")
    assert line.target(elsewhere.format(here=here)) is None
    with pytest.raises(UnexpectedReply):
        line.get(elsewhere.format(here=here), 1000, {})


def test_a_line_asks_letter_for_letter(addresses, course):
    here = addresses[0].url
    line = Egress(outside=LOOPBACK).line(here)
    assert line.target(f"{here}/A/b?C=d&C=e%2F#f") == "/A/b?C=d&C=e%2F"
    assert line.target(f"{here}?x=1") == "/?x=1"
    assert line.target(here) == "/"
    assert line.target(here.replace("http", "HTTP", 1) + "/x") == "/x"


def test_a_line_follows_nobody_and_takes_no_more_than_its_limit(addresses):
    def answer(environ, start_response):
        if environ["PATH_INFO"] == "/large":
            return Response(b"x" * 2000)(environ, start_response)
        return Response("", 302, {"Location": "https://evil.example/"})(environ, start_response)

    addresses[0].app = answer
    here = addresses[0].url
    line = Egress(outside=LOOPBACK).line(here)
    assert line.get(f"{here}/x", 1000, {}).status == 302
    with pytest.raises(UnexpectedReply, match="too much"):
        line.get(f"{here}/large", 1999, {})
    assert len(line.get(f"{here}/large", 2000, {}).body) == 2000


def test_a_compressed_answer_is_bounded_by_what_it_becomes(addresses):
    import gzip

    def answer(environ, start_response):
        body = gzip.compress(b"x" * 1_000_000)
        return Response(body, headers={"Content-Encoding": "gzip"})(environ, start_response)

    addresses[0].app = answer
    line = Egress(outside=LOOPBACK).line(addresses[0].url)
    assert len(line.get(f"{addresses[0].url}/x", 1_000_000, {}).body) == 1_000_000
    with pytest.raises(UnexpectedReply):
        line.get(f"{addresses[0].url}/x", 100_000, {})
    assert requests.get(addresses[0].url, timeout=5).content == b"x" * 1_000_000
