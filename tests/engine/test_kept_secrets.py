"""A secret that is kept goes to the host it was entered for, and to no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coplink.core.errors import DomainError
from coplink.engine import connect
from coplink.ports.integration import Field

HOST = "https://board.example/v1"


@pytest.fixture
def change(school):
    """Store settings of an integration with an address, a key it needs and one it can do without; what is kept then."""
    known = school.services.manifests["pinboard"]
    manifest = replace(
        known,
        key="posts",
        fields=(
            Field("board_url", "Address", default=HOST),
            Field("issuer", "Issuer", default=HOST),
            Field("key", "Key", secret=True),
            Field("spare", "Spare key", secret=True, default=""),
        ),
    )

    def change(**typed: str):
        with school.services.begin() as uow:
            now = school.clock.now()
            connected = connect.connect(
                uow, school.here.id, manifest, typed, lambda _: "posts", now, loopback=True
            )
            uow.commit()
        return connected.settings

    return change


@pytest.mark.parametrize(
    "there",
    [
        "https://other.example/v1",
        "https://board.example:8443/v1",
        "https://board.example.other.example/v1",
        "http://localhost:9/v1",
    ],
)
def test_another_host_gets_no_kept_secret(change, there):
    change(key="one")
    with pytest.raises(DomainError, match="leads to another server") as refused:
        change(board_url=there)
    assert "Enter “Key” again." in str(refused.value.message)
    assert "one" not in (refused.value.message.values or {}).values()
    assert change() == {"board_url": HOST, "issuer": HOST, "key": "one", "spare": ""}, "nothing was changed"
    assert change(board_url=there, key="two")["key"] == "two"


@pytest.mark.parametrize("there", ["https://board.example/v2", "https://BOARD.example:443/v1", ""])
def test_the_same_host_keeps_what_it_has(change, there):
    change(key="one", spare="other")
    kept = change(board_url=there)
    assert kept == {"board_url": there or HOST, "issuer": HOST, "key": "one", "spare": "other"}


def test_who_issues_sign_ins_is_an_address_too(change):
    change(key="one")
    with pytest.raises(DomainError, match="“Issuer” leads to another server"):
        change(issuer="https://other.example")
    with pytest.raises(DomainError):
        change(issuer="nonsense", key="two")
    assert change(issuer="https://other.example", key="two")["issuer"] == "https://other.example"


def test_a_secret_that_need_not_be_there_is_given_up_once_the_others_are_entered(change):
    change(key="one", spare="other")
    with pytest.raises(DomainError, match="leads to another server"):
        change(board_url="https://other.example", spare="new")
    assert change(board_url="https://other.example", key="two")["spare"] == ""
