"""A backup holds everything that lasts, restores into either kind of database, and removes nobody."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from coplink.core.errors import ConfigurationError
from coplink.core.people import Account, AccountId, Membership, Person, PersonId, Proof, Role, Standing
from coplink.core.plan import Change
from coplink.core.spaces import Observed
from coplink.core.words import say
from coplink.core.work import Kind
from coplink.ports.records import Happening, Login
from coplink.ports.seats import Done
from coplink.storage import backup, copying
from coplink.storage.database import downgrade, make_engine, newest, upgrade
from coplink.storage.sealing import FernetSealer
from coplink.storage.tables import SpaceRow
from coplink.storage.unit_of_work import SqlStorage
from coplink.testing.databases import postgres_server, sqlite_url

OTHER = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
LAG = timedelta(minutes=1)


@pytest.fixture(params=OTHER)
def elsewhere(request, tmp_path):
    """An empty database of each kind, to restore into."""
    if request.param == "sqlite":
        made = make_engine(sqlite_url(tmp_path, "elsewhere.sqlite"))
    else:
        made = make_engine(postgres_server().fresh())
    yield made
    made.dispose()


@pytest.fixture
def now(world):
    return world.now


def seat(uow, world, name, person, now, joined=True):
    """Somebody has an account over there and sits in the space, by coplink's hand."""
    uow.people.put_account(Account(world.north.id, "teams", AccountId(name), person.id, Proof.PROVED))
    standing = Standing.JOINED if joined else Standing.LEFT
    uow.communities.put_membership(
        Membership(world.community.id, person.id, world.north.id, Role.MEMBER, standing, now)
    )
    change = Change(AccountId(name), None, Role.MEMBER)
    uow.ledger.intend(world.space.id, [change], now)
    uow.ledger.record(world.space.id, change, Done.CHANGED, now)


def rows(engine):
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in copying.tables()
            if table.name not in ("work", "ledger", "ledger_looks")
        }


def test_what_lasts_comes_back_on_either_kind(engine, keep, world, sealer, now, tmp_path, elsewhere):
    with keep() as uow:
        uow.records.say(
            Happening(world.community.id, world.north.id, now, "", say("“{name}” met", name="Ålesund"))
        )
        uow.logins.begin(Login("state", "nonce", "lti", "r", "b", {}, now + LAG), now)
        uow.work.mark(Kind.RECONCILE, world.space.id, world.community.id)
        uow.commit()
    file = tmp_path / "copy.backup"
    card = backup.back_up(engine, sealer, file, now)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.glob("*copy.backup*")] == ["copy.backup"], (
        "nothing is left beside it"
    )
    assert (card.revision, card.rows["people"]) == (newest(), 3)
    assert "logins" not in card.rows
    backup.restore(file, elsewhere, sealer, now)
    assert rows(elsewhere) == rows(engine)
    storage = SqlStorage(elsewhere, sealer)
    with storage.begin() as uow:
        uow.records.say(Happening(world.community.id, world.north.id, now, "", say("Again")))
        uow.commit()
        assert len(uow.records.history(world.community.id)) == 2, "a new line gets a number of its own"
        [due] = [w for w in [uow.work.state(Kind.RECONCILE, world.space.id)] if w]
        assert due.generation > 1, "everything is looked at anew"


def test_nobody_is_removed_by_an_old_ledger(engine, keep, world, sealer, now, tmp_path, elsewhere):
    with keep() as uow:
        seat(uow, world, "a-ada", world.ada, now)
        seat(uow, world, "a-bo", world.bo, now, joined=False)  # on their way out when the backup was made
        uow.commit()
    with keep() as uow:
        both = Observed({AccountId("a-ada"): Role.MEMBER, AccountId("a-bo"): Role.MEMBER}, complete=True)
        uow.ledger.saw(world.space.id, both, now + LAG * 2, LAG)
        assert uow.ledger.remembered(world.space.id, now + LAG * 3, LAG).ours == set(both.seats)
        uow.commit()
    backup.back_up(engine, sealer, tmp_path / "b", now)
    backup.restore(tmp_path / "b", elsewhere, sealer, now)
    with SqlStorage(elsewhere, sealer).begin() as uow:
        kept = uow.ledger.remembered(world.space.id, now + LAG * 3, LAG)
        assert kept.ours == {AccountId("a-ada")}, (
            "whoever left may have come back since: their seat is not ours to take"
        )


