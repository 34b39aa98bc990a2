"""Approved addresses that change: whoever believed the old ones is asked again, at every institution."""

from __future__ import annotations

from dataclasses import replace

import pytest
from registering_play import HOST, approve, deployments, invitation, open_page, press, registrations

from coplink.core.errors import NotAllowed
from coplink.engine import platforms
from coplink.engine.platform_addresses import digest
from coplink.ports.records import Registration, RegistrationState

MOVED = {"jwks_uri": f"{HOST}/other-keys"}


@pytest.fixture
def shared(desk, mean):
    """A's registration, open, and one approved deployment of it for each of two institutions."""
    browser, _ = open_page(desk, mean.invite())
    press(browser)
    [(client_id, kept)] = registrations(desk).items()
    now = desk.clock.now()
    with desk.services.begin() as uow:
        platforms.approve(uow, kept, now)
        kept = replace(kept, state=RegistrationState.OPEN)
        platforms.approve_deployment(uow, kept, "ours", desk.here.id, now)
        platforms.approve_deployment(uow, kept, "theirs", desk.there.id, now)
        uow.commit()
    mean.says = {"client_id": client_id}
    return kept


def approved(desk, registration):
    return {one.deployment_id for one in deployments(desk, registration) if one.approved_at}


def come_again(desk, mean):
    browser, _ = open_page(desk, mean.invite())
    assert press(browser).status_code == 200, browser.says()


def test_new_keys_of_one_institution_are_not_believed_for_another(desk, mean, shared):
    come_again(desk, mean)
    assert approved(desk, shared) == {"ours", "theirs"}, "the same addresses change nothing"

    mean.change = MOVED
    come_again(desk, mean)
    ours, theirs = desk.admin(), desk.admin(desk.there)
    assert approve(ours, shared).status_code == 303
    assert approved(desk, shared) == {"ours"}, "our admin's word is not theirs"
    theirs.get("/admin")
    assert f"The addresses of {HOST}, registered by another institution, have changed" in theirs.says()
    assert f"{HOST}/other-keys" in theirs.says()
    ours.get("/admin")
    assert "registered by another institution, have changed" not in ours.says()

    chosen = {"registration": shared.id, "deployment": "theirs"}
    theirs.get("/admin")
    for old in ({}, {"addresses": digest(shared)}):
        assert theirs.post("/admin/deployments/approve", {**chosen, **old}).status_code == 403
        assert "have changed meanwhile" in theirs.says()
    assert approved(desk, shared) == {"ours"}
    theirs.get("/admin")
    form = theirs.soup().select_one('form[action="/admin/deployments/approve"]')
    fields = {one["name"]: one["value"] for one in form.select("input[type=hidden]")}
    assert theirs.post("/admin/deployments/approve", fields).status_code == 303
    assert approved(desk, shared) == {"ours", "theirs"}
    theirs.get("/admin")
    assert "have changed" not in theirs.says(), "what was done is no notice any more"


@pytest.mark.parametrize("part", ["authorization_url", "token_url", "jwks_url", "audience"])
def test_each_address_counts_when_the_operator_changes_it(desk, shared, part):
    other = replace(shared, **{part: f"{HOST}/elsewhere"})
    with desk.services.begin() as uow:
        platforms.add(uow, shared, None, False, desk.clock.now())
        uow.commit()
    assert approved(desk, shared) == {"ours", "theirs"}
    with desk.services.begin() as uow:
        platforms.add(uow, other, None, False, desk.clock.now())
        [notice] = uow.records.notices(institution=desk.there.id)
        uow.commit()
    assert approved(desk, shared) == {"ours"}
    assert notice.who == "connection admin"
    assert registrations(desk)[shared.client_id].state is RegistrationState.OPEN, (
        "the operator's word counts here"
    )


def test_a_page_shown_before_the_addresses_changed_approves_nothing(desk, mean):
    browser, _ = open_page(desk, mean.invite())
    press(browser)
    [(client_id, kept)] = registrations(desk).items()
    admin = desk.admin()
    admin.get("/admin")
    for address in (kept.authorization_url, kept.token_url, kept.jwks_url):
        assert address in admin.says()
    mean.says, mean.change = {"client_id": client_id}, MOVED
    come_again(desk, mean)
    action = f"/admin/platforms/{kept.id}/approve"
    for old in ({}, {"addresses": digest(kept)}):
        assert admin.post(action, old).status_code == 403
        assert "have changed meanwhile. Please look at them again." in admin.says()
    assert registrations(desk)[client_id].state is RegistrationState.PENDING
    assert approve(admin, kept).status_code == 303
    assert registrations(desk)[client_id].state is RegistrationState.OPEN


def test_what_the_operator_said_of_a_platform_survives_its_coming_again(desk, mean, shared):
    said = {"service:hosts": "files.lms.example", "account:pinboard": "pin"}
    with desk.services.begin() as uow:
        uow.platforms.put(replace(shared, claims=said))
        uow.commit()
    come_again(desk, mean)
    assert registrations(desk)[shared.client_id].claims == said


def test_the_client_of_another_is_refused_before_one_of_ours_is_looked_for(desk, mean):
    managed = f"{HOST}/registrations/1"
    mean.says = {"client_id": "a-client", "registration_client_uri": managed}
    browser, _ = open_page(desk, mean.invite())
    press(browser)
    mean.says = {"client_id": "b-client"}
    browser, _ = open_page(desk, mean.invite(), invitation(desk, desk.there))
    press(browser)
    before = registrations(desk)
    assert {one.institution for one in before.values()} == {desk.here.id, desk.there.id}
    mean.says = {"client_id": "b-client", "registration_client_uri": managed}
    token = invitation(desk)
    browser, _ = open_page(desk, mean.invite(), token)
    assert press(browser).status_code == 403
    assert "already registered" in browser.says()
    assert registrations(desk) == before
    with desk.services.begin() as uow:
        assert platforms.invited(uow, token, desk.clock.now())


def test_of_two_that_register_one_client_at_once_the_second_reads_a_sentence(desk, mean, monkeypatch):
    """The first is kept after the second has looked for it."""
    url = f"{HOST}/x"
    first = Registration("first", desk.there.id, HOST, "one-client", url, url, url)
    honest = platforms._known

    def meanwhile(uow, offered):
        found = honest(uow, offered)
        uow.platforms.put(first)  # in the same transaction, because SQLite lets one write at a time
        return found

    monkeypatch.setattr(platforms, "_known", meanwhile)
    mean.says = {"client_id": "one-client"}
    token = invitation(desk)
    browser, _ = open_page(desk, mean.invite(), token)
    assert press(browser).status_code == 403
    assert "already registered" in browser.says()
    with desk.services.begin() as uow:
        assert platforms.invited(uow, token, desk.clock.now())


def test_only_what_let_nobody_in_is_forgotten(desk, mean, shared):
    with desk.services.begin() as uow, pytest.raises(NotAllowed, match="stays known"):
        platforms.forget(uow, replace(shared, state=RegistrationState.DISABLED))
    mean.says = {"client_id": "never-used", "deployment_id": "d"}
    come_again(desk, mean)
    waiting = registrations(desk)["never-used"]
    with desk.services.begin() as uow, pytest.raises(NotAllowed):
        platforms.forget(uow, replace(waiting, state=RegistrationState.OPEN))
    with desk.services.begin() as uow:
        platforms.forget(uow, waiting)
        assert uow.records.notices(institution=desk.here.id) == []
        uow.commit()
    assert set(registrations(desk)) == {shared.client_id}
