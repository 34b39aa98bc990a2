"""Builds ``Services`` from ``Settings``: the only module that knows concrete classes.

    settings -> sealer -> storage -> lti and connections -> jobs (attached by whoever starts the process)

Nothing here decides anything; it only says which class stands behind which port.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from coplink import logs, registry
from coplink.core.errors import ConfigurationError, NotFound
from coplink.core.people import InstitutionId
from coplink.core.policy import Policy
from coplink.core.spaces import ConnectionId
from coplink.core.words import say
from coplink.core.work import Dirty
from coplink.engine.outcome import Reach
from coplink.engine.sweep import job_of
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.keys import KeysCache
from coplink.lti.notices import LtiNotices
from coplink.lti.our_keys import OurKeys
from coplink.lti.outside import Outside
from coplink.lti.rosters import LtiRosters
from coplink.mail.smtp import Server, SmtpMail
from coplink.pace import Pacer
from coplink.ports.clock import Clock
from coplink.ports.copies import NoticeOrders
from coplink.ports.door import Door, InboundRequest, Reply
from coplink.ports.errors import Misconfigured
from coplink.ports.integration import (
    Call,
    Connection,
    Consent,
    GivesBack,
    Integration,
    Manifest,
    Surroundings,
)
from coplink.ports.jobs import Job, Jobs, JobStats
from coplink.ports.mail import Mail
from coplink.ports.records import Connected
from coplink.ports.rosters import RosterSource
from coplink.ports.sealing import Sealer
from coplink.ports.spaces import Planned, SpaceWish
from coplink.ports.storage import Storage, UnitOfWork
from coplink.ports.watch import Heard
from coplink.settings import LOOPBACK_HOSTS, Settings
from coplink.storage.database import make_engine
from coplink.storage.sealing import FernetSealer
from coplink.storage.unit_of_work import SqlStorage

log = logs.get(__name__)


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)


class NoJobs:
    """Stands where no worker has been attached: nothing is enqueued, the sweep finds the work later."""

    def enqueue(self, job: Job) -> None:
        """Leave it to the sweep."""

    def hint(self, job: Job) -> None:
        """Leave it to the sweep."""

    def live(self, ids: object) -> frozenset[str]:
        """None are at work."""
        return frozenset()

    def cancel(self, job_id: str) -> None:
        """There is nothing to cancel."""

    def stats(self) -> JobStats:
        """An empty queue."""
        return JobStats(0, 0, 0)


@dataclass
class Services:
    """Everything a page, a job or a command needs, built once per process."""

    settings: Settings
    clock: Clock
    sealer: Sealer
    storage: Storage
    installed: registry.Found
    our_keys: OurKeys
    platform_keys: KeysCache
    egress: Egress
    rosters: RosterSource
    notices: NoticeOrders
    pacer: Pacer
    policy: Policy = field(default_factory=Policy)
    jobs: Jobs = field(default_factory=NoJobs)
    mail: Mail | None = None
    _open: dict[ConnectionId, tuple[str, Reach]] = field(default_factory=dict)
    _doors: dict[ConnectionId, tuple[str, Door | None]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self.clock.now()

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work."""
        return self.storage.begin()

    @property
    def integrations(self) -> Mapping[str, Integration]:
        """The integrations that work, by key."""
        return self.installed.integrations

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        """What each integration declares, by key."""
        return {key: integration.manifest for key, integration in self.integrations.items()}

    def open(self, uow: UnitOfWork, key: ConnectionId) -> Reach:
        """The open connection of that id; opened once per process and settings."""
        connected = uow.institutions.connection(key)
        if connected is None:
            raise NotFound(say("That connection is not known."))
        if connected.ended_at is not None and not connected.settings:
            self.close(key)
            said = say("This system is not connected any more. A connection admin can connect it again.")
            raise Misconfigured(said, "connection admin")
        return self.reach(connected)

    def close(self, key: ConnectionId) -> None:
        """Keep nothing of a connection open: neither its client nor its door."""
        with self._lock:
            self._open.pop(key, None)
            self._doors.pop(key, None)

    def reach(self, connected: Connected) -> Reach:
        """An open connection with its manifest and lag."""
        digest = _digest(connected)
        with self._lock:
            known = self._open.get(connected.id)
            if known is None or known[0] != digest:
                manifest = self.installed.get(connected.integration).manifest
                around = self._surroundings(connected.integration, connected.institution)
                connection = self.installed.get(connected.integration).connect(connected.settings, around)
                known = (digest, Reach(connection, manifest, self.lag_of(manifest)))
                self._open[connected.id] = known
            return known[1]

    def connection(self, integration: str, settings: Mapping[str, str]) -> Connection:
        """Open a connection of no institution yet, without remembering it; calls no platform."""
        return self.installed.get(integration).connect(settings, self._surroundings(integration, None))

    def look_over(self, integration: str, settings: Mapping[str, str]) -> str:
        """The realm of settings of the right form; calls no platform and loads no SDK."""
        return self.installed.get(integration).look_over(settings)

    def planned(self, connected: Connected, wish: SpaceWish) -> Planned:
        """What would be made at a connection; calls no platform and loads no SDK."""
        return self.installed.get(connected.integration).preview(connected.settings, wish)

    def heard(self, connected: Connected, request: InboundRequest, secret: str) -> Reply | Heard | None:
        """What a call at a hook of ours says; loads no SDK."""
        return self.installed.get(connected.integration).receive(connected.settings, request, secret)

    def door(self, connected: Connected) -> Door | None:
        """The way in of one connection, if its platform has one; made once per process, so that keys stay cached."""
        digest = _digest(connected)
        with self._lock:
            known = self._doors.get(connected.id)
            if known is None or known[0] != digest:
                integration = self.installed.get(connected.integration)
                around = self._surroundings(connected.integration, connected.institution)
                known = (digest, integration.door(connected.institution, connected.settings, around))
                self._doors[connected.id] = known
            return known[1]

    def consent(self, connected: Connected) -> Consent | None:
        """The round trip by which an admin lets coplink in, where this connection has one."""
        integration = self.installed.get(connected.integration)
        return integration.consent(
            connected.settings, self._surroundings(connected.integration, connected.institution)
        )

    def give_back(self, connected: Connected) -> None:
        """Tell a platform that a connection's credential is used no more, where it takes one back."""
        integration = self.installed.get(connected.integration)
        if isinstance(integration, GivesBack):
            around = self._surroundings(connected.integration, connected.institution)
            integration.give_back(connected.settings, around)

    def lag_of(self, manifest: Manifest) -> timedelta:
        """How late a write may become visible: as configured, else as the integration declares."""
        override = (self.settings.lag_seconds_override or {}).get(manifest.key)
        return manifest.limits.lag if override is None else timedelta(seconds=override)

    def _surroundings(self, integration: str, institution: InstitutionId | None) -> Surroundings:
        override = (self.settings.lag_seconds_override or {}).get(integration)
        return Surroundings(
            self.clock,
            _record,
            timeout=self.settings.http_timeout_seconds,
            lag=None if override is None else timedelta(seconds=override),
            pace=self.pacer.of(institution, integration),
        )

    def enqueue_marked(self, marked: Sequence[Dirty]) -> None:
        """Hint at what a commit has just marked; what is lost here the sweep finds."""
        for dirty in marked:
            self.jobs.enqueue(job_of(dirty))