def test_an_account_that_is_only_guessed_to_be_a_members_keeps_no_line_of_an_old_ledger(
    engine, keep, world, sealer, now, tmp_path
):
    with keep() as uow:
        seat(uow, world, "a-ada", world.ada, now)
        seat(uow, world, "a-bo", world.bo, now, joined=False)
        guess = Account(world.north.id, "teams", AccountId("a-bo"), world.ada.id, Proof.PROPOSED)
        uow.people.put_account(guess)
        uow.commit()
    with engine.begin() as target:
        backup.know_less(target, now)
    with keep() as uow:
        assert uow.ledger.seated(world.space.id) == {"a-ada"}


def test_a_restored_ledger_knows_nothing_of_who_joined_again_or_was_raised(
    engine, keep, world, sealer, now, tmp_path, elsewhere
):
    """Whoever joined again may have left since, and whoever was raised may have been raised by hand since."""
    ada, bo = AccountId("a-ada"), AccountId("a-bo")
    with keep() as uow:
        seat(uow, world, ada, world.ada, now)
        uow.ledger.rejoined(world.space.id, [ada], now)
        seat(uow, world, bo, world.bo, now)
        uow.ledger.forget(world.space.id, [bo])
        uow.ledger.record(world.space.id, Change(bo, Role.MEMBER, Role.FACILITATOR), Done.CHANGED, now)
        held = uow.ledger.remembered(world.space.id, now + LAG, LAG)
        assert (held.given, held.raised) == (frozenset(), {bo})
        uow.commit()
    backup.back_up(engine, sealer, tmp_path / "b", now)
    backup.restore(tmp_path / "b", elsewhere, sealer, now)
    with SqlStorage(elsewhere, sealer).begin() as uow:
        held = uow.ledger.remembered(world.space.id, now + LAG, LAG)
        assert (held.given, held.raised) == ({ada}, frozenset())


def test_after_a_restore_no_letter_goes_by_itself(engine, keep, world, sealer, now, tmp_path, elsewhere):
    """It may have gone out since the backup, and whoever got it may have said no."""
    people = {world.ada.id: world.north.id, world.bo.id: world.north.id}
    with keep() as uow:
        uow.mails.ask(world.community.id, people, now)
        assert uow.mails.begin(world.community.id, world.bo.id)
        uow.commit()
    backup.back_up(engine, sealer, tmp_path / "b", now)
    backup.restore(tmp_path / "b", elsewhere, sealer, now)
    with SqlStorage(elsewhere, sealer).begin() as uow:
        assert uow.mails.waiting(world.community.id, "", 9) == []
        assert uow.mails.written(world.community.id) == people.keys()


def test_a_backup_is_one_moment_while_others_write(engine, keep, world, sealer, now, tmp_path):
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with keep() as uow:  # a person and their membership, always together
                person = Person(PersonId(f"busy-{number}"), world.north.id, f"Busy {number}")
                uow.people.put(person)
                uow.communities.put_membership(
                    Membership(
                        world.community.id, person.id, world.north.id, Role.MEMBER, Standing.JOINED, now
                    )
                )
                uow.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        cards = [backup.back_up(engine, sealer, tmp_path / f"{n}", now) for n in range(3)]
    finally:
        stop.set()
        writer.join()
    for n, card in enumerate(cards):
        with closing(sqlite3.connect(tmp_path / f"{n}")) as file:
            people = file.execute("SELECT count(*) FROM people WHERE id LIKE 'busy-%'").fetchone()
            members = file.execute("SELECT count(*) FROM memberships WHERE person LIKE 'busy-%'").fetchone()
        assert people == members
        assert card.rows["people"] == people[0] + 3
    assert cards[-1].rows["people"] > cards[0].rows["people"], "nobody was held up"


