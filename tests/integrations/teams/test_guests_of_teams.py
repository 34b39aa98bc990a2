"""Guests: invited by address and known by mail, once; a refusal is a sentence; never into a shared channel."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from tests.integrations.teams.crowd import own_team
from tests.integrations.teams.patience import forget_this_process, moved

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.errors import NotReadyYet, OutcomeUnknown, PermissionMissing, Throttled, UnexpectedReply
from coplink.ports.guests import guests_of
from coplink.ports.seats import Done
from coplink.sandbox.district import guid
from coplink.sandbox.weather import Rule
from coplink_teams import ADMIN
from coplink_teams.guests import NOT_TAKEN, OWN, POLICY, SHARED, TEAMS_PAGE, TWO

NEW, OTHER = "mia.berg@lakeside.example", "o'neil@lakeside.example"
BACK = "https://teams.example/team"


@pytest.fixture
def clock(rig):
    yield moved(rig, "team")
    forget_this_process()


@pytest.fixture
def guests(rig):
    return rig.connect(guests="yes").guests


def invitations(rig):
    return [call for call in rig.wire.calls if call.path.endswith("/invitations")]


def redeem(url):
    with httpx.Client(trust_env=False) as client:
        return client.get(url)


def test_the_port_is_there_only_where_it_is_switched_on(rig):
    assert guests_of(rig.connect()) is None
    assert guests_of(rig.connect(guests="no")) is None
    assert guests_of(rig.connect(guests="Yes ")) is not None


def test_somebody_is_invited_once_without_a_mail_and_comes_in_by_a_page(rig, guests):
    found = guests.invite([NEW, OTHER], BACK)
    assert {address: one.account for address, one in found.items()} == {
        NEW: guid("guest", NEW),
        OTHER: guid("guest", OTHER),
    }
    assert found[NEW].enter.startswith(rig.wire.base_url)
    assert [one["address"] for one in rig.wire.state()["guests"]] == [NEW, OTHER]
    assert [one["back"] for one in rig.wire.store.all("teams.guest")] == [BACK, BACK]
    again = guests.invite([NEW], "")
    assert again == {NEW: found[NEW]}, "the same account, and its page is still to be opened"
    answer = redeem(found[NEW].enter)
    assert (answer.status_code, answer.headers["location"]) == (302, BACK)
    assert guests.invite([NEW], BACK)[NEW].enter == ""
    assert len(rig.wire.state()["guests"]) == 2


def test_no_mail_goes_out_and_nothing_but_the_address_is_handed_over(rig, guests):
    bodies = []
    rig.wire.checks.append(
        lambda request, _: (
            bodies.append(request.get_json()) or () if request.path.endswith("/invitations") else ()
        )
    )
    guests.invite([NEW], "javascript:alert(1)")
    assert bodies == [
        {"invitedUserEmailAddress": NEW, "inviteRedirectUrl": TEAMS_PAGE, "sendInvitationMessage": False}
    ]


def test_a_guest_who_is_known_is_found_by_mail_and_never_by_sign_in_name(rig, guests):
    luis = "luis.ortega@lakeside.example"
    assert guests.invite([luis], BACK)[luis].account == guid("guest", luis)
    assert rig.wire.state()["guests"] == []
    # Somebody of the organisation who signs in by this name, and has another mail, is somebody else.
    named = {"id": "named", "displayName": "Mia", "mail": "m@riverbend.example", "userPrincipalName": NEW}
    everybody = rig.wire.people.everybody
    rig.wire.people.everybody = lambda: [*everybody(), named]
    assert guests.invite([NEW], BACK)[NEW].account == guid("guest", NEW)


def test_two_accounts_with_one_address_are_never_guessed_between(rig, guests):
    twins = [
        {"id": f"twin{n}", "displayName": "Mia", "mail": NEW.upper(), "userPrincipalName": f"mia{n}#EXT#@x"}
        for n in range(2)
    ]
    everybody = rig.wire.people.everybody
    rig.wire.people.everybody = lambda: [*everybody(), *twins]
    found = guests.invite([NEW, OTHER], BACK)
    assert (found[NEW].account, found[NEW].refused) == (None, TWO)
    assert found[OTHER].account
    assert len(invitations(rig)) == 1
    # One is listed, and Microsoft's own match is another.
    rig.wire.people.everybody = lambda: [*everybody(), twins[0]]
    shown = {"id": "1", "invitedUserEmailAddress": NEW, "inviteRedirectUrl": BACK, "status": "Completed"}
    body = {**shown, "invitedUser": {"id": "twin1"}}
    rig.wire.weather.add(Rule("/invitations", "answer", status=201, body=body))
    assert guests.invite([NEW], BACK)[NEW].refused == TWO


@pytest.mark.parametrize("listed", [True, False])
def test_somebody_of_the_organisation_itself_is_nobodys_guest(rig, guests, listed):
    ana = "ana.ruiz@riverbend.example"
    if not listed:
        rig.wire.weather.add(Rule(r"GET .*/users\?", "answer", status=200, body={"value": []}))
    assert guests.invite([ana], BACK)[ana].refused == OWN
    assert len(invitations(rig)) == (0 if listed else 1)


def test_a_policy_is_a_sentence_for_whoever_it_concerns(rig, guests):
    rig.wire.invitations.blocked.add("lakeside.example")
    found = guests.invite([NEW, "x@free.example", "a+b@free.example"], BACK)
    assert (found[NEW].account, found[NEW].refused) == (None, POLICY)
    assert found["x@free.example"].account
    assert found["a+b@free.example"].refused == NOT_TAKEN
    rig.wire.invitations.nobody = True
    assert guests.invite(["y@free.example"], BACK)["y@free.example"].refused == POLICY
    assert "External collaboration settings" in str(POLICY)


def test_a_permission_that_is_missing_is_named(rig, guests):
    have = [name for name in rig.wire.granted() if name != "User.Invite.All"]
    rig.wire.store.put("teams.consent", "riverbend", {"granted": have})
    with pytest.raises(PermissionMissing) as asked:
        guests.invite([NEW], BACK)
    assert asked.value.scopes == ("User.Invite.All",)
    assert asked.value.who == ADMIN


@pytest.mark.parametrize(
    ("act", "status", "kind"),
    [("lose", 0, OutcomeUnknown), ("answer", 503, OutcomeUnknown), ("apply", 429, Throttled)],
)
def test_what_was_perhaps_done_is_done_again_without_a_second_account(rig, guests, act, status, kind):
    busy = {"error": {"code": "TooManyRequests", "message": "Slow down"}}
    rig.wire.weather.add(Rule("^POST .*/invitations", act, times=3, status=status, body=busy))
    with pytest.raises(kind):
        guests.invite([NEW], BACK)
    rig.wire.weather.clear()
    assert guests.invite([NEW], BACK)[NEW].account == guid("guest", NEW)
    assert len(rig.wire.state()["guests"]) == 1


def test_what_is_known_of_some_is_told_and_the_others_are_asked_about_again(rig, guests):
    away = {"error": {"code": "ServiceUnavailable", "message": "Later"}}
    rig.wire.weather.add(Rule("^POST .*/invitations", "answer", status=503, body=away))
    found = guests.invite([NEW, OTHER], BACK)
    assert len(found) == 1
    assert set(guests.invite([NEW, OTHER], BACK)) == {NEW, OTHER}
    assert len(rig.wire.state()["guests"]) == 2


@pytest.mark.parametrize("body", [{}, {"invitedUser": {}}, {"invitedUser": {"id": ""}}])
def test_an_answer_in_a_form_nobody_knows_lets_nobody_in(rig, guests, body):
    rig.wire.weather.add(Rule("^POST .*/invitations", "answer", status=201, body=body))
    rig.wire.checks.clear()  # the contract does not know such an answer either
    with pytest.raises(UnexpectedReply):
        guests.invite([NEW], BACK)


def test_a_page_of_another_kind_is_not_shown_to_anybody(rig, guests):
    shown = {
        "id": "1",
        "invitedUserEmailAddress": NEW,
        "inviteRedirectUrl": BACK,
        "status": "PendingAcceptance",
    }
    body = {**shown, "inviteRedeemUrl": "javascript:alert(1)", "invitedUser": {"id": "g"}}
    rig.wire.weather.add(Rule("^POST .*/invitations", "answer", status=201, body=body))
    assert guests.invite([NEW], BACK)[NEW].enter == ""


def test_a_new_guest_gets_a_seat_in_a_team_once_teams_knows_them_and_never_owns_it(rig, clock, guests):
    team = own_team(rig)
    rig.wire.lag_seconds = 600
    account = guests.invite([NEW], BACK)[NEW].account
    seats = rig.connect(guests="yes").seats
    for _ in range(2):
        with suppress(NotReadyYet):
            assert seats.put(team, [Seat(account, Role.MEMBER)]).outcomes[account] is Done.REFUSED
        clock.pass_by(200)
    clock.pass_by(300)
    assert seats.put(team, [Seat(account, Role.MEMBER)]).outcomes[account] is Done.CHANGED
    assert [m["roles"] for m in rig.wire.members.sitting(team["team"]) if m["account"] == account] == [[]]
    assert seats.remove(team, [account]).outcomes[account] is Done.CHANGED
    assert rig.wire.state()["guests"][0]["id"] == account, "the account stays"


def test_which_places_take_guests(rig, guests):
    assert guests.takes({"team": "t", "channel": "standard/1"}) is None
    assert guests.takes({"channel": "shared/1"}) == SHARED
    assert guests.takes({"channel": "private/1"}) is None


def test_a_guest_comes_into_a_private_channel_once_an_owner_let_them_into_the_host_team(rig, wish, guests):
    host = rig.wire.district.host_team
    kept = rig.wire.store.get("teams.team", host)
    rig.wire.store.put("teams.team", host, {**kept, "class": True})
    connection = rig.connect(guests="yes")
    parts = {"channel": connection.spaces.ensure("channel", wish, {}, "key").remote}
    account = AccountId(str(guests.invite([NEW], BACK)[NEW].account))
    result = connection.seats.put(parts, [Seat(account, Role.MEMBER)])
    assert result.outcomes[account] is Done.REFUSED
    assert "owner of the host team" in str(result.reasons[account])
    rig.wire.members.seat(host, account, [], 0.0)
    assert connection.seats.put(parts, [Seat(account, Role.MEMBER)]).outcomes[account] is Done.CHANGED
