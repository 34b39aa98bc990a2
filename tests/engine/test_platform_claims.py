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


def notices(school, institution=None):
    with school.services.begin() as uow:
        return [one.code for one in uow.records.notices(institution=(institution or school.here).id)]


def act(school, verb, key, *more):
    with school.services.begin() as uow:
        verb(uow, uow.platforms.get(key), *more)
        uow.commit()


def kept(school, *registrations):
    """They are there from before, whatever they say."""
    with school.services.begin() as uow:
        for one in registrations:
            uow.platforms.put(one)
        uow.commit()


def disable(school, one):
    act(school, platforms.disable, one.id)


def let_in(school, one):
    act(school, platforms.approve, one.id, school.clock.now())


def deploy(school, one, deployment="2:b"):
    act(school, platforms.approve_deployment, one.id, deployment, school.there.id, school.clock.now())


def approved(school, one):
    with school.services.begin() as uow:
        return {d.deployment_id for d in uow.platforms.deployments_of(one.id) if d.approved_at}


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


OWN = "https://canvas.beta.instructure.com"


def switched_on_again(school):
    shared = add(school, registration(school, REAL))
    deploy(school, shared)
    disable(school, shared)
    add(school, registration(school, OWN, school.there))
    let_in(school, shared)
    return shared


def told_more_later(school):
    shared = add(school, registration(school, REAL, claims={}))
    deploy(school, shared)
    add(school, registration(school, OWN, school.there))
    return add(school, registration(school, REAL))


def let_in_later(school):
    shared = replace(registration(school, REAL), state=RegistrationState.PENDING)
    kept(school, shared)
    act(school, platforms.approve_deployment, shared.id, "1:a", school.here.id, school.clock.now())
    deploy(school, shared)
    add(school, registration(school, OWN, school.there))
    let_in(school, shared)
    return shared


@pytest.mark.parametrize("way", [switched_on_again, told_more_later, let_in_later])
def test_where_ones_own_is_believed_meanwhile_the_deployments_on_a_shared_one_wait_again(school, way):
    shared = way(school)
    own = registration(school, OWN, school.there)
    assert not SAFE(claims(school, own)), "which is believed"
    assert approved(school, shared) == {"1:a"}
    assert not SAFE(claims(school, shared)), "at home it is believed as before"
    assert (notices(school), notices(school, school.there)) == ([], ["platform_doubled"])
    with pytest.raises(NotAllowed, match="Disable it there first"):
        deploy(school, shared)
    disable(school, own)
    deploy(school, shared)
    assert approved(school, shared) == {"1:a", "2:b"}
    assert notices(school, school.there) == []
    let_in(school, own)
    assert SAFE(claims(school, own))


def test_a_shared_one_that_waits_or_tells_nothing_new_takes_back_no_approval(school):
    shared = add(school, registration(school, REAL))
    deploy(school, shared)
    own = add(school, registration(school, OWN, school.there))
    assert SAFE(claims(school, own))
    add(school, registration(school, REAL))
    let_in(school, shared)
    assert approved(school, shared) == {"1:a", "2:b"}
    assert notices(school, school.there) == ["platform_doubled"], "about their own, which is not believed"


def test_two_believed_from_before_stay_so_when_they_come_again_and_the_admins_are_told(school):
    first, second = registration(school, REAL), registration(school, TEST)
    kept(school, first, second)
    add(school, first)
    assert not SAFE(claims(school, first)), "it is believed as long as the other one"
    assert notices(school) == ["platform_both"]
    let_in(school, second)
    assert not SAFE(claims(school, second))
    assert notices(school) == ["platform_both"] * 2
    disable(school, second)
    assert notices(school) == []
    let_in(school, second)
    assert SAFE(claims(school, second)), "once disabled, it is the later one"


def test_what_one_of_them_did_not_tell_before_it_may_not_tell_now(school):
    kept(
        school,
        registration(school, REAL),
        registration(school, TEST, claims={"service:hosts": "lms.example"}),
    )
    add(school, registration(school, TEST))
    assert SAFE(claims(school, registration(school, TEST)))
    assert notices(school) == ["platform_doubled"]


