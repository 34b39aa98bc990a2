"""Looking accounts up by address: a proposal, inside the own domain, never a guess."""

from __future__ import annotations

import pytest

from coplink.ports.errors import PermissionMissing


def test_an_address_of_the_domain_leads_to_one_account(campus, connection):
    luis = campus.wire.region.residents["luis.ortega"]
    found = connection.directory.find([luis.email, " Mei.Chen@Lakeside.Example "])
    assert found[luis.email].account == luis.google_id
    assert found[luis.email].address == luis.upn
    assert found[" Mei.Chen@Lakeside.Example "].account == campus.google_id("mei.chen")


@pytest.mark.parametrize(
    "address",
    [
        "ana.ruiz@riverbend.example",
        "robin@shared.example",
        "nobody@lakeside.example",
        "coplink@lakeside.example",
        "",
        "x",
    ],
)
def test_others_are_left_out(campus, connection, address):
    assert connection.directory.find([address]) == {}
    asked = [call for call in campus.wire.calls if "/users/" in call.path]
    assert len(asked) == (1 if address == "nobody@lakeside.example" else 0), (
        "foreign addresses are not told to Google"
    )


def test_one_unknown_address_does_not_spoil_the_others(connection):
    asked = ["nobody@lakeside.example", "mei.chen@lakeside.example"]
    assert list(connection.directory.find(asked)) == ["mei.chen@lakeside.example"]


def answer(address, **more):
    return {"id": "7", "primaryEmail": address, "suspended": False, **more}


@pytest.mark.parametrize(
    "body",
    [
        answer("mei.chen@lakeside.example", suspended=True),
        answer("mei.chen@lakeside.example", archived=True),
        answer("somebody.else@lakeside.example"),
        answer("mei@riverbend.example", aliases=["mei.chen@lakeside.example"]),
    ],
    ids=["suspended", "archived", "another account", "another domain"],
)
def test_an_account_that_is_not_exactly_the_one_asked_for_is_left_out(campus, connection, body):
    campus.weather("GET .*/users/", status=200, body=body)
    assert connection.directory.find(["mei.chen@lakeside.example"]) == {}


def test_an_alias_leads_to_its_account(campus, connection):
    campus.weather(
        "GET .*/users/",
        status=200,
        body=answer("m.chen@lakeside.example", aliases=["mei.chen@lakeside.example"]),
    )
    found = connection.directory.find(["mei.chen@lakeside.example"])
    assert found["mei.chen@lakeside.example"].address == "m.chen@lakeside.example"


def test_without_the_scope_the_admin_is_told_which(campus):
    campus.wire.signin.withdraw("lakeside", "groups", "admin.directory.user.readonly")
    with pytest.raises(PermissionMissing) as missing:
        campus.connect().directory.find(["mei.chen@lakeside.example"])
    assert missing.value.scopes == ("https://www.googleapis.com/auth/admin.directory.user.readonly",)
