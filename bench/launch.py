"""What a launch costs: a login and its launch through ``coplink serve``, as multiples of a bare Flask echo.

    python bench/launch.py [--json] [--pairs N] [--rounds N] [--only NAMES]

Both servers stand beside each other in one run, under the same gunicorn settings, and are sent the same requests; their
turns are in random order, and every figure is the median of its rounds' ratios. See ``bench/README.md``.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from goals import Goal, Table, tell
from served import Server, children, cpu_seconds, free_port
from visits import TOOL, Answer, Course, Visitor, in_flight, post

from coplink.core.community import Charter, Community, Stage
from coplink.core.people import (
    Account,
    AccountId,
    CommunityId,
    Identity,
    Institution,
    InstitutionId,
    Membership,
    Person,
    PersonId,
    Proof,
    Role,
    Standing,
)
from coplink.ports.records import ContextLink, Deployment
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import postgres_server
from coplink.testing.platform import LmsPlatform
from coplink.wiring import build

HERE = Path(__file__).parent
MASTER_KEY = "b" * 43 + "="
COMMUNITY = "11" * 16
TARGET = f"{TOOL}/c/{COMMUNITY}"
SQLITE_GOAL, POSTGRES_GOAL = 2.0, 2.5


@dataclass
class Case:
    """One way of taking part in the round."""

    name: str
    server: Server
    visitors: list[Visitor]
    good: Callable[[Answer], bool]
    first_visit: bool = False
    database: Callable[[], float] = lambda: 0.0
    costs: list[float] = field(default_factory=list)
    databases: list[float] = field(default_factory=list)
    echoes: list[float] = field(default_factory=list)
    fetches: int = 0
    pairs: int = 0

    @property
    def ratios(self) -> list[float]:
        """Server and database together, as multiples of the echo of the same round."""
        both = zip(self.costs, self.databases, self.echoes, strict=True)
        return [(server + database) / echo for server, database, echo in both]


class Bench:
    """The platform, the servers and the rounds."""

    def __init__(self, folder: Path, stack: ExitStack, pairs: int) -> None:
        self.folder, self.stack, self.pairs = folder, stack, pairs
        self.platform = stack.enter_context(LmsPlatform())
        self.course = Course(self.platform, TARGET)

    def coplink(self, name: str, database_url: str) -> Server:
        """``coplink serve`` over a database in which everybody is known and has joined."""
        data, port = self.folder / name, free_port()
        environ = {
            "COPLINK_BASE_URL": TOOL,
            "COPLINK_LISTEN": f"127.0.0.1:{port}",
            "COPLINK_PROXY_HOPS": "1",
            "COPLINK_DATA_DIR": str(data),
            "COPLINK_MASTER_KEYS": MASTER_KEY,
        }
        if database_url:
            environ["COPLINK_DATABASE_URL"] = database_url
        settings = load(
            base_url=TOOL,
            data_dir=data,
            master_keys=MASTER_KEY,
            **({"database_url": database_url} if database_url else {}),
        )
        upgrade(make_engine(settings.database_url))
        self._fill(settings)
        return self._serve(["-m", "coplink", "serve"], name, port, environ)

    def other(self, name: str, *more: str) -> Server:
        """The echo or the library, under the same gunicorn settings."""
        data, port = self.folder / name, free_port()
        command = [str(HERE / "others.py"), *more, "--port", str(port), "--folder", str(data)]
        return self._serve(command, name, port, {"COPLINK_MASTER_KEYS": MASTER_KEY})

    def known_platform(self) -> Path:
        """The platform as the library is told of it."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        pem = self.platform.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        known = {
            "iss": self.platform.issuer,
            "client_id": self.platform.client_id,
            "deployment_id": self.platform.deployment_id,
            "auth_login_url": f"{self.platform.issuer}/authorize",
            "auth_token_url": f"{self.platform.issuer}/token",
            "key_set_url": f"{self.platform.url}/jwks",
            "private_pem": pem.decode(),
        }
        path = self.folder / "platform.json"
        path.write_text(json.dumps(known))
        return path

    def _serve(self, command: list[str], name: str, port: int, environ: dict[str, str]) -> Server:
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(Server(command, port, environ, log))

    def _fill(self, settings: Any) -> None:
        now, school = datetime.now(UTC), InstitutionId("school")
        registration = self.platform.registration("reg-1", school)
        community = CommunityId(COMMUNITY)
        with build(settings).begin() as uow:
            uow.institutions.add(Institution(school, "School"))
            uow.platforms.put(registration)
            uow.platforms.put_deployment(Deployment("reg-1", self.platform.deployment_id, school, now))
            charter = Charter("Reading together", "Teachers", "Better readers")
            uow.communities.put(Community(community, school, "Literacy", charter, Stage.RUNNING, now))
            roster = {
                "url": f"{self.platform.issuer}/members",
                "context": "course-1",
                "rlid": "course-1",
                "institution": "school",
            }
            uow.communities.put_context(
                ContextLink("ctx-1", school, "reg-1", "course-1", "Literacy", community, roster, now)
            )
            for n in range(self.pairs):
                person = Person(
                    PersonId(f"person-{n}"), school, f"Teacher {n}", f"teacher{n}@school.example", zone=None
                )
                uow.people.put(person)
                uow.people.put_identity(Identity(school, "lti", "reg-1", f"subject-{n}", person.id, now))
                uow.people.put_account(
                    Account(school, "canvas", AccountId(str(1000 + n)), person.id, Proof.PROVED)
                )
                uow.communities.put_membership(
                    Membership(community, person.id, school, Role.MEMBER, Standing.JOINED, now)
                )
            uow.commit()

    def turn(self, case: Case) -> None:
        """Every visitor of a case logs in and launches once; what that cost is kept with it."""
        jars = [{} if case.first_visit else visitor.jar for visitor in case.visitors]
        port, before = case.server.port, self.platform.fetches

        def login(n: int) -> Answer:
            form = self.course.login_form(case.visitors[n])
            answer = post(port, "/lti/login", form, jars[n])
            if answer.status == 307:  # a frame of a new browser: the cookie is tried by going around once
                jars[n] |= answer.cookies
                answer = post(port, answer.location, form, jars[n])
            return answer

        def launch(sent: tuple[int, dict[str, str]]) -> Answer:
            return post(port, "/lti/launch", sent[1], jars[sent[0]])

        everybody = range(len(case.visitors))
        server, database = case.server.cpu(), case.database()
        logins = in_flight(login, everybody)
        server, database = case.server.cpu() - server, case.database() - database
        forms = []
        for n, answer in enumerate(logins):
            jars[n] |= answer.cookies
            asked = (
                answer.location
                or f"https://x/?state={secrets.token_urlsafe(36)}&nonce={secrets.token_urlsafe(32)}"
            )
            forms.append((n, self.course.launch_form(case.visitors[n], asked)))
        server_again, database_again = case.server.cpu(), case.database()
        launches = in_flight(launch, forms)
        server += case.server.cpu() - server_again
        database += case.database() - database_again
        for n, answer in enumerate(launches):
            jars[n] |= answer.cookies
            if not case.good(answer):
                raise RuntimeError(
                    f"{case.name}: launch ended with {answer.status} {answer.location!r} {answer.body[-1500:]}"
                )
        case.costs.append(server / len(jars) * 1000)
        case.databases.append(database / len(jars) * 1000)
        case.fetches += self.platform.fetches - before
        case.pairs += len(jars)


