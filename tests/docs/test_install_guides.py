"""The two guides for a server, and the files they hand out, hold together and hold with the code."""

from __future__ import annotations

import configparser
import http.client
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from coplink.settings import Settings
from coplink.storage.database import make_engine, upgrade
from coplink.testing.databases import postgres_server

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ONE = (ROOT / "docs" / "install-one-machine.md").read_text(encoding="utf-8")
SEVERAL = (ROOT / "docs" / "install-several-machines.md").read_text(encoding="utf-8")
SERVICES = {"coplink.service": "run", "coplink-web.service": "serve", "coplink-worker.service": "work"}
PROGRAM = "/usr/local/lib/coplink/env/bin/coplink"


def unit(name: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string((DEPLOY / name).read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize(("name", "command"), SERVICES.items())
def test_a_service_runs_its_part_as_nobody_in_particular(name: str, command: str) -> None:
    service = unit(name)["Service"]
    assert service["ExecStart"] == f"{PROGRAM} {command}"
    assert (service["User"], service["UMask"], service["StateDirectoryMode"]) == ("coplink", "0077", "0700")
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    verify = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(DEPLOY / name)], capture_output=True, text=True, timeout=60
    ) if _there("systemd-analyze") else None  # fmt: skip
    if verify is not None:
        said = [line for line in verify.stderr.splitlines() if "is not executable" not in line]
        assert said == []


def _there(program: str) -> bool:
    return any((Path(folder) / program).is_file() for folder in os.environ.get("PATH", "").split(":"))


def test_every_file_of_deploy_is_named_and_every_named_file_is_there() -> None:
    named = set(re.findall(r"deploy/([\w.-]+)", ONE + SEVERAL))
    assert named == {file.name for file in DEPLOY.iterdir()}


def test_the_settings_of_the_example_are_settings_and_start_coplink(tmp_path: Path) -> None:
    text = (DEPLOY / "coplink.env.example").read_text(encoding="utf-8")
    lines = re.findall(r"^#?(COPLINK_\w+)=(.*)$", text, re.MULTILINE)
    assert {name.removeprefix("COPLINK_").lower() for name, _ in lines} <= set(Settings.model_fields)
    given = {name: value for name, value in lines if f"#{name}" not in text}
    done = subprocess.run(
        [sys.executable, "-m", "coplink", "db", "upgrade"],
        env={"PATH": "/usr/bin:/bin", **given, "COPLINK_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_the_proxy_tells_what_coplink_needs_to_know() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for line in re.findall(r"proxy_set_header X-Forwarded-\w+ \$\w+;", (ROOT / "README.md").read_text()):
        assert line in text
    assert not re.search(r"^\s*add_header", text, re.MULTILINE)
    assert "reverse_proxy 127.0.0.1:8000" in (DEPLOY / "Caddyfile").read_text(encoding="utf-8")


def test_the_image_is_made_of_this_checkout_and_registries_alone() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    lines = re.sub(
        r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    ).splitlines()
    words = {line.split()[0] for line in lines if line}
    assert "ADD" not in words
    assert not re.search(
        r"curl|wget|git |apt|apk", "\n".join(line for line in lines if line.startswith("RUN"))
    )
    copied = [shlex.split(line)[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line]
    assert all((ROOT / source).exists() for sources in copied for source in sources)
    pips = [line for line in lines if "pip install" in line]
    assert "--require-hashes" in pips[0]
    assert "--no-deps" in pips[1]
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    told = dict(re.findall(r"(COPLINK_\w+)=(\S+)", text))
    assert {name.removeprefix("COPLINK_").lower() for name in told} <= set(Settings.model_fields)
    assert not any("KEY" in name or "SECRET" in name for name in told)


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_two_of_each_on_one_database(tmp_path: Path) -> None:
    """A visitor who comes in through one machine is known on the other; a worker that dies is not missed."""
    url, key = postgres_server().fresh(), Fernet.generate_key().decode()
    engine = make_engine(url)
    upgrade(engine)
    ports = [8471, 8472]
    common = {
        **os.environ,
        "COPLINK_BASE_URL": "https://coplink.example.org",
        "COPLINK_PROXY_HOPS": "1",
        "COPLINK_DATABASE_URL": url,
        "COPLINK_JOB_DATABASE_URL": url,
        "COPLINK_MASTER_KEYS": key,
        "COPLINK_CALLING_PROCESSES": "4",
        "COPLINK_DATA_DIR": str(tmp_path),
    }
    logs = (tmp_path / "log").open("wb")
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "coplink", command],
            env={**common, "COPLINK_LISTEN": f"127.0.0.1:{port}"},
            stdout=logs,
            stderr=logs,
        )
        for command in ("serve", "work")
        for port in ports
    ]
    try:
        for port in ports:
            _until(lambda port=port: _get(port, "/ready", "")[0] == 200, tmp_path)
        done = subprocess.run(
            [sys.executable, "-c", "from coplink.cli import cli; cli()", "institution", "add", "Riverbend"],
            env=common, capture_output=True, text=True, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        link = subprocess.run(
            [sys.executable, "-m", "coplink", "admin", "invite", "--institution", "Riverbend", "--name", "Kim"],
            env=common, capture_output=True, text=True, timeout=180, check=True,
        ).stdout.strip()  # fmt: skip
        path = link.removeprefix("https://coplink.example.org")
        status, cookie, page = _get(ports[0], path, "")
        assert status == 200
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf
        status, cookie, _ = _post(ports[1], path, cookie, csrf[1])
        assert status == 303, "the form of one machine, sent to the other"
        status, _, page = _get(ports[0], "/admin", cookie)
        assert (status, "Riverbend" in page) == (200, True)
        started[2].send_signal(signal.SIGKILL)
        assert started[2].wait(10) < 0
        assert started[3].poll() is None
        assert _get(ports[1], "/admin", cookie)[0] == 200
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(30)
        logs.close()
        engine.dispose()


HEAD = {
    "Host": "coplink.example.org",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "coplink.example.org",
}


def _get(port: int, path: str, cookie: str) -> tuple[int, str, str]:
    return _ask(port, "GET", path, {**HEAD, "Cookie": cookie}, "")


def _post(port: int, path: str, cookie: str, csrf: str) -> tuple[int, str, str]:
    head = {**HEAD, "Cookie": cookie, "Origin": "https://coplink.example.org"}
    head["Content-Type"] = "application/x-www-form-urlencoded"
    return _ask(port, "POST", path, head, f"csrf={csrf}")


def _ask(port: int, method: str, path: str, head: dict[str, str], body: str) -> tuple[int, str, str]:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        wire.request(method, path, body or None, head)
        answer = wire.getresponse()
        text = answer.read().decode()
    except OSError:
        return 0, "", ""
    finally:
        wire.close()
    kept = [line.partition(";")[0] for name, line in answer.getheaders() if name.lower() == "set-cookie"]
    return answer.status, "; ".join(kept), text


def _until(done: object, folder: Path) -> None:
    ends = time.monotonic() + 90
    while time.monotonic() < ends:
        if done():  # type: ignore[operator]
            return
        time.sleep(0.3)
    raise AssertionError((folder / "log").read_text()[-3000:])
