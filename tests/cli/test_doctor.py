"""The doctor: the house and each connection in three words, asked now; and what its exit code tells a script."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from coplink.cli import cli
from coplink.cli.doctor import FINE, NEEDED, SILENT, exit_code
from coplink.core.words import say
from coplink.engine import connect, preflight
from coplink.lti.egress import Egress
from coplink.lti.outside import Outside
from coplink.ports.integration import Check, Verdict
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Served
from coplink.settings import load
from coplink.testing.network import Network
from coplink.wiring import Services, build
from coplink.worker import house
from coplink_canvas.sandbox import CanvasSandbox, make

BASE = "https://coplink.school.example"


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def canvas() -> Iterator[CanvasSandbox]:
    sandbox = make(region(), Store())
    served = Served(sandbox)
    sandbox.base_url = served.url
    yield sandbox
    served.stop()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a school in it, to copy."""
    folder = tmp_path_factory.mktemp("prepared")
    assert run(folder, "institution", "add", "Riverbend").exit_code == 0
    return folder


@pytest.fixture
def school(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "data"))


def run(folder: Path, *words: str, **settings: str) -> Result:
    environment = {"COPLINK_BASE_URL": "http://127.0.0.1:8080", "COPLINK_LOOPBACK": "true", **settings}
    return CliRunner(env=environment).invoke(cli, [*words, "--data", str(folder)])


def services(folder: Path, **changes: Any) -> Services:
    given = {"base_url": "http://127.0.0.1:8080", "loopback": True, "data_dir": folder, **changes}
    return build(load(env_file=None, **given))


def connected(folder: Path, canvas: CanvasSandbox, name: str = "Riverbend", **settings: str) -> None:
    built = services(folder)
    with built.begin() as uow:
        institution = connect.add_institution(uow, name)
        given = {**canvas.settings("riverbend"), **settings}
        look_over = lambda values: built.look_over("canvas", values)  # noqa: E731
        now, manifest = built.now(), built.manifests["canvas"]
        connect.connect(uow, institution.id, manifest, given, look_over, now, loopback=True)
        uow.commit()


def line(folder: Path, title: str, **changes: Any) -> Check:
    return next(check for check in house.lines(services(folder, **changes)) if check.title == title)


# --- the command ------------------------------------------------------------------------------------------------------


def test_a_fresh_house_needs_nobody(school: Path) -> None:
    done = run(school, "doctor")
    assert done.exit_code == FINE, done.output
    for title in ("Settings", "Database", "Master key", "Disk"):
        assert f"  works      {title}: " in done.output
    assert "  cannot     Worker: None has run yet." in done.output
    assert "Instead: What is asked for waits until one runs." in done.output
    assert "Nothing is connected yet" in done.output
    assert "Nobody needs to do anything." in done.output


def test_connections_are_told_by_institution_and_one_does_not_hide_another(
    school: Path, canvas: CanvasSandbox
) -> None:
    connected(school, canvas)
    connected(school, canvas, "Hillside", token="wrong")
    connected(school, canvas, "Lakeside", base_url="http://127.0.0.1:9")
    done = run(school, "doctor")
    assert done.exit_code == NEEDED
    told = done.output.splitlines()
    hillside, lakeside, riverbend = (told.index(name) for name in ("Hillside", "Lakeside", "Riverbend"))
    assert hillside < lakeside < riverbend
    assert told[hillside + 1 : hillside + 4] == [
        "  Canvas",
        "    needs you  Sign in: Canvas no longer accepts the access token of the connection; enter a new one.",
        "               Who can change it: Canvas administrator.",
    ]
    assert "Where: In Canvas, as the service account" in told[hillside + 4]
    assert told[lakeside + 2].startswith("    no answer  Sign in:")
    assert told[riverbend + 2] == "    works      Sign in: Works."
    assert "    cannot     People of other schools" in "\n".join(told[riverbend:])
    assert told[-1] == "1 need somebody. 1 got no answer: ask again later."
    with services(school).begin() as uow:
        assert [uow.checks.of(one.id) for one in uow.institutions.connections()] == [None] * 3, (
            "it changes nothing"
        )


def test_somebody_who_gives_no_answer_is_an_exit_code_of_its_own(school: Path, canvas: CanvasSandbox) -> None:
    connected(school, canvas, base_url="http://127.0.0.1:9")
    done = run(school, "doctor")
    assert done.exit_code == SILENT
    assert done.output.splitlines()[-1] == "1 got no answer: ask again later."


def test_as_json_it_tells_the_same(school: Path, canvas: CanvasSandbox) -> None:
    connected(school, canvas, token="wrong")
    done = run(school, "doctor", "--json")
    told = json.loads(done.output)
    assert told["exit"] == done.exit_code == NEEDED
    assert [one["title"] for one in told["coplink"]][:3] == ["Settings", "Database", "Master key"]
    (school_told,) = told["institutions"]
    assert school_told["name"] == "Riverbend"
    (one,) = school_told["connections"]
    assert (one["integration"], one["title"]) == ("canvas", "Canvas")
    (sign_in,) = one["lines"]
    assert sign_in["word"] == "needs you"
    assert sign_in["who"] == "Canvas administrator"
    assert "Approved Integrations" in sign_in["where"]
    assert sign_in["instead"] is None
    assert "wrong" not in done.output, "no secret"


