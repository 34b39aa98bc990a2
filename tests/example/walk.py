"""A walk with the Notice Board: connect it on the command line, found a community, let somebody join and leave.

Run with the interpreter that has coplink and this distribution: ``python walk.py FOLDER``. Prints, as JSON, what
``coplink`` said and what stands on the pretended vendor's boards afterwards.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from coplink import logs, registry
from coplink.cli.base import settings_from
from coplink.cli.setup import store
from coplink.core.arrival import Arrival, Context, ProvedAccount
from coplink.core.community import Community
from coplink.core.people import AccountId, InstitutionId, Person
from coplink.core.rhythm import Rhythm, Weekly
from coplink.core.work import Kind
from coplink.engine import connect, found, join
from coplink.engine.arrive import arrive
from coplink.engine.sweep import sweep
from coplink.jobs.inline import InlineJobs
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import serve
from coplink.storage.database import make_engine, upgrade
from coplink.wiring import Services, build
from coplink.worker.handlers import Worker

RHYTHM = Rhythm("America/Denver", time(16), 60, date(2030, 9, 4), date(2031, 5, 28), Weekly(2, (2,)))


class Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, to: datetime) -> None:
        self._now = max(self._now, to)


class Walk:
    """One server of coplink without its pages, and the boards that it rents."""

    def __init__(self, folder: Path) -> None:
        make = registry.sandboxes()["noticeboard"]
        self.clock = Clock()
        self.wire = make(region(), Store())
        self.served = serve(self.wire)
        self.data, self.told = folder / "data", dict[str, str]()

    def coplink(self, name: str, *words: str) -> None:
        """What a command says; it must end well."""
        command = [str(Path(sys.executable).with_name("coplink")), name, *words, *self._data(name)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        self.told[name] = done.stdout
        if done.returncode:
            raise SystemExit(f"coplink {name}: {done.stdout}{done.stderr}")

    def _data(self, name: str) -> tuple[str, ...]:
        return () if name == "integrations" else ("--data", str(self.data))

    def connect_by_command(self) -> None:
        """As an admin does it."""
        self.coplink("integrations")
        self.coplink("institution", "add", "Riverbend")
        given = [f"--set={name}={value}" for name, value in self.wire.settings("riverbend").items()]
        self.coplink("connect", "noticeboard", "--institution", "Riverbend", *given)
        self.coplink("doctor")

    def connect(self, services: Services) -> None:
        """The same without commands."""
        with services.begin() as uow:
            connect.add_institution(uow, "Riverbend")
            uow.commit()
        store(services, "noticeboard", "Riverbend", dict(self.wire.settings("riverbend")))

    def arrive(self, services: Services, institution: InstitutionId, key: str) -> Person:
        """Somebody comes by LTI; their account on the boards is known to be theirs."""
        resident = self.wire.region.residents[key]
        proved = ProvedAccount("noticeboard", AccountId(key), resident.email)
        arrival = Arrival(
            "lti",
            institution,
            "realm",
            resident.subject,
            resident.name,
            resident.email,
            context=Context("realm", "course-1", "Literacy"),
            leads_context=key == "ana.ruiz",
            accounts=(proved,),
        )
        with services.begin() as uow:
            welcome = arrive(uow, arrival, self.clock.now())
            uow.commit()
        return welcome.person

    def found(self, services: Services, founder: Person) -> Community:
        """The four answers."""
        origin = found.Origin(Context("realm", "course-1", "Literacy"), None, {})
        with services.begin() as uow:
            places = tuple(
                place.connection for place in found.places(uow, founder, origin, services.manifests)
            )
            answers = found.Answers(
                "form", "Literacy", "Reading in every subject", "Teachers", "", places, RHYTHM
            )
            community = found.found(uow, founder, origin, answers, services.manifests, self.clock.now())
            uow.commit()
        return community

    def work(self, services: Services, jobs: InlineJobs) -> None:
        """Until nothing is due within the next hour."""
        ends = self.clock.now() + timedelta(hours=1)
        while True:
            jobs.run_until_idle()
            with services.begin() as uow:
                due = [w.not_before for w in uow.work.all() if not w.done and w.not_before]
            if not [moment for moment in due if moment <= ends]:
                return
            self.clock.advance(min(due))
            sweep(services.begin, jobs, self.clock.now())

    def go(self, commands: bool = False) -> Mapping[str, Any]:
        """The walk; what came of it."""
        if commands:
            self.connect_by_command()
            logs.configure("WARNING")
        settings = settings_from(self.data, loopback=True)
        upgrade(make_engine(settings.database_url))
        services = build(settings, self.clock)
        jobs = InlineJobs(Worker(services).perform, self.clock, advance=self.clock.advance)
        services.jobs = jobs
        if not commands:
            self.connect(services)
        with services.begin() as uow:
            (riverbend,) = uow.institutions.all()
        ana, ben = (self.arrive(services, riverbend.id, key) for key in ("ana.ruiz", "ben.okafor"))
        community = self.found(services, ana)
        self.work(services, jobs)
        with services.begin() as uow:
            join.offer(uow, community.id, ben, found.Role.MEMBER, self.clock.now())
            join.accept(uow, services.sealer, community, ben, self.clock.now())
            uow.commit()
        self.work(services, jobs)
        seated = self.people()
        with services.begin() as uow:
            join.leave(uow, community, ben, self.clock.now())
            uow.commit()
        self.work(services, jobs)
        left = self.people()
        before = sum(call.write for call in self.wire.calls)
        with services.begin() as uow:
            (space,) = uow.spaces.of(community.id)
            for kind in (Kind.RECONCILE, Kind.PLACE_MEETINGS):
                uow.work.mark(kind, space.id, community.id)
            uow.commit()
        self.work(services, jobs)
        self.served.stop()
        return {
            "told": self.told,
            "state": space.state.value,
            "boards": [board["name"] for board in self.wire.state()["boards"]],
            "seated": seated,
            "left": left,
            "dates": len(self.wire.state()["dates"]),
            "written_again": sum(call.write for call in self.wire.calls) - before,
            "refusals": self.wire.refusals,
        }

    def people(self) -> dict[str, str]:
        """Who is on the boards."""
        return {person["id"]: person["part"] for person in self.wire.state()["persons"]}


if __name__ == "__main__":
    print(json.dumps(Walk(Path(sys.argv[1])).go(commands=True)))