def test_a_full_database_is_given_up_only_when_that_was_said(engine, world, sealer, now, tmp_path, elsewhere):
    backup.back_up(engine, sealer, tmp_path / "b", now)
    upgrade(elsewhere)
    with elsewhere.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO institutions (id, name, listed) VALUES ('x', 'Elsewhere', true)"
        )
    with pytest.raises(ConfigurationError, match="not empty"):
        backup.restore(tmp_path / "b", elsewhere, sealer, now)
    with elsewhere.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM institutions").scalars().all() == ["Elsewhere"]
    backup.restore(tmp_path / "b", elsewhere, sealer, now, replace=True)
    with elsewhere.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM institutions WHERE id = 'x'").scalar() == 0


def test_an_older_backup_is_brought_up_to_date(engine, world, sealer, now, tmp_path, elsewhere):
    backup.back_up(engine, sealer, tmp_path / "b", now)
    old = make_engine(f"sqlite:///{tmp_path / 'b'}")
    downgrade(old, "0001")
    old.dispose()
    with closing(sqlite3.connect(tmp_path / "b")) as file:
        there = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        card = backup._card(tmp_path / "b")
        kept = {table: number for table, number in card.rows.items() if table in there}
        changed = backup.Card(card.version, "0001", card.made_at, kept, card.probe)
        file.execute("UPDATE coplink_backup SET card = ?", (backup.json.dumps(backup.asdict(changed)),))
        file.commit()
    backup.restore(tmp_path / "b", elsewhere, sealer, now)
    with elsewhere.connect() as connection:
        assert connection.execute(select(SpaceRow.id)).scalars().all() == [world.space.id]
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == newest()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.write_bytes(b"not a database"), "not a backup"),
        (lambda file: file.write_bytes(file.read_bytes()[:20_000]), "damaged|not a backup|cannot be read"),
        (lambda file: file.unlink(), "not a backup"),
        (lambda file: _run(file, "DELETE FROM charters"), "damaged"),
        (lambda file: _run(file, "DROP TABLE coplink_backup"), "not a backup"),
        (lambda file: _run(file, "UPDATE coplink_backup SET card = '[1]'"), "not a backup"),
        (
            lambda file: _run(file, f"UPDATE coplink_backup SET card = replace(card, '{newest()}', '9')"),
            "newer",
        ),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_is_no_backup_is_refused_and_nothing_touched(engine, world, sealer, now, tmp_path, spoil, words):
    file = tmp_path / "b"
    backup.back_up(engine, sealer, file, now)
    spoil(file)
    before = rows(engine)
    with pytest.raises(ConfigurationError, match=words):
        backup.restore(file, engine, sealer, now, replace=True)
    assert rows(engine) == before


def _run(file, statement):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def test_another_key_opens_nothing(engine, world, sealer, now, tmp_path, elsewhere):
    backup.back_up(engine, sealer, tmp_path / "b", now)
    stranger = FernetSealer([Fernet.generate_key().decode()])
    with pytest.raises(ConfigurationError):
        backup.check(tmp_path / "b", stranger)
    with pytest.raises(ConfigurationError):
        backup.restore(tmp_path / "b", elsewhere, stranger, now)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_failed_backup_leaves_the_one_before(engine, world, sealer, now, tmp_path):
    file = tmp_path / "b"
    backup.back_up(engine, sealer, file, now)
    before = file.read_bytes()
    _run(tmp_path / "test.sqlite", "DROP TABLE versions")
    with pytest.raises(OperationalError):
        backup.back_up(engine, sealer, file, now)
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".b")] == []
    with pytest.raises(ConfigurationError, match="folder"):
        backup.back_up(engine, sealer, tmp_path / "nowhere" / "b", now)
