"""Reading page after page: fifty at a time, exact links, loops, repeats and breakdowns half way."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from werkzeug.wrappers import Request, Response

from coplink.core.arrival import RosterSourceAddress
from coplink.core.roster import whole
from coplink.lti.connector import Connector, next_link
from coplink.lti.egress import Egress
from coplink.lti.our_keys import OurKeys
from coplink.lti.outside import LOOPBACK
from coplink.lti.rosters import LtiRosters
from coplink.ports.errors import UnexpectedReply
from coplink.sandbox.district import Resident, guid
from coplink.sandbox.weather import Rule
from coplink.testing.platform import CORE, MEMBERSHIP


@pytest.fixture
def crowd(lms):
    """A course of 130 people."""
    course = lms.region.courses["101"]
    for number in range(114):
        key = f"extra.{number}"
        lms.region.residents[key] = Resident(
            key,
            f"Extra {number}",
            "riverbend",
            f"{key}@riverbend.example",
            str(5000 + number),
            guid("sub", key),
        )
        lms.school.enrol(course, key, "student")
    values = {
        "url": f"{lms.base_url}/api/lti/courses/101/names_and_roles",
        "context": course.lti_id,
        "rlid": course.lti_id,
        "institution": "riverbend",
    }
    return RosterSourceAddress("reg-riverbend", values)


@pytest.fixture
def waited():
    """The seconds a reading paused for."""
    return []


@pytest.fixture
def canvas_rosters(tool, lms, clock, waited):
    connector = Connector(tool.storage, tool.keys, clock, Egress(outside=LOOPBACK))
    return LtiRosters(tool.storage, connector, waited.append)


def test_all_pages_are_read_by_links_whose_case_matters(lms, canvas_rosters, crowd):
    roster = whole(canvas_rosters.read(crowd))
    assert roster.complete
    assert len({person.subject for person in roster.people}) == 130
    assert all(person.accounts for person in roster.people)
    assert len(lms.calls) == 3
    assert lms.complete_reads == [("roster", "101")]
    assert not lms.refusals


@pytest.mark.parametrize("rule", [
    Rule("page=", "answer", status=503, times=9),
    Rule("page=", "answer", status=429, skip=1, times=9),
    Rule("page=", "lose", times=9),
    Rule("page=", "answer", status=200, body="<html>"),
    Rule("page=", "answer", status=401, times=9),
    Rule("page=", "answer", status=404),
    Rule("page=", "answer", status=200, body={}),
])  # fmt: skip
def test_what_breaks_half_way_is_not_complete(lms, canvas_rosters, crowd, rule):
    lms.weather.add(rule)
    roster = whole(canvas_rosters.read(crowd))
    assert not roster.complete
    assert len(roster.people) in (50, 100)


@pytest.mark.parametrize(("rule", "pauses"), [
    (Rule("page=", "answer", status=503), [1.0]),
    (Rule("page=", "lose", times=2), [1.0, 1.0]),
    (Rule("page=", "answer", status=429, headers={"Retry-After": "3"}, times=2), [3.0, 3.0]),
    (Rule("page=", "answer", status=503, headers={"Retry-After": "5"}, skip=1), [5.0]),
])  # fmt: skip
def test_row_90_a_stumble_half_way_is_waited_out(lms, canvas_rosters, crowd, waited, rule, pauses):
    lms.weather.add(rule)
    roster = whole(canvas_rosters.read(crowd))
    assert (roster.complete, len(roster.people), waited) == (True, 130, pauses)


@pytest.mark.parametrize(("rule", "pauses", "again"), [
    (Rule("page=", "answer", status=429, headers={"Retry-After": "6"}, times=99), [], 6.0),
    (Rule("page=", "answer", status=503, headers={"Retry-After": "900"}, times=99), [], 900.0),
    (Rule("page=", "answer", status=429, headers={"Retry-After": "2"}, times=99), [2.0] * 5, 2.0),
    (Rule("page=", "answer", status=500, times=99), [1.0] * 5, None),
])  # fmt: skip
def test_row_90_who_asks_for_a_long_or_endless_wait_is_asked_another_time(
    lms, canvas_rosters, crowd, waited, rule, pauses, again
):
    lms.weather.add(rule)
    reading = canvas_rosters.read(crowd)
    assert not whole(reading).complete
    assert (waited, reading.again) == (pauses, again)


def test_row_90_a_token_refused_half_way_is_renewed_and_the_reading_goes_on(lms, canvas_rosters, crowd):
    lms.weather.add(Rule("page=", "answer", status=401))
    assert whole(canvas_rosters.read(crowd)).complete
    assert len(lms.store.keys("lti.tokens")) == 2


class Pages:
    """A names and roles service that answers as it is told; ``links`` hold the header of each page."""

    def __init__(self):
        self.members, self.links, self.asked = [[]], {}, []
        self.refuses, self.padding, self.context = {}, "", "course-1"

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.path == "/token":
            body = {"access_token": "t", "token_type": "bearer", "expires_in": 3600}
            return Response(json.dumps(body))(environ, start_response)
        number = int(request.args.get("p", "0"))
        self.asked.append(request.full_path)
        for name, status in self.refuses.items():
            if name in request.args:
                return Response("no", status)(environ, start_response)
        given = self.links.get(number, ())
        fields = [given] if isinstance(given, str) else given
        headers = [("Link", field.format(here=request.host_url.rstrip("/"))) for field in fields]
        body = {"context": {"id": self.context}, "members": self.members[number]}
        if self.padding and "limit" in request.args:
            body["padding"] = self.padding
        return Response(json.dumps(body), headers=headers)(environ, start_response)


@pytest.fixture
def pages(addresses, door):
    addresses[0].app = pages = Pages()
    return pages


@pytest.fixture
def rosters(door, addresses, clock, pages):
    token_url = f"{addresses[0].url}/token"
    door.put(door.north.registration("reg-north", "north", token_url=token_url))
    connector = Connector(door.storage, OurKeys(door.storage), clock, Egress(outside=LOOPBACK))
    return LtiRosters(door.storage, connector)


@pytest.fixture
def address(addresses):
    url = f"{addresses[0].url}/members"
    return lambda **changes: RosterSourceAddress("reg-north", {"url": url, **changes})


@pytest.fixture
def read(rosters, address):
    return lambda **changes: whole(rosters.read(address(**changes)))


def someone(subject, *roles, **more):
    return {"user_id": subject, "roles": list(roles) or [f"{MEMBERSHIP}#Learner"], **more}


def subjects(roster):
    return [person.subject for person in roster.people]


def test_short_and_full_role_names_lead(pages, read):
    pages.members = [
        [someone("a", "Instructor"), someone("b", f"{MEMBERSHIP}#Manager"), someone("c", "Learner")]
    ]
    assert [person.leads for person in read().people] == [True, True, False]


@pytest.mark.parametrize("order", [1, -1])
def test_links_may_come_in_several_fields(pages, read, order):
    pages.members = [[someone("a")], [someone("b")]]
    pages.links = {
        0: ['<{here}/members?p=1>; rel="next"', '<{here}/members?since=1>; rel="differences"'][::order]
    }
    roster = read()
    assert (subjects(roster), roster.complete) == (["a", "b"], True)


def test_a_relative_link_and_one_among_several(pages, read):
    pages.members = [[someone("a")], [someone("b")]]
    pages.links = {
        0: '<{here}/members?p=0>; rel="current", </members?p=1>; rel="next"; type="x", <{here}/z>; rel="last"'
    }
    roster = read()
    assert (subjects(roster), roster.complete) == (["a", "b"], True)


@pytest.mark.parametrize(
    "link",
    [
        '<https://evil.example/members?p=1>; rel="next"',
        '<{here}:1/members?p=1>; rel="next"',
        '<{here}/members?p=0>; rel="next"',  # repeats its members under another address
        '<{here}/members>; rel="next"',
        '<javascript:alert(1)>; rel="next"',
        '<http://[::1>; rel="next"',
    ],
)
def test_row_89_foreign_hosts_and_loops_end_the_reading_incomplete(pages, read, link):
    pages.members = [[someone("a")], [someone("b")]]
    pages.links = {0: link}
    roster = read()
    assert (subjects(roster), roster.complete) == (["a"], False)
    assert len(pages.asked) <= 2


def test_row_89_a_repeated_page_under_a_new_address(pages, read):
    pages.members = [[someone("a")], [someone("b")], [someone("a")], [someone("c")]]
    pages.links = {n: f'<{{here}}/members?p={n + 1}>; rel="next"' for n in range(3)}
    roster = read()
    assert (subjects(roster), roster.complete) == (["a", "b"], False)


def test_somebody_listed_twice_on_the_edge_of_a_page_counts_once(pages, read):
    pages.members = [[someone("a"), someone("b")], [someone("b"), someone("c")]]
    pages.links = {0: '<{here}/members?p=1>; rel="next"'}
    roster = read()
    assert (subjects(roster), roster.complete) == (["a", "b", "c"], True)


def test_an_empty_page_in_the_middle_is_followed(pages, read):
    pages.members = [[someone("a")], [], [someone("c")]]
    pages.links = {0: '<{here}/members?p=1>; rel="next"', 1: '<{here}/members?p=2>; rel="next"'}
    roster = read()
    assert (subjects(roster), roster.complete) == (["a", "c"], True)


@pytest.mark.parametrize("odd", ["text", None, {}, {"user_id": 7}, {"user_id": ""}, {"user_id": "x" * 300}])
def test_a_member_without_a_proper_id_makes_the_roster_incomplete(pages, read, odd):
    pages.members = [[someone("a"), odd, someone("b")]]
    roster = read()
    assert (subjects(roster), roster.complete) == (["a", "b"], False)


def test_who_is_not_active_is_not_listed(pages, read):
    pages.members = [
        [someone("a", status="Active"), someone("b", status="Inactive"), someone("c", status="Deleted")]
    ]
    assert subjects(read()) == ["a"]


@pytest.mark.parametrize("value", [7, ["x"], {"x": 1}, None, "", "\x00"])
def test_odd_values_of_a_member_are_left_out(pages, read, value):
    pages.members = [[someone("a", name=value, email=value, message=value, given_name=value)]]
    [person] = read().people
    assert (person.name, person.email, person.accounts) == (None, None, None)
    pages.members = [[someone("a") | {"roles": value}]]
    assert not read().people[0].leads


def test_accounts_come_from_the_custom_parameters_of_each_member(pages, read):
    custom = {CORE + "custom": {"canvas_user_id": 1001}}
    unknown = {CORE + "custom": {"canvas_user_id": "$Canvas.user.id"}}
    pages.members = [
        [someone("a", message=[custom]), someone("b", message=custom), someone("c", message=[unknown])]
    ]
    roster = read(context="course-1", rlid="course-1")
    assert [person.accounts for person in roster.people] == [{"canvas": "1001"}] * 2 + [None]
    assert parse_qs(pages.asked[0].partition("?")[2]) == {"rlid": ["course-1"], "limit": ["1000"]}


@pytest.mark.parametrize(
    "values",
    [{}, {"context": "course-1"}, {"context": "course-1", "rlid": "link-1"}, {"rlid": ""}, {"rlid": "x"}],
)
def test_custom_parameters_of_another_link_name_no_accounts(pages, read, values):
    pages.members = [[someone("a", message=[{CORE + "custom": {"canvas_user_id": 1001}}])]]
    assert [(p.subject, p.accounts) for p in read(**values).people] == [("a", None)]


def test_a_query_that_repeats_a_name_keeps_it(pages, read, addresses):
    pages.members = [[someone("a")]]
    read(url=f"{addresses[0].url}/members?x=1&x=2&y=", rlid="r")
    assert pages.asked == ["/members?x=1&x=2&y=&rlid=r&limit=1000"]


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_is_asked_beyond_the_bare_address_is_given_up_step_by_step(pages, read, status):
    told = {"message": [{CORE + "custom": {"canvas_user_id": 1001}}]}
    pages.members, pages.refuses = [[someone("a", **told)]], {"limit": status}
    [person] = read(context="course-1", rlid="course-1").people
    assert person.accounts == {"canvas": "1001"}
    pages.refuses = {"limit": status, "rlid": status}
    roster = read(context="course-1", rlid="course-1")
    assert roster.complete
    assert roster.people[0].accounts is None, "nobody asked for the tool's own parameters"


def test_a_page_too_large_is_asked_for_in_smaller_ones(pages, read):
    pages.members, pages.padding = [[someone("a")]], "x" * (8 * 1024 * 1024)
    assert subjects(read()) == ["a"]
    assert len(pages.asked) == 2


def test_an_address_with_a_size_of_its_own_keeps_it(pages, read, addresses):
    pages.members = [[someone("a")]]
    read(url=f"{addresses[0].url}/members?limit=7")
    assert pages.asked == ["/members?limit=7"]


def test_a_group_is_read_like_a_course(pages, read):
    pages.context = "group-7"
    pages.members = [[someone("a", f"{MEMBERSHIP}#Manager"), someone("b", f"{MEMBERSHIP}#Member")]]
    roster = read(context="group-7", rlid="group-7")
    assert [(one.subject, one.leads) for one in roster.people] == [("a", True), ("b", False)]
    with pytest.raises(UnexpectedReply):
        read(context="course-1")


def test_a_stumble_is_nothing_that_the_roster_lacks(lms, canvas_rosters, crowd):
    lms.weather.add(Rule("page=", "answer", status=503, times=99))
    reading = canvas_rosters.read(crowd)
    assert not whole(reading).complete
    assert reading.lacking is None


def test_what_can_never_be_complete_says_so(pages, rosters, address, monkeypatch):
    def lacking():
        reading = rosters.read(address())
        assert not whole(reading).complete
        return reading.lacking and reading.lacking.message.text

    pages.members = [[someone("a"), someone("")]]
    assert "without an id" in lacking()
    pages.members = [[someone("a")], [someone("b")], [someone("c")]]
    for link in ("https://evil.example/members", "{here}/members?p=0", "{here}/members"):
        pages.links = {0: f'<{link}>; rel="next"'}
        assert "leads in a circle" in lacking()
    pages.links = {n: f'<{{here}}/members?p={n + 1}>; rel="next"' for n in range(2)}
    monkeypatch.setattr("coplink.lti.rosters.MOST_PEOPLE", 1)
    assert "longer" in lacking()
    monkeypatch.setattr("coplink.lti.rosters.MOST_PAGES", 2)
    assert "longer" in lacking()


def test_pages_are_fetched_as_they_are_asked_for(pages, rosters, address):
    pages.members = [[someone("a")], [someone("b")], [someone("c")]]
    pages.links = {n: f'<{{here}}/members?p={n + 1}>; rel="next"' for n in range(2)}
    reading = iter(rosters.read(address()))
    assert [person.subject for person in next(reading)] == ["a"]
    assert len(pages.asked) == 1


def test_an_endless_roster_ends_incomplete(pages, read, monkeypatch):
    monkeypatch.setattr("coplink.lti.rosters.MOST_PAGES", 3)
    pages.members = [[someone(f"s{n}")] for n in range(9)]
    pages.links = {n: f'<{{here}}/members?p={n + 1}>; rel="next"' for n in range(8)}
    assert len(read().people) == 3
    assert not read().complete
    monkeypatch.setattr("coplink.lti.rosters.MOST_PAGES", 9)
    assert read().complete
    monkeypatch.setattr("coplink.lti.rosters.MOST_PEOPLE", 4)
    assert not read().complete


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ('<https://a.example/?p=AbC>; rel="next"', "https://a.example/?p=AbC"),
        ("<https://a.example/x>; rel=next", "https://a.example/x"),
        ('<https://a.example/x>; title="y"; rel="last next"', "https://a.example/x"),
        ('<https://a.example/p>; rel="prev",<https://a.example/n>; rel="NEXT"', "https://a.example/n"),
        ('<https://a.example/x>; rel="nextish"', None),
        ("garbage", None),
    ],
)
def test_next_links(header, expected):
    assert next_link({"link": header}, "https://a.example/") == expected
