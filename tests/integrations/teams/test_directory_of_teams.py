"""Accounts looked up by address: proposals, never guesses."""

from __future__ import annotations

import urllib.parse


def test_exactly_one_account_is_proposed_and_guests_never(rig):
    residents = rig.wire.region.residents
    asked = [
        "ben.okafor@riverbend.example",
        " ANA.RUIZ@riverbend.example ",
        "liam.oconnor@riverbend.example",
        "luis.ortega@lakeside.example",  # a guest over there
        "robin@shared.example",
        "vera.paper@riverbend.example",  # has no account
        "o'neil@riverbend.example",
        "",
        "no address",
    ]
    found = rig.connect().directory.find(asked)
    assert {address: hit.account for address, hit in found.items()} == {
        "ben.okafor@riverbend.example": residents["ben.okafor"].entra_id,
        " ANA.RUIZ@riverbend.example ": residents["ana.ruiz"].entra_id,
        "liam.oconnor@riverbend.example": residents["liam.oconnor"].entra_id,
        "robin@shared.example": residents["robin.twofold.r"].entra_id,
    }
    assert found["robin@shared.example"].address == "robin@shared.example"


def test_two_hits_are_no_proposal(rig, monkeypatch):
    twin = {
        "id": "twin",
        "displayName": "Twin",
        "mail": "ben.okafor@riverbend.example",
        "userPrincipalName": "twin@x",
    }
    everybody = rig.wire.people.everybody()
    monkeypatch.setattr(rig.wire.people, "everybody", lambda: [*everybody, twin])
    assert rig.connect().directory.find(["ben.okafor@riverbend.example"]) == {}


def test_many_addresses_are_asked_in_small_filters(rig):
    addresses = [p.email for p in rig.wire.region.of("riverbend") if p.email]
    found = rig.connect().directory.find(addresses)
    assert len(found) == len(addresses) - 1  # Vera has no account
    filters = [urllib.parse.unquote(c.path) for c in rig.wire.calls if c.path.endswith("/users")]
    assert len(filters) == -(-len(addresses) // 7)
