"""What a thief of the database finds: no secret in the clear, and no hash of one where a sealed value would do."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from coplink.ports.records import Connected, KeyPair, Link, LinkKind, Login, Session
from coplink.ports.watch import Subscription
from coplink.storage.tables import Table

CANARIES = {
    "client-secret": "canary-client-secret",
    "refresh": "canary-refresh-token",
    "pem": "canary-private-pem",
    "state": "canary-login-state",
    "nonce": "canary-login-nonce",
    "verifier": "canary-pkce-verifier",
    "csrf": "canary-form-secret",
    "session": "canary-session-value",
    "link": "canary-link-token",
    "watch": "canary-watch-secret",
}


def dump(engine: Engine) -> bytes:
    """Everything that lies in the database: on SQLite the files themselves, on PostgreSQL every row as text."""
    if engine.dialect.name == "sqlite":
        assert engine.url.database is not None
        parts = []
        for suffix in ("", "-wal"):
            try:
                with open(engine.url.database + suffix, "rb") as file:
                    parts.append(file.read())
            except FileNotFoundError:
                continue
        return b"".join(parts)
    with engine.connect() as connection:
        return "\n".join(
            str(row)
            for table in Table.metadata.sorted_tables
            for row in connection.exec_driver_sql(f'SELECT t::text FROM "{table.name}" AS t')
        ).encode()


def test_no_secret_lies_in_the_clear(engine, keep, world):
    later = world.now + timedelta(hours=1)
    with keep() as uow:
        uow.institutions.put_connection(
            Connected(
                world.connected.id,
                world.north.id,
                "teams",
                {"client_secret": CANARIES["client-secret"], "refresh_token": CANARIES["refresh"]},
                "directory-1",
                world.now,
            )
        )
        uow.platforms.put_key(KeyPair("kid-1", CANARIES["pem"], world.now))
        uow.logins.begin(
            Login(
                CANARIES["state"],
                CANARIES["nonce"],
                "google",
                "c1",
                "browser-hash",
                {"verifier": CANARIES["verifier"]},
                later,
            ),
            world.now,
        )
        uow.sessions.put(
            Session(
                "hash-of-cookie",
                world.ada.id,
                world.north.id,
                CANARIES["csrf"],
                {"code": CANARIES["session"]},
                world.now,
                world.now,
                later,
            )
        )
        uow.links.put(
            Link("l1", LinkKind.ADMIN, CANARIES["link"], world.north.id, None, None, world.now, None)
        )
        uow.watches.put(world.space.id, Subscription("sub-1", later), CANARIES["watch"])
    found = dump(engine)
    assert b"North District" in found, "the dump must show what is stored in the clear, or it proves nothing"
    assert {name for name, canary in CANARIES.items() if canary.encode() in found} == set()
    with keep() as uow:
        login = uow.logins.consume(CANARIES["state"], world.now)
        assert login is not None
        assert (login.nonce, login.values) == (CANARIES["nonce"], {"verifier": CANARIES["verifier"]})
        session = uow.sessions.get("hash-of-cookie", world.now)
        assert session is not None
        assert (session.csrf, session.values) == (CANARIES["csrf"], {"code": CANARIES["session"]})
