"""What the documentation tells an operator to run does what it says: backup, keys, moving to PostgreSQL."""

from __future__ import annotations

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from coplink.core.community import Charter, Community, Stage
from coplink.core.people import CommunityId, InstitutionId
from coplink.core.words import say
from coplink.engine import connect
from coplink.ports.records import Happening, LinkKind
from coplink.ports.storage import UnitOfWork
from coplink.settings.key_file import is_key
from coplink.storage.database import make_engine, upgrade
from coplink.storage.sealing import FernetSealer
from coplink.storage.unit_of_work import SqlStorage
from coplink.testing.databases import postgres_server, sqlite_url

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
COMMUNITY = CommunityId("c" * 32)
RUN_ALL = """
import json, sys
from coplink.cli import cli
for words in json.load(sys.stdin):
    cli.main(words, prog_name="coplink", standalone_mode=False)
"""


def a_database(url: str, sealer: FernetSealer) -> str:
    """A small world: an institution, its admin with an unused link, a community with two lines of history."""
    engine = make_engine(url)
    upgrade(engine)
    with SqlStorage(engine, sealer).begin() as uow:
        school = connect.add_institution(uow, "Riverbend", listed=True)
        link = connect.invite_admin(uow, school, "Zoë Åkesson", NOW)
        charter = Charter("Reading", "Teachers", "")
        uow.communities.put(Community(COMMUNITY, school.id, "Readers", charter, Stage.FORMING, NOW))
        tell(uow, school.id, 2)
        uow.commit()
    engine.dispose()
    return link.token


def tell(uow: UnitOfWork, institution: InstitutionId, times: int) -> None:
    for _ in range(times):
        uow.records.say(Happening(COMMUNITY, institution, NOW, "", say("“{name}” met", name="Ålesund")))


def documented(heading: str, tmp_path: Path, *more: str) -> list[list[str]]:
    """The commands of a section, with the folder of backups being a temporary one."""
    part = PAGE.partition(f"## {heading}\n")[2]
    lines = re.findall(r"coplink db (?:backup|restore) [^`\n]+", re.split(r"\n##+ ", part)[0])
    return [shlex.split(line.replace("/var/backups", str(tmp_path)))[1:] for line in lines]


def run_all(commands: list[list[str]], tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"COPLINK_BASE_URL": "https://coplink.example.org", "COPLINK_DATA_DIR": str(tmp_path / "data")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_ALL],
        input=json.dumps(commands),
        env=dict(os.environ) | environ | settings,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.postgres
def test_moving_to_postgresql_takes_everything_along(tmp_path):
    key = Fernet.generate_key().decode()
    sealer, old, new = FernetSealer([key]), sqlite_url(tmp_path, "coplink.sqlite"), postgres_server().fresh()
    token = a_database(old, sealer)
    backup, restore = documented("From SQLite to PostgreSQL", tmp_path)
    for command, url in ((backup, old), (restore, new)):
        jobs = sqlite_url(tmp_path, "jobs.sqlite") if url == old else new
        done = run_all(
            [command],
            tmp_path,
            COPLINK_MASTER_KEYS=key,
            COPLINK_DATABASE_URL=url,
            COPLINK_JOB_DATABASE_URL=jobs,
        )
        assert done.returncode == 0, done.stderr
    engine = make_engine(new)
    with SqlStorage(engine, sealer).begin() as uow:
        school = connect.the_institution(uow, "Riverbend")
        link = uow.links.by_token(LinkKind.ADMIN, token)
        assert link is not None
        assert link.token == token
        assert link.made_at == NOW
        assert connect.admin_of(uow, token, NOW).name == "Zoë Åkesson"
        tell(uow, school.id, 1)
        uow.commit()
        lines = uow.records.history(COMMUNITY)
        assert len(lines) == 3, "a new line must get a number of its own"
        assert {str(line.message) for line in lines} == {"“Ålesund” met"}
    engine.dispose()


def test_the_backup_is_written_checked_and_restored_as_the_page_says(tmp_path):
    key = Fernet.generate_key().decode()
    a_database(sqlite_url(tmp_path, "coplink.sqlite"), FernetSealer([key]))
    commands = documented("Backup", tmp_path) + documented("Restoring", tmp_path)
    assert [command[1] for command in commands] == ["backup", "backup", "restore"]
    settings = {"COPLINK_MASTER_KEYS": key, "COPLINK_DATABASE_URL": sqlite_url(tmp_path, "coplink.sqlite")}
    done = run_all(commands[:2], tmp_path, **settings)
    assert done.returncode == 0, done.stderr
    assert (done.stdout.count("Written:"), done.stdout.count("Whole:")) == (1, 1)
    full = run_all(commands[2:], tmp_path, **settings)
    assert full.returncode != 0
    assert "not empty" in full.stderr
    settings["COPLINK_DATABASE_URL"] = sqlite_url(tmp_path, "new.sqlite")
    done = run_all(commands[2:], tmp_path, **settings)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(tmp_path / "new.sqlite") as connection:
        assert connection.execute("SELECT name FROM institutions").fetchall() == [("Riverbend",)]
    connection.close()


def test_the_command_for_a_key_makes_a_key():
    command = next(line for line in PAGE.splitlines() if line.startswith("python3 -c"))
    _, *arguments = shlex.split(command)
    made = [
        subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, timeout=30, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert all(map(is_key, made))
    assert made[0] != made[1]


def the_robot_s_key() -> str:
    """A key file as Google Cloud makes them, with a key of this moment."""
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    key = {"type": "service_account", "client_email": "coplink@lakeside.example", "private_key": pem.decode()}
    return json.dumps(key | {"token_uri": "https://oauth2.googleapis.com/token"})


SET_UP = ("institution", "admin", "platform", "connect", "install")


def test_the_way_from_the_demo_to_a_school_can_be_walked(tmp_path):
    """The front page's commands, one after the other, against an empty server; placeholders become ids."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("coplink ")]
    lines = [words for words in lines if words[0] in SET_UP]
    lines.insert(1, ["institution", "add", "Lakeside School District"])
    lines.append(["institution", "list"])
    a_guid = "00000000-0000-4000-8000-000000000001"
    walked = [[word.replace("…", a_guid) for word in words] for words in lines]
    for file in {word.partition("=@")[2] for words in walked for word in words if "=@" in word}:
        (tmp_path / file).write_text(
            the_robot_s_key() if file.endswith(".json") else "secret", encoding="utf-8"
        )
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        input=json.dumps(walked),
        cwd=tmp_path,
        env=dict(os.environ)
        | {"COPLINK_BASE_URL": "https://coplink.example.org", "COPLINK_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "https://coplink.example.org/admin/claim/" in done.stdout
    assert "Launch: https://coplink.example.org/lti/launch" in done.stdout
    assert "Riverbend Unified School District  (connected: canvas, teams)" in done.stdout
    assert "Lakeside School District  (connected: google)" in done.stdout
    developer_key = json.loads((tmp_path / "install-canvas" / "lti-1.3.json").read_text(encoding="utf-8"))
    assert developer_key["oidc_initiation_url"] == "https://coplink.example.org/lti/login"
    assert (tmp_path / "install-teams" / "coplink-teams.zip").is_file()
