"""A whole day of the web process in a fresh interpreter; prints what was answered and which modules are loaded.

Started by ``test_web_process``; the three platforms stand at an address where nobody answers.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from coplink.core.people import Identity, Institution, Person, PersonId
from coplink.core.spaces import Space, SpaceId, SpaceKind, SpaceState
from coplink.engine import connect
from coplink.ports.records import Connected
from coplink.ports.watch import Subscription
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.web import create_app
from coplink.web import session as sessions
from coplink.wiring import Services, build

BASE = "http://127.0.0.1:8000"
NOW = datetime.now(UTC)
HEARD = 10
ASKED = json.dumps({"course": "101"})


def main(folder: str, settings: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Connect, sign in, look at pages, preview and found, be called by Graph; what came of it."""
    address = f"sqlite:///{folder}/web.sqlite"
    upgrade(make_engine(address))
    services = build(
        load(
            env_file=None, base_url=BASE, loopback=True, data_dir=folder, database_url=address,
            master_keys="b" * 43 + "=",
        )
    )  # fmt: skip
    with services.begin() as uow:
        school = connect.add_institution(uow, "Riverbend")
        doors = {
            key: connect.connect(
                uow, school.id, services.manifests[key], values,
                lambda given, key=key: services.look_over(key, given), NOW, loopback=True,
            )
            for key, values in settings.items()
        }  # fmt: skip
        secret = _signed_in(uow, school)
        uow.commit()
    client = create_app(services).test_client()
    client.set_cookie(sessions.COOKIE, secret, domain="127.0.0.1", secure=True)
    answers: dict[str, int] = {}

    def ask(method: str, path: str, **more: Any) -> str:
        answer = client.open(path, base_url=BASE, method=method, **more)
        answers[f"{method} {path.partition('?')[0]}"] = answer.status_code
        return answer.text

    page = ask("GET", "/admin")
    csrf = page.split('name="csrf" value="')[1].partition('"')[0]
    for path in ("/", "/me", "/found", "/sign-in", *(f"/admin/connections/{key}" for key in doors)):
        ask("GET", path)
    ask("POST", "/admin/connections/teams", data={"csrf": csrf, **settings["teams"]})
    form = _form(csrf, [one.id for one in doors.values()])
    previewed = ask("POST", "/found/preview", data=form)
    founded = ask("POST", "/found", data=form)
    if answers["POST /found"] != 303:
        raise SystemExit(founded)
    space = _watched(services, doors["teams"])
    told = [{"clientState": "s" * 40, "changeType": "updated", "tenantId": settings["teams"]["tenant_id"]}]
    ask("POST", f"/hook/teams/{space}?validationToken=echo")
    for _ in range(HEARD):
        ask("POST", f"/hook/teams/{space}", json={"value": told})
    for key, door in doors.items():
        ask("GET", f"/door/{key}/{door.id}")
    ask("POST", f"/door/teams/{doors['teams'].id}", data={"token": "a.b.c"})
    with services.begin() as uow:
        marked = [dirty.kind.value for dirty in uow.work.dirty(NOW + timedelta(days=1), 100)]
    return {
        "answers": answers,
        "previewed": previewed.count("Literacy"),
        "collect": marked.count("collect"),
        "modules": sorted(sys.modules),
    }


def _signed_in(uow: Any, school: Institution) -> str:
    """A teacher who leads a course and is the school's connection admin, with a session of their own."""
    person = Person(PersonId("11" * 16), school.id, "Kim", admin=True, zone="America/Los_Angeles")
    uow.people.put(person)
    uow.people.put_identity(Identity(school.id, "lti", "realm", "kim", person.id, NOW))
    told = {
        "may_found": "yes",
        "realm": "realm",
        "context": "course-1",
        "title": "Course",
        "kind": "lti",
        "asked": ASKED,
    }
    return sessions.start(uow, person, told, NOW)[0]


def _form(csrf: str, places: list[str]) -> dict[str, Any]:
    first = NOW.date() + timedelta(days=7)
    return {
        "csrf": csrf, "key": "0123456789abcdef", "name": "Literacy", "about": "Reading in every subject",
        "audience": "Teachers", "hopes": "", "places": places, "pattern": "weekly", "every_weeks": "2",
        "days": ["2"], "nth": "1", "nth_day": "2", "every_months": "1", "month_day": "1",
        "first": first.isoformat(), "last": (first + timedelta(days=100)).isoformat(), "at": "16:00",
        "minutes": "45", "zone": "America/Los_Angeles", "breaks": "",
    }  # fmt: skip


def _watched(services: Services, connected: Connected) -> str:
    """The space in Teams as a worker would have made it, with a subscription."""
    with services.begin() as uow:
        (space,) = [s for s in uow.spaces.of_institution(connected.institution) if s.integration == "teams"]
        uow.spaces.put(
            Space(
                space.id, space.community, space.institution, space.connection, space.integration,
                SpaceKind.CHANNEL, space.name, space.marker, SpaceState.READY, {"channel": "private/c"},
            )
        )  # fmt: skip
        uow.watches.put(SpaceId(space.id), Subscription("sub", NOW + timedelta(days=20)), "s" * 40)
        uow.commit()
    return space.id


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.load(sys.stdin))))