def test_a_wrong_setting_is_a_line_and_not_a_traceback(school: Path) -> None:
    done = run(school, "doctor", COPLINK_WORKER_CONCURRENCY="many", COPLINK_BASE_URL="x")
    assert done.exit_code == NEEDED
    assert "  needs you  Settings: COPLINK_" in done.output
    told = json.loads(run(school, "doctor", "--json", COPLINK_LOG_LEVEL="LOUD").output)
    assert told["exit"] == NEEDED
    assert told["coplink"][0]["who"] == "coplink’s administrator"
    assert told["institutions"] == []


def test_a_database_that_cannot_be_opened_is_a_line(school: Path) -> None:
    done = run(school, "doctor", COPLINK_DATABASE_URL=f"sqlite:///{school}/coplink.sqlite/inside.sqlite")
    assert done.exit_code == NEEDED
    assert "  needs you  Database: The database does not answer (" in done.output
    assert "COPLINK_DATABASE_URL" in done.output


def test_another_master_key_opens_nothing_and_no_connection_is_asked(
    school: Path, canvas: CanvasSandbox
) -> None:
    connected(school, canvas)
    before = len(canvas.calls)
    done = run(school, "doctor", COPLINK_MASTER_KEYS=Fernet.generate_key().decode())
    assert done.exit_code == NEEDED
    assert "  needs you  Master key: The master key does not open" in done.output
    assert "COPLINK_MASTER_KEYS" in done.output
    assert "Riverbend" not in done.output
    assert len(canvas.calls) == before


def test_our_own_mistake_in_one_check_up_hides_no_other(
    school: Path, canvas: CanvasSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coplink_canvas.connection import CanvasConnection

    connected(school, canvas)
    monkeypatch.setattr(CanvasConnection, "check", lambda self: 1 / 0)
    done = run(school, "doctor")
    assert done.exit_code == NEEDED
    assert "Something went wrong inside coplink (ZeroDivisionError)." in done.output


def test_the_code_counts_a_person_before_a_silence_and_a_fallback_for_nothing() -> None:
    works, cannot = Check("a", True, say("x")), Check("b", False, say("x"), fallback=say("y"))
    silent, needs = Check("c", False, say("x"), asked=False), Check("d", False, say("x"))
    assert exit_code([works, cannot]) == FINE
    assert exit_code([works, silent, cannot]) == SILENT
    assert exit_code([silent, needs]) == NEEDED
    assert cannot.verdict is Verdict.CANNOT


# --- the house --------------------------------------------------------------------------------------------------------


def test_a_worker_that_was_seen_and_went_silent_is_missed(school: Path) -> None:
    built = services(school)
    preflight.at_work(built.begin, datetime.now(UTC))
    assert line(school, "Worker").verdict is Verdict.WORKS
    preflight.at_work(built.begin, datetime.now(UTC) + timedelta(hours=1))
    with built.begin() as uow:
        now = datetime.now(UTC) + timedelta(hours=2)
        assert preflight.worker_silent(uow, now, timedelta(minutes=1))


def test_a_worker_that_was_last_seen_long_ago_needs_somebody(school: Path) -> None:
    preflight.at_work(services(school).begin, datetime.now(UTC) - timedelta(minutes=10))
    found = line(school, "Worker")
    assert found.verdict is Verdict.NEEDS_YOU
    assert "No worker has been seen since" in str(found.message)
    assert found.who == "coplink’s administrator"
    assert "coplink work" in str(found.where)
    assert run(school, "doctor").exit_code == NEEDED


def test_a_full_disk_is_told_before_it_is_full(school: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(school)
    monkeypatch.setattr(house.shutil, "disk_usage", lambda folder: usage._replace(free=99 * 2**20))
    found = line(school, "Disk")
    assert found.verdict is Verdict.NEEDS_YOU
    assert "99 MB" in str(found.message)
    assert "COPLINK_DATA_DIR" in str(found.where)


def answering(body: bytes, status: str = "200 OK") -> Any:
    def app(environ: Any, start: Any) -> list[bytes]:
        start(status, [("Content-Type", "text/plain")])
        return [body] if environ["PATH_INFO"] == "/alive" else [b""]

    return app


@pytest.mark.parametrize(
    ("case", "verdict", "message"),
    [
        ("alive", Verdict.WORKS, "answers"),
        ("another server", Verdict.NEEDS_YOU, "Something else than coplink"),
        ("bad gateway", Verdict.NEEDS_YOU, "Something else than coplink"),
        ("private", Verdict.NEEDS_YOU, "cannot be called from the internet"),
        ("certificate", Verdict.NEEDS_YOU, "certificate"),
        ("silent", Verdict.CANNOT, "does not answer when it is called from this machine"),
    ],
)
def test_the_address_is_called_from_here_and_judged_by_what_answers(
    school: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, verdict: Verdict, message: str
) -> None:
    net = Network(tmp_path)
    app = answering(b"alive\n")
    if case == "another server":
        app = answering(b"<html>It works!</html>")
    elif case == "bad gateway":
        app = answering(b"", "502 Bad Gateway")
    if case != "silent":
        net.host("coplink.school.example", app)
    if case == "private":
        net.names["coplink.school.example"] = ["10.0.0.7"]
    if case != "certificate":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", net.trusted)
    built = services(school, base_url=BASE, loopback=False)
    built.egress = Egress(outside=Outside(resolve=net.resolve, dial=net.dial))
    found = house.address(built)
    assert found.verdict is verdict, found
    assert message in str(found.message)
    if verdict is not Verdict.WORKS:
        assert found.who == "coplink’s administrator"
        assert "COPLINK_BASE_URL" in str(found.where)
    if verdict is Verdict.CANNOT:
        assert "/alive elsewhere" in str(found.fallback), "some networks let nobody in from within"
