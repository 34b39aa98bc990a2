"""Two platforms of one institution, and whose numbers are believed: 50 on the test Canvas is not 50 on the real one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.core.errors import NotAllowed
from coplink.engine import platforms
from coplink.lti.canvas_config import CLAIMS
from coplink.ports.records import Registration, RegistrationState

REAL, TEST = "https://canvas.instructure.com", "https://canvas.test.instructure.com"
SAFE = {"account:canvas", "asked:course"}.isdisjoint


def registration(school, issuer, institution=None, claims=CLAIMS):
    return Registration(
        f"at {issuer}",
        (institution or school.here).id,
        issuer,
        "1000",
        f"{issuer}/authorize",
        f"{issuer}/token",
        f"{issuer}/keys",
        claims=dict(claims),
    )


def add(school, offered, deployment="1:a", approve=True):
    with school.services.begin() as uow:
        kept = platforms.add(uow, offered, deployment, approve, school.clock.now())
        uow.commit()
    return kept


def claims(school, kept):
    with school.services.begin() as uow:
        return uow.platforms.get(kept.id).claims


def notices(school):
    with school.services.begin() as uow:
        return [one.code for one in uow.records.notices(institution=school.here.id)]


def test_the_second_one_lets_people_in_and_is_not_believed_about_numbers(school):
    first = add(school, registration(school, REAL))
    second = add(school, registration(school, TEST))
    assert not SAFE(claims(school, first))
    assert SAFE(claims(school, second))
    assert second.state is RegistrationState.OPEN
    assert notices(school) == ["platform_doubled"]
    assert not SAFE(claims(school, add(school, registration(school, REAL)))), "the same again changes nothing"
    assert SAFE(claims(school, add(school, registration(school, TEST))))


def test_once_the_first_is_disabled_the_other_may_be_believed_and_then_the_first_is_not(school):
    first = add(school, registration(school, TEST))
    with school.services.begin() as uow:
        platforms.disable(uow, first)
        uow.commit()
    second = add(school, registration(school, REAL))
    assert not SAFE(claims(school, second))
    with school.services.begin() as uow:
        platforms.approve(uow, uow.platforms.get(first.id), school.clock.now())
        uow.commit()
    assert SAFE(claims(school, first))
    assert notices(school) == ["platform_doubled"]


def test_one_that_only_waits_keeps_nobody_from_being_believed_and_is_not_when_it_is_let_in(school):
    waits = replace(registration(school, TEST), state=RegistrationState.PENDING)
    with school.services.begin() as uow:
        uow.platforms.put(waits)
        uow.commit()
    assert not SAFE(claims(school, add(school, registration(school, REAL))))
    with school.services.begin() as uow:
        platforms.approve(uow, waits, school.clock.now())
        uow.commit()
    assert SAFE(claims(school, waits))


def test_a_platform_of_another_kind_and_one_of_another_institution_are_none_of_its_business(school):
    add(school, registration(school, REAL))
    moodle = add(school, registration(school, "https://moodle.example", claims={"account:moodle": "user_id"}))
    there = add(school, registration(school, TEST, school.there))
    assert "account:moodle" in claims(school, moodle)
    assert not SAFE(claims(school, there))
    assert notices(school) == []


def test_a_deployment_of_somebody_elses_canvas_beside_ones_own_is_refused(school):
    add(school, registration(school, REAL))
    shared = registration(school, TEST, school.there)
    add(school, shared)
    with school.services.begin() as uow, pytest.raises(NotAllowed, match="Disable it there first"):
        platforms.approve_deployment(uow, shared, "2:b", school.here.id, school.clock.now())
