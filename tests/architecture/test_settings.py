"""Settings: defaults that run on one machine, and a clear sentence for every wrong one."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coplink.core.errors import BadSetting, ConfigurationError
from coplink.settings import SECRETS_DIR, Settings, load

ROOT = Path(__file__).parents[2]
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
OTHER = base64.urlsafe_b64encode(b"o" * 32).decode()


@pytest.fixture
def given(tmp_path):
    return {"base_url": "https://coplink.example.org", "data_dir": tmp_path / "data", "env_file": None}


def test_one_machine_needs_an_address_and_a_folder(given, tmp_path):
    settings = load(**given)
    assert settings.database_url == f"sqlite:///{tmp_path}/data/coplink.sqlite"
    assert settings.job_database_url == f"sqlite:///{tmp_path}/data/jobs.sqlite"
    assert settings.backoff_seconds == (15, 60, 300, 1800)
    assert (settings.debounce_seconds, settings.sweep_seconds, settings.http_timeout_seconds) == (20, 60, 30)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_the_master_key_is_made_once_and_only_its_owner_can_read_it(given, tmp_path):
    first = load(**given).master_keys[0].get_secret_value()
    file = tmp_path / "data" / "master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(**given).master_keys[0].get_secret_value() == first
    assert first not in repr(load(**given))
    assert [path.name for path in file.parent.iterdir()] == ["master.key"], (
        "nothing half written stays behind"
    )


def test_processes_that_start_together_end_with_one_key(given):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: load(**given).master_keys[0].get_secret_value(), range(32)))
    assert len(set(keys)) == 1


def test_given_keys_are_used_and_none_is_made(given, tmp_path, monkeypatch):
    monkeypatch.setenv("COPLINK_MASTER_KEYS", f"{KEY}, {OTHER}")
    assert [key.get_secret_value() for key in load(**given).master_keys] == [KEY, OTHER]
    assert not (tmp_path / "data" / "master.key").exists()


def test_a_key_others_can_read_is_refused(given, tmp_path):
    load(**given)
    (tmp_path / "data" / "master.key").chmod(0o644)
    with pytest.raises(BadSetting, match=r"chmod 600"):
        load(**given)


def test_a_database_without_its_key_is_not_given_a_new_one(given, tmp_path):
    load(**given)
    (tmp_path / "data" / "coplink.sqlite").touch()
    (tmp_path / "data" / "master.key").unlink()
    with pytest.raises(BadSetting, match=r"master\.key is missing"):
        load(**given)


def test_environment_beats_file_and_file_beats_secrets_folder(tmp_path, monkeypatch):
    file, secrets = tmp_path / ".env", tmp_path / "secrets"
    secrets.mkdir()
    for name, value in (("web_threads", "5"), ("log_level", "ERROR"), ("master_keys", KEY)):
        (secrets / f"coplink_{name}").write_text(value, encoding="utf-8")
    file.write_text("COPLINK_WEB_THREADS=6\nCOPLINK_PROXY_HOPS=2\n", encoding="utf-8")
    monkeypatch.setenv(SECRETS_DIR, str(secrets))
    monkeypatch.setenv("COPLINK_PROXY_HOPS", "1")
    settings = load(env_file=file, base_url="https://c.example.org", data_dir=tmp_path / "data")
    assert (settings.proxy_hops, settings.web_threads, settings.log_level) == (1, 6, "ERROR")
    assert settings.master_keys[0].get_secret_value() == KEY


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("base_url", "coplink.example.org", "COPLINK_BASE_URL: it must be a full address"),
        ("base_url", "http://coplink.example.org", "it must begin with https"),
        ("base_url", "http://127.0.0.1:8000", "it must begin with https"),
        ("base_url", "https://example.org/coplink", "it must have no path"),
        ("base_url", "https://who:pass@example.org", "it must be a full address"),
        (
            "database_url",
            "mysql://db/coplink",
            "COPLINK_DATABASE_URL: it must begin with sqlite:/// or postgresql://",
        ),
        ("master_keys", "short", "COPLINK_MASTER_KEYS: each must be 32 bytes"),
        ("log_level", "LOUD", "COPLINK_LOG_LEVEL"),
        ("proxy_hops", "-1", "COPLINK_PROXY_HOPS"),
        ("backoff_seconds", "15,soon", "COPLINK_BACKOFF_SECONDS"),
        ("backoff_seconds", "", "COPLINK_BACKOFF_SECONDS"),
        ("debounce_seconds", "0", "COPLINK_DEBOUNCE_SECONDS"),
        ("lag_seconds_override", "{teams}", "COPLINK_LAG_SECONDS_OVERRIDE"),
        ("lag_seconds_override", '{"teams": -1}', "COPLINK_LAG_SECONDS_OVERRIDE"),
        (
            "frame_ancestors",
            "http://canvas.example.edu",
            "COPLINK_FRAME_ANCESTORS: each must be an https origin",
        ),
        (
            "frame_ancestors",
            "https://a.example.edu/page",
            "COPLINK_FRAME_ANCESTORS: each must be an https origin",
        ),
        (
            "frame_ancestors",
            "https://a.example.edu;script-src",
            "COPLINK_FRAME_ANCESTORS: each must be an https",
        ),
        ("listen", "everywhere", "COPLINK_LISTEN"),
        ("web_threads", "1", "COPLINK_WEB_THREADS"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(given, monkeypatch, name, value, sentence):
    del given["base_url"]
    monkeypatch.setenv("COPLINK_BASE_URL", "https://coplink.example.org")
    monkeypatch.setenv(f"COPLINK_{name.upper()}", value)
    with pytest.raises(BadSetting) as refused:
        load(**given)
    assert sentence in str(refused.value.message)
    if name in ("master_keys", "database_url"):
        assert value not in f"{refused.value.message} {refused.value.detail}"
    assert refused.value.__cause__ is None, "the library's own error repeats what was given"


def test_loopback_serves_this_machine_only(given):
    for address in ("http://127.0.0.1:8081", "http://localhost:8081/"):
        assert load(**given | {"base_url": address, "loopback": True}).base_url == address.rstrip("/")
    for address in (
        "https://127.0.0.1",
        "http://coplink.example.org",
        "http://127.0.0.1.example.org",
        "http://10.0.0.1",
    ):
        with pytest.raises(BadSetting, match="with loopback"):
            load(**given | {"base_url": address, "loopback": True})


def test_what_must_be_set_is_asked_for(given, monkeypatch):
    with pytest.raises(BadSetting, match="COPLINK_BASE_URL: it must be set"):
        load(env_file=None, data_dir=given["data_dir"])
    with pytest.raises(BadSetting, match="COPLINK_DATA_DIR: say where"):
        load(env_file=None, base_url="https://coplink.example.org")
    monkeypatch.setenv(SECRETS_DIR, "no/such/folder")
    with pytest.raises(BadSetting, match=SECRETS_DIR):
        load(**given)


def test_a_folder_that_cannot_be_made_is_said(given, tmp_path):
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="COPLINK_DATA_DIR: cannot use this folder"):
        load(**given)


def test_a_misspelled_name_is_refused_and_a_foreign_one_is_not(given, monkeypatch):
    monkeypatch.setenv("COPLINK_REQUIRE_BROWSER", "1")
    load(**given)
    monkeypatch.setenv("COPLINK_BASE_ULR", "https://other.example.org")
    with pytest.raises(BadSetting, match="COPLINK_BASE_ULR is not a setting; is COPLINK_BASE_URL meant"):
        load(**given)


def test_postgresql_gets_its_driver(given):
    for address in ("postgres://db/coplink", "postgresql://db/coplink", "postgresql+psycopg://db/coplink"):
        assert load(**given | {"database_url": address}).database_url == "postgresql+psycopg://db/coplink"


def test_lists_and_mappings_come_as_people_write_them(given, monkeypatch):
    monkeypatch.setenv("COPLINK_BACKOFF_SECONDS", "0.1, 0.5")
    monkeypatch.setenv("COPLINK_LAG_SECONDS_OVERRIDE", '{"teams": 2, "google": 0}')
    monkeypatch.setenv("COPLINK_FRAME_ANCESTORS", "https://canvas.example.edu, http://localhost:9001")
    settings = load(**given)
    assert settings.backoff_seconds == (0.1, 0.5)
    assert settings.lag_seconds_override == {"teams": 2, "google": 0}
    assert settings.frame_ancestors == ("https://canvas.example.edu", "http://localhost:9001")


def test_every_setting_is_described():
    for name, field in Settings.model_fields.items():
        assert field.description, f"{name} has no description"
        assert field.description.endswith("."), f"the description of {name} is no sentence"


def test_every_setting_is_in_readme_or_its_pages():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages if page.exists())
    names = {f"COPLINK_{name.upper()}" for name in Settings.model_fields} | {SECRETS_DIR}
    assert not sorted(name for name in names if name not in text)
