"""Setting up a school from the command line, the way the README tells it, and what is refused on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from coplink.cli import main

PLATFORM = (
    "--issuer", "https://canvas.instructure.com",
    "--client-id", "10000000000001",
    "--authorization-url", "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "--token-url", "https://sso.canvaslms.com/login/oauth2/token",
    "--jwks-url", "https://sso.canvaslms.com/api/lti/security/jwks",
)  # fmt: skip


ADDRESS = {"COPLINK_BASE_URL": "https://coplink.school.example"}


def shell(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command with this data folder, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "coplink", *words, "--data", str(folder)],
        capture_output=True, text=True, timeout=60, check=False, cwd=folder,
        env={"PATH": "/usr/bin:/bin", **ADDRESS, **settings},
    )  # fmt: skip


def coplink(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The same in this process: starting Python is most of the time."""
    out, err, code = StringIO(), StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["coplink", *words, "--data", str(folder)])
        for name, value in {**ADDRESS, **settings}.items():
            patch.setitem(os.environ, name, value)
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.fixture
def school(tmp_path: Path) -> Path:
    assert coplink(tmp_path, "institution", "add", "Riverbend").returncode == 0
    return tmp_path


def test_a_school_is_set_up_step_by_step_and_twice_is_once(school: Path) -> None:
    again = shell(school, "institution", "add", "Riverbend", "--listed")
    assert again.returncode == 0
    listed = shell(school, "institution", "list").stdout
    assert listed.count("Riverbend") == 1
    invited = coplink(school, "admin", "invite", "--institution", "Riverbend", "--name", "Kim")
    assert invited.stdout.startswith("https://coplink.school.example/admin/claim/")
    for _ in range(2):
        added = coplink(
            school, "platform", "add", "--institution", "Riverbend", *PLATFORM,
            "--deployment-id", "1:abc", "--approve", "--claim", "account:canvas=canvas_user_id",
        )  # fmt: skip
        assert "https://coplink.school.example/lti/launch" in added.stdout, added.stderr
        connected = coplink(
            school, "connect", "canvas", "--institution", "Riverbend",
            "--set", "base_url=https://riverbend.instructure.com", "--set", "token=secret-token",
        )  # fmt: skip
        assert connected.returncode == 0, connected.stderr
        assert "secret-token" not in connected.stdout + connected.stderr
    assert "(connected: canvas)" in coplink(school, "institution", "list").stdout
    assert b"secret-token" not in (school / "coplink.sqlite").read_bytes()


def test_what_an_admin_uploads_is_filled_in(school: Path) -> None:
    settings = {
        "tenant_id": "11111111-1111-4111-8111-111111111111", "client_id": "22222222-2222-4222-8222-222222222222",
        "client_secret": "s3cret", "team_id": "33333333-3333-4333-8333-333333333333",
        "mailbox": "coplink@riverbend.example", "app_id": "44444444-4444-4444-8444-444444444444",
    }  # fmt: skip
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    assert coplink(school, "connect", "teams", "--institution", "Riverbend", *words).returncode == 0
    done = coplink(
        school, "install", "teams", "--institution", "Riverbend", "--zip", "--out", str(school / "out")
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(school / "out" / "coplink-teams.zip") as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
        assert {"color.png", "outline.png"} <= set(bundle.namelist())
    assert manifest["webApplicationInfo"]["id"] == settings["client_id"]
    assert manifest["validDomains"] == ["coplink.school.example"]
    assert "s3cret" not in "".join(path.read_text(errors="replace") for path in (school / "out").iterdir())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("admin", "invite", "--institution", "Nowhere"), "There is no institution called “Nowhere”."),
        (("connect", "canvas", "--institution", "Riverbend", "--set", "token=x"), "is missing"),
        (
            ("connect", "canvas", "--institution", "Riverbend", "--set", "tokn=x"),
            "is not a setting of Canvas",
        ),
        (
            ("connect", "canvas", "--institution", "Riverbend", "--set", "base_url"),
            "not of the form name=value",
        ),
        (
            ("connect", "fax", "--institution", "Riverbend", "--set", "a=b"),
            "There is no integration called fax here.",
        ),
        (
            (
                "connect",
                "canvas",
                "--institution",
                "Riverbend",
                "--set",
                "base_url=ftp://x",
                "--set",
                "token=x",
            ),
            "https",
        ),
        (("install", "teams", "--institution", "Riverbend"), "connect the platform first"),
        (("plan", "no-such-community"), "There is no community with that id."),
    ],
)
def test_what_is_wrong_gets_one_clear_sentence(school: Path, words: tuple[str, ...], sentence: str) -> None:
    done = coplink(school, *words)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_client_id_belongs_to_one_institution(school: Path) -> None:
    coplink(school, "institution", "add", "Lakeside")
    assert coplink(school, "platform", "add", "--institution", "Riverbend", *PLATFORM).returncode == 0
    done = coplink(school, "platform", "add", "--institution", "Lakeside", *PLATFORM)
    assert (done.returncode, "already registered by another institution" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("environment", "words", "sentence"),
    [
        ({"COPLINK_BASE_URL": "http://coplink.example"}, (), "https://"),
        ({}, (), "COPLINK_BASE_URL"),
        ({"COPLINK_BASE_URL": "https://coplink.example"}, ("--port", "80"), "--port goes with --loopback"),
    ],
)
def test_it_does_not_serve_plain_http_but_on_loopback(
    tmp_path: Path, environment: dict[str, str], words: tuple[str, ...], sentence: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "coplink", "run", "--data", str(tmp_path), *words],
        capture_output=True, text=True, timeout=60, check=False, env={"PATH": "/usr/bin:/bin", **environment},
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert sentence in done.stderr


def test_doctor_says_what_is_wrong_and_fails(school: Path) -> None:
    here = {"COPLINK_LOOPBACK": "true", "COPLINK_BASE_URL": "http://127.0.0.1:8080"}
    assert shell(school, "doctor").returncode == 0
    words = ("connect", "canvas", "--institution", "Riverbend", "--set", "base_url=http://127.0.0.1:9")
    assert coplink(school, *words, "--set", "token=x").returncode == 1, "loopback is for a server on loopback"
    assert coplink(school, *words, "--set", "token=x", **here).returncode == 0
    done = shell(school, "doctor", **here)
    assert done.returncode == 3, "nobody must do anything, but Canvas gave no answer"
    assert "Riverbend\n  Canvas\n    no answer  Sign in: Canvas does not answer" in done.stdout


def test_secrets_are_sealed_anew_with_the_newest_key(school: Path) -> None:
    coplink(
        school, "connect", "canvas", "--institution", "Riverbend",
        "--set", "base_url=https://riverbend.instructure.com", "--set", "token=x",
    )  # fmt: skip
    before = (school / "coplink.sqlite").read_bytes()
    done = shell(school, "secrets", "rotate")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() != "Sealed anew: 0."
    assert (school / "coplink.sqlite").read_bytes() != before
