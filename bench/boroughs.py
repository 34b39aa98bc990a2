"""One community of so many members with places in three suites, and coplink's own two processes over it.

The suites stand in a process of their own (``suites.py``), the web server is ``coplink serve``, the worker ``coplink
work``; nothing is told to them but by HTTP and by the database. Everybody has proved their account at each suite. Who
belongs sits in every place already, by coplink's own hand, seen since; the others are invited. Lags and paces are those
that the connectors declare.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from served import Server, free_port
from sqlalchemy import insert
from suites import ACCOUNTS, address
from visits import TOOL

from coplink import registry
from coplink.core.community import Charter, Community, Stage
from coplink.core.people import (
    AccountId,
    CommunityId,
    Institution,
    InstitutionId,
    Membership,
    PersonId,
    Proof,
    Role,
    Standing,
)
from coplink.core.plan import Change
from coplink.core.spaces import ConnectionId, Observed, Space, SpaceId, SpaceKind, SpaceState
from coplink.core.work import Kind, WorkState
from coplink.jobs.client import DurableClient
from coplink.ports.errors import NotReadyYet
from coplink.ports.integration import Surroundings
from coplink.ports.records import Connected, ContextLink, Deployment, Report
from coplink.ports.seats import Done
from coplink.ports.spaces import SpaceWish
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.storage.tables import AccountRow, IdentityRow, MembershipRow, PersonRow
from coplink.testing.platform import LmsPlatform
from coplink.wiring import SystemClock, build

HERE = Path(__file__).parent
MASTER_KEY = "b" * 43 + "="
COMMUNITY, SCHOOL = CommunityId("11" * 16), InstitutionId("school")
KINDS = {"teams": SpaceKind.CHANNEL, "google": SpaceKind.DRIVE, "canvas": SpaceKind.GROUP}
ASKED: Mapping[str, Mapping[str, str]] = {"canvas": {"course": "101"}}
LEADERS = 2  # who facilitate from the beginning
PATIENCE = 300.0


class Town:
    """Everything that runs; ``members`` belong, so many more are ``invited``, and a ``crowd`` may come at once."""

    def __init__(self, folder: Path, stack: ExitStack, members: int, invited: int, crowd: int = 0) -> None:
        self.folder, self.members, self.invited = folder, members, invited
        self.everybody = members + invited + crowd
        self.platform = stack.enter_context(LmsPlatform())
        self._stack = stack
        self.suites = self._suites()
        data = folder / "data"
        self.port = free_port()
        self.environ = {
            "COPLINK_BASE_URL": TOOL,
            "COPLINK_LISTEN": f"127.0.0.1:{self.port}",
            "COPLINK_PROXY_HOPS": "1",
            "COPLINK_DATA_DIR": str(data),
            "COPLINK_MASTER_KEYS": MASTER_KEY,
        }
        self.settings = load(base_url=TOOL, data_dir=data, master_keys=MASTER_KEY, proxy_hops=1)
        self.engine = make_engine(self.settings.database_url)
        upgrade(self.engine)
        self.services = build(self.settings)
        jobs = DurableClient(self.settings.job_database_url, self.services.sealer)
        self.services.jobs = jobs
        stack.callback(jobs.close)
        self.spaces: dict[str, Space] = {}
        self._known()
        self._places()
        self._seated()
        self.worker: subprocess.Popen[bytes] | None = None

    # --- processes ------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Start the web server, and wait until it answers."""
        log = self.folder / "serve.log"
        self._stack.enter_context(Server(["-m", "coplink", "serve"], self.port, self.environ, log))

    def work(self) -> int:
        """Start the worker; its process id."""
        self.worker = self._started([sys.executable, str(HERE / "worker.py")], "work.log")
        return self.worker.pid

    def rest(self) -> None:
        """Stop the worker."""
        if self.worker is not None:
            _end(self.worker)

    def _suites(self) -> Mapping[str, Any]:
        started = self._started(
            [sys.executable, str(HERE / "suites.py"), str(self.everybody)], "suites.log", True
        )
        assert started.stdout is not None
        line = started.stdout.readline()
        if not line:
            raise RuntimeError("the suites did not start:\n" + self.log("suites"))
        told: Mapping[str, Any] = json.loads(line)
        return told

    def _started(self, command: list[str], log: str, speaks: bool = False) -> subprocess.Popen[bytes]:
        out = self._stack.enter_context((self.folder / log).open("wb"))
        started = subprocess.Popen(
            command,
            stdout=subprocess.PIPE if speaks else out,
            stderr=out,
            env={**os.environ, **(self.environ if not speaks else {})},
        )
        self._stack.callback(_end, started)
        return started

    def log(self, name: str) -> str:
        """The end of what a process said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    # --- what is there before anything is measured ------------------------------------------------------------------

    def _known(self) -> None:
        """The school, its platform, its three connections, the community, and everybody with their accounts."""
        now, uow_begin = self.services.now(), self.services.begin
        with uow_begin() as uow:
            uow.institutions.add(Institution(SCHOOL, "School"))
            uow.platforms.put(self.platform.registration("reg-1", SCHOOL))
            uow.platforms.put_deployment(Deployment("reg-1", self.platform.deployment_id, SCHOOL, now))
            for key, suite in self.suites.items():
                uow.institutions.put_connection(
                    Connected(ConnectionId(key), SCHOOL, key, suite["settings"], f"realm-{key}", now)
                )
            charter = Charter("Reading together", "Teachers", "Better readers")
            uow.communities.put(Community(COMMUNITY, SCHOOL, "Literacy", charter, Stage.RUNNING, now))
            uow.communities.put_context(
                ContextLink("ctx-1", SCHOOL, "reg-1", "course-1", "Literacy", COMMUNITY, {}, now)
            )
            uow.commit()
        numbers = range(self.everybody)
        own = {"institution": SCHOOL}
        with self.engine.begin() as rows:
            rows.execute(
                insert(PersonRow),
                [
                    {
                        **own, "id": f"p{n}", "name": f"Teacher {n}", "email": f"teacher{n}@school.example",
                        "home": "", "zone": "", "admin": False,
                    }
                    for n in numbers
                ],
            )  # fmt: skip
            rows.execute(
                insert(IdentityRow),
                [
                    {**own, "door": "lti", "realm": "reg-1", "subject": f"subject-{n}", "person": f"p{n}",
                     "proved_at": now}
                    for n in numbers
                ],
            )  # fmt: skip
            rows.execute(
                insert(AccountRow),
                [
                    {**own, "integration": key, "proof": Proof.PROVED.value, "person": f"p{n}",
                     "account": account(n), "address": address(n) if key == "google" else None}
                    for key, account in ACCOUNTS.items()
                    for n in numbers
                ],
            )  # fmt: skip

        self._belong(range(self.members), Standing.JOINED)
        self._belong(range(self.members, self.members + self.invited), Standing.INVITED)
        with self.services.begin() as uow:  # the daily round is not due
            uow.records.report(Report("full", COMMUNITY, COMMUNITY, now, {}))
            uow.commit()

    def _belong(self, numbers: range, standing: Standing) -> None:
        now = self.services.now()
        own = {"institution": SCHOOL, "community": COMMUNITY, "standing": standing.value, "changed_at": now}
        if numbers:
            with self.engine.begin() as rows:
                rows.execute(
                    insert(MembershipRow),
                    [{**own, "person": f"p{n}", "role": self.role(n).value} for n in numbers],
                )

    def crowd(self) -> None:
        """Everybody else belongs from now on, and has no seat yet."""
        self._belong(range(self.members + self.invited, self.everybody), Standing.JOINED)

    def change(self, roles: Mapping[int, Role | None]) -> None:
        """Let these belong in these roles, or not any more."""
        now = self.services.now()
        with self.services.begin() as uow:
            for number, role in roles.items():
                standing = Standing.JOINED if role else Standing.LEFT
                person = PersonId(f"p{number}")
                kept = Membership(COMMUNITY, person, SCHOOL, role or Role.MEMBER, standing, now)
                uow.communities.put_membership(kept)
            uow.commit()

    def role(self, number: int) -> Role:
        """Everybody's role at the beginning."""
        return Role.FACILITATOR if number < LEADERS else Role.MEMBER

    def _places(self) -> None:
        """A team, a shared drive with its group, and a group in the course, made by the connectors."""
        for key, suite in self.suites.items():
            integration = registry.integrations().get(key)
            connection = integration.connect(
                suite["settings"], Surroundings(SystemClock(), lambda call: None)
            )
            assert connection.spaces is not None
            asked = dict(ASKED.get(key, {}))
            wish = SpaceWish("Literacy", "Better readers", "coplink:" + "0" * 32, asked)
            parts: dict[str, str] = {}
            for step in connection.spaces.steps(wish):
                while step not in parts:
                    try:
                        parts[step] = connection.spaces.ensure(
                            step, wish, dict(parts), f"bench/{step}"
                        ).remote
                    except NotReadyYet as slow:
                        time.sleep(min(slow.retry_after or 1.0, 1.0))
            self.spaces[key] = Space(
                SpaceId(f"s-{key}"), COMMUNITY, SCHOOL, ConnectionId(key), key, KINDS[key], "Literacy",
                wish.marker, SpaceState.READY, parts, asked,
            )  # fmt: skip
            with self.services.begin() as uow:
                uow.spaces.put(self.spaces[key])
                uow.commit()

    def _seated(self) -> None:
        """Who belongs sits over there, and the ledger says that this was us, a day ago, and that it was seen."""
        ago = datetime.now(UTC) - timedelta(days=1)
        numbers = range(self.members)
        for key, space in self.spaces.items():
            told = {"parts": space.parts, "seats": [[n, self.role(n).leads] for n in numbers]}
            self._ask(key, "_bench/fill", told)
            accounts = {AccountId(str(ACCOUNTS[key](n))): self.role(n) for n in numbers}
            seats = [Change(account, None, role) for account, role in accounts.items()]
            roles = {
                account: Role.FACILITATOR if role.leads else Role.MEMBER for account, role in accounts.items()
            }
            with self.services.begin() as uow:
                uow.ledger.intend(space.id, seats, ago)
                uow.ledger.record_all(space.id, [(seat, Done.CHANGED) for seat in seats], ago)
                uow.ledger.saw(
                    space.id, Observed(roles, True), ago + timedelta(hours=1), timedelta(minutes=15)
                )
                uow.ledger.count(space.id)
                uow.commit()

    # --- what a measurement does -----------------------------------------------------------------------------------

    def look_at_all(self) -> None:
        """Ask for a run at every place, as the nightly round does."""
        with self.services.begin() as uow:
            for space in self.spaces.values():
                uow.work.mark(Kind.RECONCILE, space.id, COMMUNITY, urgent=False)
            uow.commit()

    def until_done(self, kind: Kind = Kind.RECONCILE) -> None:
        """Wait until every place has been brought up to date as far as is possible now."""
        ends = time.monotonic() + PATIENCE
        while waiting := [one for one in self.states(kind) if not _rests(one)]:
            if time.monotonic() > ends:
                raise RuntimeError(f"{waiting} did not come to an end:\n{self.log('work')}")
            time.sleep(0.05)

    def until_begun(self) -> None:
        """Wait until no run is asked for that has not begun: the next person finds the worker at rest."""
        while any(one.awaited for one in self.states(Kind.RECONCILE)):
            time.sleep(0.02)

    def states(self, kind: Kind) -> list[WorkState]:
        """How the work of this kind stands, place by place."""
        with self.services.begin() as uow:
            return [one for one in uow.work.of(COMMUNITY) if one.kind is kind]

    def clear(self) -> None:
        """Begin to count calls anew."""
        for key in self.suites:
            self._ask(key, "_sandbox/calls/clear", {})

    def calls(self, key: str) -> list[dict[str, Any]]:
        """Every call that one suite was sent since."""
        found: list[dict[str, Any]] = self._ask(key, "_sandbox/calls")["calls"]
        return found

    def sitting(self, key: str) -> Mapping[str, bool]:
        """Who sits in one suite's place, and whether they lead."""
        found: Mapping[str, bool] = self._ask(key, "_bench/sitting")
        return found

    def moment(self, key: str, number: int, sits: bool) -> float:
        """Wait until somebody sits in one suite's place (or does not); the moment it was seen there, in seconds."""
        return float(self._ask(key, f"_bench/await?number={number}&sits={int(sits)}")["at"])

    def _ask(self, key: str, path: str, body: Any = None) -> Any:
        verb = "GET" if body is None else "POST"
        answer = requests.request(verb, f"{self.suites[key]['url']}/{path}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def _rests(state: WorkState) -> bool:
    """Whether a run has begun since it was asked for, and has ended."""
    return state.done or (not state.awaited and state.not_before is not None)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
