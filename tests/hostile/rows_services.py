"""Rows 88 to 91: pages of others, rosters that lie, and access tokens."""

from __future__ import annotations

from collections.abc import Callable

import requests
from hostile_case import Case, Outcome, Says, elsewhere
from hostile_course import ANA, BEN, EVERYBODY, Answer, Course, page
from hostile_stage import Scene
from werkzeug.wrappers import Request, Response

HANDLED = Outcome.HANDLED
KEPT = "the reading is not complete, so nobody is taken out"


def reading(
    number: str, what: str, how: str, answer: Callable[[Course], Answer], check: Callable[[Course], None]
) -> Case:
    """One more reading of a roster that was honest before, and what becomes of it."""

    def do(scene: Scene) -> requests.Response:
        course = Course(scene, scene.north, scene.ana)
        course.service.answer = answer(course)
        course.read()
        check(course)
        return course.look()

    return Case(number, what, HANDLED, 200, do, how=how)


def incomplete(course: Course) -> None:
    """It does not count as read to its end: it is tried again later, or somebody who can mend it is told."""
    state = course.work()
    if course.notices():
        assert course.notices() == ["roster_incomplete"]
        return
    assert not state.done
    assert state.not_before is not None
    assert state.not_before > course.scene.clock.now()


def in_seconds(least: float, most: float) -> Callable[[Course], None]:
    def check(course: Course) -> None:
        state = course.work()
        assert state.not_before is not None
        assert least <= (state.not_before - course.scene.clock.now()).total_seconds() <= most

    return check


def asks_a_person(code: str, bearers: int) -> Callable[[Course], None]:
    def check(course: Course) -> None:
        assert course.notices() == [code]
        assert course.work().not_before is None
        assert not course.work().done
        assert len(course.service.bearers) <= bearers

    return check


def complete(course: Course) -> None:
    assert course.work().done


def renewed(course: Course) -> None:
    complete(course)
    assert len(course.service.assertions) == 1
    assert len(set(course.service.bearers)) == 2


def elsewhere_asked(course: Course) -> Answer:
    """The next page lies on the other school's host, which must not see our token."""
    return lambda request: page(ANA, following="https://south.example/members?page=2")


def not_elsewhere(course: Course) -> None:
    incomplete(course)
    assert course.scene.south.asked == []
    assert all(bearer.startswith("bearer-client-north-") for bearer in course.service.bearers)


def to_itself(course: Course) -> Answer:
    return lambda request: page(ANA, following=request.url)


def in_a_ring(course: Course) -> Answer:
    def answer(request: Request) -> Response:
        number = int(request.args.get("page", "1"))
        people = {1: ANA, 2: BEN}[number]
        return page(people, following=f"{course.url}?page={2 if number == 1 else 1}")

    return answer


def the_same_again(course: Course) -> Answer:
    """Another address each time, the same page each time."""

    def answer(request: Request) -> Response:
        number = int(request.args.get("page", "1"))
        return page(ANA, following=f"{course.url}?page={number + 1}")

    return answer


def few_pages(course: Course) -> None:
    incomplete(course)
    assert len(course.service.bearers) <= 4


def first(course: Course, status: int, headers: dict[str, str] | None = None, body: str = "{}") -> Answer:
    return lambda request: Response(body, status, headers or {}, mimetype="application/json")


def then(course: Course, later: Answer) -> Answer:
    """An honest first page, and this for the second."""

    def answer(request: Request) -> Response:
        if request.args.get("page") == "2":
            return later(request)
        return page(ANA, following=f"{course.url}?page=2")

    return answer


def once_401(course: Course) -> Answer:
    refused: list[str] = []

    def answer(request: Request) -> Response:
        bearer = request.headers["Authorization"]
        if not refused or bearer in refused:
            refused.append(bearer)
            return Response("", 401)
        return page(*EVERYBODY)

    return answer


def both_schools(scene: Scene) -> requests.Response:
    """Row 91: two schools of one issuer, one token address name, the same course: each call has its own token."""
    ben = scene.visitor()
    south = Course(scene, scene.south, ben)
    north = Course(scene, scene.north, scene.ana)
    for course in (north, south, north):
        course.read()
    assert {one.split("-")[2] for one in north.service.bearers} == {"north"}
    assert {one.split("-")[2] for one in south.service.bearers} == {"south"}
    assert {one["iss"] for one in north.service.assertions} <= {"client-north"}
    assert south.look().status_code == 200
    return north.look()


def of_the_other_school(scene: Scene) -> requests.Response:
    """Row 88: Ana's session, the other school's page; it is told apart from no page at all by nothing."""
    Course(scene, scene.south, scene.visitor())
    Course(scene, scene.north, scene.ana)
    scene.mark()
    missing, theirs = scene.ana.get("/c/nothing"), scene.ana.get("/c/literacy-client-south")
    assert missing.status_code == theirs.status_code
    return theirs


WALK, SECRETS = "tests/isolation/test_walks.py", "tests/isolation/test_secrets.py"

CASES = [
    Case("88", "a page of the other school", Outcome.REFUSED, 404, of_the_other_school, Says.NOT_HERE, "nothing here"),
    elsewhere("88", "every route, with the ids and secrets of another school", HANDLED,
              "the answer is the same as for what is not there",
              f"{WALK}::test_what_is_another_institutions_does_not_exist"),
    elsewhere("88", "a one-time code of another school's launch", HANDLED, "it opens nothing",
              f"{SECRETS}::test_anothers_one_time_code_is_no_code"),
    reading("89", "a next page on another host", f"not asked for; {KEPT}", elsewhere_asked, not_elsewhere),
    reading("89", "a next page that is the same page", KEPT, to_itself, few_pages),
    reading("89", "next pages in a ring", KEPT, in_a_ring, few_pages),
    reading("89", "the same page under ever new addresses", KEPT, the_same_again, few_pages),
    reading("90", "401 once", "the token is renewed once, and the roster read", once_401, renewed),
    reading("90", "401 for ever", "renewed once; then the administrator is told", lambda c: first(c, 401),
            asks_a_person("reauthorize", 2)),
    reading("90", "403", "the administrator is told", lambda c: first(c, 403), asks_a_person("permission_missing", 1)),
    reading("90", "429 with Retry-After: 120", "tried again after two minutes, not before",
            lambda c: first(c, 429, {"Retry-After": "120"}), in_seconds(120, 130)),
    reading("90", "503", "tried again a little later", lambda c: first(c, 503), in_seconds(1, 1800)),
    reading("90", "an error on the second page", KEPT, lambda c: then(c, first(c, 500)), incomplete),
    reading("90", "no JSON on the second page", KEPT, lambda c: then(c, first(c, 200, None, "<html>")), incomplete),
    reading("90", "no JSON on the first page", "told to support; nobody is taken out",
            lambda c: first(c, 200, None, "<html>"), asks_a_person("unexpected_reply", 3)),
    reading("90", "an empty first page where people were", "what was known is kept; nobody is taken out",
            lambda c: lambda request: page(), complete),
    Case("91", "two schools of one issuer read their rosters in turn", HANDLED, 200, both_schools,
         how="a token of one school is never sent for the other"),
    elsewhere("91", "the same for every service call and token that is kept", HANDLED, "kept for each institution",
              f"{SECRETS}::test_access_tokens_are_fetched_for_each_institution"),
]  # fmt: skip