def build(
    settings: Settings, clock: Clock | None = None, installed: registry.Found | None = None
) -> Services:
    """Build the services of one process; raises ``ConfigurationError`` when something is missing.

    ``installed`` are the integrations where they are not to be looked for.
    """
    pacer = Pacer(1 / settings.calling_processes, time.monotonic if clock is None else _seconds_of(clock))
    clock = clock or SystemClock()
    keys = [key.get_secret_value() for key in settings.master_keys]
    if not keys:
        raise ConfigurationError(say("COPLINK_MASTER_KEYS: there is no key to seal secrets with."))
    sealer = FernetSealer(keys)
    services: list[Services] = []

    def marked(dirty: Sequence[Dirty]) -> None:
        services[0].enqueue_marked(dirty)

    storage = SqlStorage(make_engine(settings.database_url), sealer, after_commit=marked)
    our_keys = OurKeys(storage)
    # Loopback is for who runs there: the demo and the tests.
    loopback = urlsplit(settings.base_url).hostname in LOOPBACK_HOSTS
    outside = Outside(loopback, frozenset(settings.private_hosts))
    connector = Connector(storage, our_keys, clock, Egress(outside=outside))
    services.append(
        Services(
            settings,
            clock,
            sealer,
            storage,
            registry.integrations() if installed is None else installed,
            our_keys,
            KeysCache(Egress(read=5.0, whole=10.0, outside=outside)),
            Egress(whole=10.0, outside=outside),
            LtiRosters(storage, connector),
            LtiNotices(storage, connector, Egress(outside=outside)),
            pacer,
            mail=_mail(settings, clock),
        )
    )
    return services[0]


def _mail(settings: Settings, clock: Clock) -> Mail | None:
    """The operator's mail server, where one is named."""
    if not settings.smtp_host:
        return None
    server = Server(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_from,
        settings.smtp_security,
        settings.smtp_user,
        settings.smtp_password.get_secret_value() if settings.smtp_password else "",
        settings.http_timeout_seconds,
        urlsplit(settings.base_url).hostname or "localhost",
    )
    return SmtpMail(server, clock.now)


def _seconds_of(clock: Clock) -> Callable[[], float]:
    """Seconds that pass as on the machine also where a clock stands still, and jump where it is moved."""
    return lambda: time.monotonic() + clock.now().timestamp()


def _record(call: Call) -> None:
    log.debug(
        "called",
        integration=call.integration,
        operation=call.operation,
        status=call.status,
        seconds=call.seconds,
    )


def _digest(connected: Connected) -> str:
    """Names a connection's settings without keeping them."""
    return hashlib.sha256(json.dumps(dict(connected.settings), sort_keys=True).encode()).hexdigest()