def in_page(answer: Answer) -> bool:
    """coplink's good end: on to the community's own page, with a fresh session."""
    return (
        answer.status == 303 and answer.location == f"/c/{COMMUNITY}" and "__Host-coplink" in answer.cookies
    )


def database_cpu(url: str) -> Callable[[], float]:
    """The CPU seconds of the PostgreSQL behind an address: the postmaster and all below it."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT pg_backend_pid()").fetchone()
        fields = Path(f"/proc/{found[0]}/stat").read_text().rpartition(")")[2].split()
    postmaster = int(fields[1])
    if not children(postmaster):
        raise RuntimeError("the database's own process was not found")
    return lambda: cpu_seconds(postmaster)


def cases(bench: Bench) -> list[Case]:
    """Everybody who takes part."""
    everybody = lambda: [Visitor(n) for n in range(bench.pairs)]  # noqa: E731
    plain = bench.other("echo", "echo")
    sqlite = bench.coplink("sqlite", "")
    url = postgres_server().fresh()
    postgres, burnt = bench.coplink("postgres", url), database_cpu(url)
    known = ["--platform", str(bench.known_platform())]
    kept = bench.other("library-cached", "library", "--cache-keys", *known)
    fetched = bench.other("library-fetched", "library", *known)
    redirected = lambda answer: answer.status == 303 and answer.location.startswith("/page?launch=")  # noqa: E731
    return [
        Case("echo", plain, everybody(), lambda answer: answer.status == 200),
        Case("coplink, SQLite", sqlite, everybody(), in_page),
        Case("coplink, SQLite, first visit", sqlite, everybody(), in_page, first_visit=True),
        Case("coplink, PostgreSQL", postgres, everybody(), in_page, database=burnt),
        Case("pylti1p3next, file cache, keys cached", kept, everybody(), redirected),
        Case("pylti1p3next, file cache, keys fetched", fetched, everybody(), redirected),
    ]


def run(pairs: int, rounds: int, only: str | None) -> list[Case]:
    """All rounds; one before them warms caches and gives returning browsers their cookies."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bench = Bench(Path(folder), stack, pairs)
        taking_part = cases(bench)
        if only:
            taking_part = [c for c in taking_part if c.name == "echo" or c.name in only.split(";")]
        for case in taking_part:
            bench.turn(case)
            case.costs.clear()
            case.databases.clear()
            case.fetches = case.pairs = 0
        for _ in range(rounds):
            for case in random.sample(taking_part, len(taking_part)):
                bench.turn(case)
            for case in taking_part:
                case.echoes.append(taking_part[0].costs[-1])
            print(".", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
    return taking_part


def main() -> int:
    """Measure, print, and say by the exit code whether the goals are met."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    asked.add_argument("--pairs", type=int, default=200, help="logins with their launches in a turn")
    asked.add_argument("--rounds", type=int, default=11)
    asked.add_argument("--only", help="names of cases, separated by semicolons; no goals are judged")
    given = asked.parse_args()
    done = run(given.pairs, given.rounds, given.only)
    median = {case.name: round(statistics.median(case.ratios), 2) for case in done}
    rows = [
        [
            case.name,
            f"{statistics.median(case.costs):.2f}",
            f"{statistics.median(case.databases):.2f}" if any(case.databases) else "",
            f"{median[case.name]:.2f}",
            f"{min(case.ratios):.2f}–{max(case.ratios):.2f}",
            f"{case.fetches / case.pairs:g}",
        ]
        for case in done
    ]
    table = Table(
        f"A login and its launch: {given.rounds} rounds of {given.pairs} pairs, 8 in flight",
        ["server", "CPU ms", "database ms", "× echo", "min–max", "key fetches"],
        rows,
        "CPU of the server's processes per pair; × echo counts the database's CPU in.",
    )
    goals = []
    if not given.only:
        ours = [case for case in done if case.name.startswith("coplink")]
        fetches = sum(case.fetches for case in ours) / sum(case.pairs for case in ours)
        goals = [
            Goal("login and launch ÷ echo, SQLite", median["coplink, SQLite"], SQLITE_GOAL),
            Goal("login and launch ÷ echo, PostgreSQL", median["coplink, PostgreSQL"], POSTGRES_GOAL),
            Goal("key set fetches per launch", fetches, 0),
        ]
    figures = {
        case.name: {
            "cpu_ms": case.costs,
            "database_ms": case.databases,
            "ratio": median[case.name],
            "fetches": case.fetches / case.pairs,
        }
        for case in done
    }
    return tell([table], goals, figures, given.json)


if __name__ == "__main__":
    sys.exit(main())