def test_two_believed_at_another_institution_from_before_are_told_there(school):
    shared, own = registration(school, REAL), registration(school, OWN, school.there)
    kept(school, shared)
    deploy(school, shared)
    kept(school, own)
    add(school, shared)
    assert approved(school, shared) == {"1:a", "2:b"}
    assert (notices(school), notices(school, school.there)) == ([], ["platform_both"])
    with school.services.begin() as uow:
        theirs = uow.platforms.deployment(shared.id, "2:b")
        platforms.disable_deployment(uow, theirs, school.clock.now())
        uow.commit()
    assert notices(school, school.there) == []


def test_the_notice_ends_when_it_comes_again_and_is_believed(school):
    first = add(school, registration(school, TEST))
    add(school, registration(school, REAL))
    disable(school, first)
    assert notices(school) == ["platform_doubled"], "nobody is believed yet"
    assert not SAFE(claims(school, add(school, registration(school, REAL))))
    assert notices(school) == []


def registers(school, offered):
    """It comes by an invitation, and waits."""
    now = school.clock.now()
    with school.services.begin() as uow:
        link = platforms.invite(uow, school.here.id, now)
        offered = replace(offered, id="", state=RegistrationState.PENDING)
        kept = platforms.register(uow, link, offered, None, "A Canvas", (), now)
        uow.commit()
    return kept


def test_the_notice_outlives_approvals_and_comes_back_after_a_pause(school):
    first = add(school, registration(school, REAL))
    second = registers(school, registration(school, TEST))
    assert sorted(notices(school)) == ["platform_doubled", "platform_waits"]
    for _ in range(2):
        let_in(school, second)
        assert SAFE(claims(school, second))
        assert notices(school) == ["platform_doubled"], "it is not believed, and the admins are told"
    disable(school, second)
    assert notices(school) == [], "nobody comes from it"
    disable(school, first)
    let_in(school, second)
    assert SAFE(claims(school, second))
    assert notices(school) == ["platform_doubled"], "it has not been registered again"
    assert not SAFE(claims(school, registers(school, registration(school, TEST))))
    assert claims(school, second) == CLAIMS
    assert notices(school) == []


def test_what_the_operator_said_of_a_platform_and_it_lost_is_not_told_by_its_coming_again(school):
    first = add(school, registration(school, REAL, claims={"account:canvas": "canvas_user_id"}))
    said = registration(school, TEST, claims={"account:canvas": "canvas_user_id"})
    second = add(school, said)
    disable(school, first)
    registers(school, replace(said, claims={}))
    assert notices(school) == ["platform_doubled"], "it says nothing of accounts by itself"
    assert not SAFE(claims(school, add(school, said)))
    assert notices(school) == []
    assert claims(school, second) == said.claims


def test_only_what_another_tells_already_is_lost(school):
    canvas, moodle = {**CLAIMS}, {"account:moodle": "user_id", **CLAIMS}
    del moodle["account:canvas"]
    add(school, registration(school, REAL, claims=canvas))
    add(school, registration(school, "https://moodle.example", claims=moodle))
    third = add(
        school, registration(school, TEST, claims={**canvas, **moodle, "service:hosts": "lms.example"})
    )
    assert claims(school, registration(school, "https://moodle.example")).keys() == {
        "account:moodle",
        "asked:previous_contexts",
        "told_by:asked:course",
    }
    assert claims(school, third) == {
        "asked:previous_contexts": CLAIMS["asked:previous_contexts"],
        "service:hosts": "lms.example",
        "told_by:account:canvas": REAL,
        "told_by:asked:course": REAL,
        "told_by:account:moodle": "https://moodle.example",
    }, "of each of them"


def test_ids_that_a_platform_compares_with_its_own_only_are_no_numbers(school):
    add(school, registration(school, REAL))
    moodle = {"account:moodle": "user_id", "asked:previous_contexts": "copied_from"}
    told = add(school, registration(school, "https://moodle.example", claims=moodle))
    assert claims(school, told) == moodle
    assert notices(school) == []


def test_courses_of_a_second_one_of_the_same_kind_are_others_even_if_the_first_tells_none(school):
    add(school, registration(school, REAL, claims={"account:canvas": "canvas_user_id"}))
    assert SAFE(claims(school, add(school, registration(school, TEST))))
