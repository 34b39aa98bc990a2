"""What is coplink’s own in a check-up: address, worker, database, disk and master key, each in three words."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from coplink.core.errors import CoplinkError
from coplink.core.words import Said, say
from coplink.engine import preflight
from coplink.engine.attention import SUPPORT
from coplink.engine.outcome import Reach
from coplink.engine.preflight import House
from coplink.ports.errors import IntegrationError, Transient
from coplink.ports.integration import Capability, Check
from coplink.ports.records import Connected
from coplink.wiring import Services

LITTLE = 100 * 1024 * 1024
WORKS = say("Works.")
GROUND = frozenset({"Database", "Master key"})
"""The lines without which nothing can be read."""


def about_connections(services: Services) -> House:
    """What the house adds to the check-up of a connection: whether its platform can call us."""

    def house(connected: Connected, reach: Reach) -> Sequence[Check]:
        if Capability.WATCH not in reach.manifest.capabilities:
            return ()
        return (_calls(services, connected, reach),)

    return house


def lines(services: Services) -> tuple[Check, ...]:
    """The house's own check-up."""
    database = _database(services)
    if not database.ok:
        return (_settings(), database, _disk(services), address(services))
    return (
        _settings(),
        database,
        _master_key(services),
        _worker(services),
        _disk(services),
        address(services),
    )


def address(services: Services) -> Check:
    """Whether people and platforms reach coplink where it says it is: it calls itself from this machine.

    No answer proves little, since some networks let nobody in from within; a wrong answer proves much.
    """
    title, base = str(say("Address")), services.settings.base_url
    where = say("COPLINK_BASE_URL, the name’s record, and the reverse proxy.")
    if services.settings.loopback:
        return _cannot(
            title,
            say("{address} is an address of this machine alone.", address=base),
            say(
                "Only browsers and platforms on this machine reach it, which is meant for trying coplink out."
            ),
            where,
        )
    try:
        answer = services.egress.get(f"{base}/alive", 1024)
    except Transient as error:
        if "SSLError" in error.detail:
            said = say("The certificate of {address} cannot be trusted.", address=base)
            return Check(title, False, said, SUPPORT, where=where)
        return _cannot(
            title,
            say("{address} does not answer when it is called from this machine.", address=base),
            say("Open {address}/alive elsewhere: it must say “alive”.", address=base),
            where,
        )
    except IntegrationError:
        said = say("{address} leads to a place that cannot be called from the internet.", address=base)
        return Check(title, False, said, SUPPORT, where=where)
    if answer.status != 200 or answer.body.strip() != b"alive":
        said = say("Something else than coplink answers at {address}.", address=base)
        return Check(title, False, said, SUPPORT, where=where)
    return Check(title, True, say("{address} answers.", address=base))


def _calls(services: Services, connected: Connected, reach: Reach) -> Check:
    """Whether the platform's calls reach us: proved by a promise it made after calling us, else by our own address."""
    title = str(say("Calls when files change"))
    with services.begin() as uow:
        watched = [
            known[0]
            for space in uow.spaces.of_institution(connected.institution)
            if space.connection == connected.id and (known := uow.watches.of(space.id))
        ]
    if any(one.remote and one.ends > services.now() for one in watched):
        return Check(title, True, say("{title} has called coplink here.", title=reach.manifest.title))
    found = address(services)
    if found.ok:
        return Check(title, True, say("{title} can call coplink here.", title=reach.manifest.title))
    fallback = say("coplink looks for new files every minute.")
    if (minutes := round(services.settings.collect_minutes)) > 1:
        fallback = say("coplink looks for new files every {minutes} minutes.", minutes=minutes)
    return _cannot(title, found.message, fallback, found.where)


def _cannot(title: str, message: Said, fallback: Said, where: Said | None) -> Check:
    return Check(title, False, message, SUPPORT, where=where, fallback=fallback)


def _settings() -> Check:
    return Check(str(say("Settings")), True, WORKS)


def _database(services: Services) -> Check:
    title = str(say("Database"))
    try:
        with services.begin() as uow:
            uow.work.dirty(services.now(), 1)
    except Exception:  # away, or not let in: whatever a driver says
        said = say("The database does not answer.")
        return Check(title, False, said, SUPPORT, where=say("COPLINK_DATABASE_URL."))
    return Check(title, True, say("It answers, and is of this version."))


def _master_key(services: Services) -> Check:
    title = str(say("Master key"))
    try:
        with services.begin() as uow:
            uow.institutions.connections()
            uow.platforms.keys()
    except CoplinkError:
        said = say("The master key does not open what is sealed in the database.")
        return Check(
            title, False, said, SUPPORT, where=say("COPLINK_MASTER_KEYS, or master.key in data_dir.")
        )
    return Check(title, True, say("It opens what is sealed."))


def _worker(services: Services) -> Check:
    title, now = str(say("Worker")), services.now()
    where = say("The machine that runs “coplink run” or “coplink work”.")
    with services.begin() as uow:
        last, founded = preflight.last_at_work(uow), bool(uow.communities.all())
        silent = preflight.worker_silent(uow, now, timedelta(seconds=services.settings.sweep_seconds))
    if not silent:
        return Check(title, True, say("It is at work."))
    if last is None and not founded:
        fallback = say("What is asked for waits until one runs.")
        return _cannot(title, say("None has run yet."), fallback, where)
    said = (
        say("No worker has been seen since {moment} UTC.", moment=f"{last:%Y-%m-%d %H:%M}") if last else None
    )
    return Check(title, False, said or say("No worker has been seen."), SUPPORT, where=where)


def _disk(services: Services) -> Check:
    title, folder = str(say("Disk")), _folder(services)
    if folder is None:
        return Check(title, True, say("coplink keeps no files here."))
    free = shutil.disk_usage(folder).free
    if free < LITTLE:
        said = say("Only {megabytes} MB are free where coplink keeps its files.", megabytes=free // 2**20)
        return Check(title, False, said, SUPPORT, where=say("COPLINK_DATA_DIR."))
    return Check(title, True, say("{megabytes} MB are free.", megabytes=free // 2**20))


def _folder(services: Services) -> Path | None:
    settings = services.settings
    if settings.data_dir is not None:
        return Path(settings.data_dir)
    parts = urlsplit(settings.database_url)
    return Path(parts.path[1:]).parent if parts.scheme == "sqlite" else None
