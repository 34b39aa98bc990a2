"""People of other schools in a group: only where the admin said so, by address, each with a reason of their own."""

from __future__ import annotations

import pytest

from coplink.core.people import AccountId, Role
from coplink.core.spaces import Seat
from coplink.ports.errors import Misconfigured
from coplink.ports.guests import guests_of
from coplink.ports.seats import Done
from coplink_google.guests import FOLDER, NOT_TAKEN, OWN, POLICY, account_of

ANA = AccountId("ana.ruiz@riverbend.example")


@pytest.fixture
def open_house(campus):
    return campus.connect(guests="yes")


def external(campus):
    (group,) = campus.wire.directory.groups()
    return group["settings"]["allowExternalMembers"]


def guest(address=ANA):
    return Seat(account_of(address), Role.MEMBER, address=str(address))


def test_nobody_is_let_in_unless_the_admin_says_so(campus, connection, provision, wish):
    assert guests_of(connection) is None
    parts = provision(connection, wish(outsiders=True))
    assert external(campus) == "false", "whoever takes part elsewhere opens nothing here"
    result = connection.seats.put(parts, [guest()])
    assert result.outcomes == {ANA: Done.REFUSED}
    assert result.reasons[ANA] == POLICY
    assert external(campus) == "false", "nothing is widened on the way"
    with pytest.raises(Misconfigured, match="Guests"):
        campus.connect(guests="perhaps")


def test_whom_to_let_in_is_told_by_what_the_directory_says_of_them(campus, open_house, parts):
    campus.wire.calls.clear()
    port = guests_of(open_house)
    assert port.takes(parts) is None
    assert port.takes({"folder": "f", "drive": "d"}) == FOLDER
    own = port.invite(["mei.chen@lakeside.example"], "")["mei.chen@lakeside.example"]
    assert (own.account, own.refused) == (None, OWN)
    assert campus.wire.calls == []
    found = port.invite([ANA], "https://coplink.example/")
    assert (found[ANA].account, found[ANA].enter) == (ANA, "")


def test_an_account_in_another_domain_of_the_school_is_nobodys_guest(campus, open_house):
    address = "mei.chen@lakeside-schools.example"
    row = {"id": campus.google_id("mei.chen"), "primaryEmail": address}
    campus.weather(f"GET .*/users/{address}", status=200, body=row)
    assert guests_of(open_house).invite([address], "")[address].refused == OWN


def test_while_the_directory_is_silent_nobody_is_taken_for_a_guest(campus, open_house):
    campus.weather("GET .*/users/", status=503, body={}, times=99)
    campus.weather("POST /batch", status=503, body={}, times=99)
    assert guests_of(open_house).invite([ANA], "") == {}


def test_an_address_that_google_takes_for_none_is_left_to_the_seating(campus, open_house):
    campus.weather("GET .*/users/x", status=400, body={"error": {"errors": [{"reason": "invalid"}]}})
    assert guests_of(open_house).invite(["x@y.example"], "")["x@y.example"].account == "x@y.example"


def test_a_guest_is_seated_by_address_read_back_and_taken_out(campus, open_house, parts):
    assert external(campus) == "false"
    mei = campus.google_id("mei.chen")
    result = open_house.seats.put(parts, [guest(), Seat(mei, Role.MEMBER)])
    assert result.outcomes == {ANA: Done.CHANGED, mei: Done.CHANGED}
    assert external(campus) == "true", "opened for the first who comes, since the admin said so"
    assert open_house.seats.read(parts).seats == {ANA: Role.MEMBER, mei: Role.MEMBER}
    assert open_house.seats.look(parts, ANA) is Role.MEMBER
    assert open_house.seats.put(parts, [guest()]).outcomes == {ANA: Done.ALREADY_SO}
    assert open_house.seats.remove(parts, [ANA]).outcomes == {ANA: Done.CHANGED}
    assert open_house.seats.remove(parts, [ANA]).outcomes == {ANA: Done.ALREADY_SO}
    assert campus.wire.state()["mails"] == []


def test_a_group_without_guests_is_never_opened_nor_asked_about(campus, open_house, parts):
    campus.calls.clear()
    open_house.seats.put(parts, [Seat(campus.google_id("mei.chen"), Role.MEMBER)])
    assert not [call for call in campus.calls if call.operation.startswith("settings.")]
    assert external(campus) == "false"


@pytest.mark.parametrize("written", ["pat.doe@gmail.com", "P.a.t.Doe@GoogleMail.com", "patdoe@gmail.com"])
def test_one_gmail_account_is_one_guest_however_it_is_written(open_house, parts, written):
    key, address = AccountId("patdoe@gmail.com"), written.casefold()
    assert guests_of(open_house).invite([address], "")[address].account == key
    assert open_house.seats.put(parts, [guest(written)]).outcomes == {key: Done.CHANGED}
    assert set(open_house.seats.read(parts).seats) == {"patdoe@gmail.com"}
    assert open_house.seats.put(parts, [guest("pat.doe@gmail.com")]).outcomes == {key: Done.ALREADY_SO}


def test_what_google_refuses_is_one_persons_reason(campus, open_house, parts):
    campus.wire.directory.unknown_outside.add("nobody@elsewhere.example")
    campus.refuse("POST .*/members", 412, "conditionNotMet", skip=2)
    three = [guest(), guest("nobody@elsewhere.example"), guest("kim@elsewhere.example")]
    result = open_house.seats.put(parts, three)
    nobody, kim = AccountId("nobody@elsewhere.example"), AccountId("kim@elsewhere.example")
    assert result.outcomes == {ANA: Done.CHANGED, nobody: Done.REFUSED, kim: Done.REFUSED}
    assert result.reasons == {nobody: NOT_TAKEN, kim: POLICY}
    assert "elsewhere" not in str(POLICY) + str(NOT_TAKEN), "a reason names no address"


def test_whoever_was_put_in_by_hand_is_left_alone(campus, open_house, parts):
    (group,) = campus.wire.directory.groups()
    campus.wire.directory.seat(group, "77", "kim@elsewhere.example", "MANAGER")
    assert open_house.seats.read(parts).seats == {"kim@elsewhere.example": Role.FACILITATOR}
    before = campus.writes
    managing = campus.connect(guests="yes", file_managers="yes").seats
    assert managing.put(parts, []).outcomes == {}
    assert campus.writes == before


def test_a_guest_whose_answer_was_lost_is_looked_for_and_sits_once(campus, open_house, parts):
    campus.weather("POST .*/members", "lose")
    assert open_house.seats.put(parts, [guest()]).outcomes == {ANA: Done.UNKNOWN}
    assert open_house.seats.put(parts, [guest()]).outcomes == {ANA: Done.ALREADY_SO}
    assert set(open_house.seats.read(parts).seats) == {ANA}


def test_facilitators_who_manage_files_have_no_guests_among_them(campus, parts):
    managing = campus.connect(guests="yes", file_managers="yes").seats
    luis = campus.google_id("luis.ortega")
    assert managing.put(parts, [guest(), Seat(luis, Role.FACILITATOR)]).outcomes[ANA] is Done.CHANGED
    assert managing.remove(parts, [ANA, luis]).outcomes == {ANA: Done.CHANGED, luis: Done.CHANGED}
