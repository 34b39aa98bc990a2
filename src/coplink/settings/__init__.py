"""What an operator decides: every setting, its meaning and its default, read once at start by ``load()``.

Settings come from ``COPLINK_...`` in the environment, from a file ``.env`` in the working folder, and from the folder
of secrets that ``COPLINK_SECRETS_DIR`` names (one file per setting, ``coplink_master_keys`` for example); the
environment wins over the file, the file over the folder. A wrong setting is a ``BadSetting`` at start, with a sentence
that says what to change and never repeats the value.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from coplink.core.errors import BadSetting
from coplink.core.words import say
from coplink.settings.key_file import is_key, kept_key

PREFIX = "COPLINK_"
SECRETS_DIR = "COPLINK_SECRETS_DIR"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_MAILBOX = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}"
_SENDER = re.compile(rf"{_MAILBOX}|[\w .'-]{{1,80}} <{_MAILBOX}>")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


def _split(value: object) -> object:
    """Take a comma-separated text apart; anything else is taken as it is."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _origin(value: str) -> str:
    """Check one origin of a frame: https, or http on loopback; no path."""
    parts = urlsplit(value)
    fine = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if (
        not fine
        or not parts.hostname
        or value != f"{parts.scheme}://{parts.netloc}"
        or set(value) & set(" ;'\"")
    ):
        raise ValueError("each must be an https origin without a path, such as https://canvas.example.edu")
    return value


def _plain_driver(value: str) -> str:
    """Name the driver of a PostgreSQL address where it is left out."""
    for short in ("postgresql://", "postgres://"):
        if value.startswith(short):
            return "postgresql+psycopg://" + value.removeprefix(short)
    if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("it must begin with sqlite:/// or postgresql://")
    return value


def _host(value: str) -> str:
    """Check one host name: no scheme, port or path."""
    if not _HOST_NAME.fullmatch(value):
        raise ValueError("each must be a host name without scheme and port, such as moodle.school.lan")
    return value.lower()


Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], NoDecode, BeforeValidator(_split)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_split)]
DatabaseUrl = Annotated[str, AfterValidator(_plain_driver), Field(repr=False)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Settings(BaseSettings):
    """Everything an operator can set. Read it with ``load()``, which turns what is wrong into a ``BadSetting``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    base_url: str = Field(
        description="The address people and platforms reach coplink at, such as https://coplink.example.org. "
        "It must be https, unless `loopback` is set."
    )
    loopback: bool = Field(
        default=False,
        description="Plain http on this machine alone, for development and tests; refuses any other base_url.",
    )
    listen: str = Field(
        default="127.0.0.1:8000",
        pattern=r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$",
        description="Host and port the web server listens on; a reverse proxy stands before it.",
    )
    proxy_hops: int = Field(
        default=0,
        ge=0,
        le=5,
        description="How many reverse proxies stand before coplink and set X-Forwarded-... headers.",
    )
    data_dir: Path | None = Field(
        default=None,
        description="Folder for the SQLite files and `master.key`; made when missing, readable by its owner only.",
    )
    database_url: DatabaseUrl = Field(
        default="", description="Where coplink keeps what it knows; default: `coplink.sqlite` in data_dir."
    )
    job_database_url: DatabaseUrl = Field(
        default="",
        description="Where the job store lives; default: `jobs.sqlite` in data_dir. It may be deleted at any time.",
    )
    master_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(),
        description="Keys that seal secrets, newest first, separated by commas; each is 32 bytes in URL-safe base64. "
        "Default, meant for one machine: a key made once and kept as `master.key` in data_dir.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="What is logged: DEBUG, INFO, WARNING or ERROR."
    )
    web_threads: int = Field(
        default=8, ge=2, le=128, description="Threads that answer requests; at least two."
    )
    worker_concurrency: int = Field(
        default=4, ge=1, le=64, description="Jobs one worker process does at a time."
    )
    calling_processes: int = Field(
        default=1,
        ge=1,
        le=64,
        description="How many processes call platforms at the same time (`serve` and `work` together): each keeps to "
        "its part of the published limits.",
    )
    http_timeout_seconds: Seconds = Field(default=30, description="The most one call to a platform may take.")
    debounce_seconds: Seconds = Field(
        default=20, description="How long hints about one community are gathered before coplink looks."
    )
    sweep_seconds: Seconds = Field(default=60, description="How often work that lost its job is found again.")
    backoff_seconds: Annotated[
        tuple[Seconds, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)
    ] = Field(
        default=(15, 60, 300, 1800),
        description="Waits before each new attempt when a platform has trouble; after the last a person is told, "
        "and it goes on so.",
    )
    lag_seconds_override: Mapping[str, Annotated[float, Field(ge=0, le=86_400)]] | None = Field(
        default=None,
        description="How late a write may become visible, by integration, as JSON: "
        '{"teams": 900}. Default: what each integration declares.',
    )
    roster_minutes: float = Field(default=60, gt=0, description="How old the reading of a roster may become.")
    collect_minutes: float = Field(
        default=15, gt=0, description="How often a library is read when its platform sends no hints."
    )
    full_round_hours: float = Field(
        default=24, gt=0, description="How often everything is looked at again, asked or not."
    )
    frame_ancestors: Origins = Field(
        default=(),
        description="Further origins that may show coplink in a frame, beside the registered platforms.",
    )
    private_hosts: Hosts = Field(
        default=(),
        description="Hosts of learning platforms in your own network, such as moodle.school.lan: coplink calls them "
        "although their addresses are private.",
    )

    smtp_host: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.:-]{0,253}$",
        description="The mail server by which facilitators may send invitations, such as smtp.example.org; "
        "empty: no e-mail is sent.",
    )
    smtp_port: int = Field(default=587, ge=1, le=65_535, description="Its port; 465 is usual with tls.")
    smtp_user: str = Field(default="", description="The account to sign in with; empty: none.")
    smtp_password: SecretStr | None = Field(default=None, description="The password of that account.")
    smtp_from: str = Field(
        default="",
        description="Whom invitations come from: an address such as coplink@example.org, or a name with it: "
        "Communities <coplink@example.org>.",
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the line is kept private; none only with a server on this machine.",
    )

    @field_validator("base_url")
    @classmethod
    def _bare(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError("it must be a full address such as https://coplink.example.org")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("it must have no path: coplink lives at the root of its host")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @model_validator(mode="after")
    def _where(self) -> Self:
        parts = urlsplit(self.base_url)
        if self.loopback and (parts.scheme != "http" or parts.hostname not in LOOPBACK_HOSTS):
            raise ValueError(
                "base_url: with loopback it must be http://127.0.0.1:port or http://localhost:port"
            )
        if not self.loopback and parts.scheme != "https":
            raise ValueError(
                "base_url: it must begin with https:// (plain http only on this machine, with loopback)"
            )
        if self.data_dir is None and not (self.database_url and self.job_database_url and self.master_keys):
            raise ValueError(
                "data_dir: say where coplink keeps its files, or set database_url, job_database_url and master_keys"
            )
        if self.smtp_host:
            if not _SENDER.fullmatch(self.smtp_from):
                raise ValueError("smtp_from: with smtp_host, name an address such as coplink@example.org")
            if self.smtp_security == "none" and self.smtp_host not in LOOPBACK_HOSTS:
                raise ValueError(
                    "smtp_security: none is for a server on this machine alone; use starttls or tls"
                )
        for key in self.master_keys:
            if not is_key(key.get_secret_value()):
                raise ValueError("master_keys: each must be 32 bytes in URL-safe base64, 44 characters")
        return self


def load(*, env_file: Path | None = Path(".env"), **given: Any) -> Settings:
    """Read the settings; ``given`` ones win. Makes the data folder and, once, its master key; raises ``BadSetting``."""
    _misspelled(os.environ)
    folder = os.environ.get(SECRETS_DIR) or None
    if folder and not Path(folder).is_dir():
        raise BadSetting("secrets_dir", say("{name}: there is no such folder.", name=SECRETS_DIR))
    try:
        found = Settings(**{"_env_file": env_file, "_secrets_dir": folder, **given})
    except ValidationError as error:
        raise _as_bad_setting(error) from None
    if found.data_dir is None:
        return found
    return found.model_copy(update=_in_folder(found, found.data_dir.absolute()))


def _in_folder(found: Settings, folder: Path) -> dict[str, object]:
    """Make the data folder and fill in what is kept there by default."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys = found.master_keys or (
            SecretStr(kept_key(folder, fresh=not (folder / "coplink.sqlite").exists())),
        )
    except OSError as error:
        sentence = say(
            "{name}: cannot use this folder: {why}.", name=_shown("data_dir"), why=error.strerror or ""
        )
        raise BadSetting("data_dir", sentence) from None
    return {
        "data_dir": folder,
        "database_url": found.database_url or f"sqlite:///{folder / 'coplink.sqlite'}",
        "job_database_url": found.job_database_url or f"sqlite:///{folder / 'jobs.sqlite'}",
        "master_keys": keys,
    }


def _shown(name: str) -> str:
    return PREFIX + name.upper()


def _misspelled(environment: Mapping[str, str]) -> None:
    """Refuse a name that looks like a misspelled setting: silently ignoring it would be the worse surprise."""
    known = {_shown(name) for name in Settings.model_fields} | {SECRETS_DIR}
    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.85)
            if close:
                raise BadSetting(
                    name, say("{name} is not a setting; is {close} meant?", name=name, close=close[0])
                )


def _as_bad_setting(error: ValidationError) -> BadSetting:
    """Turn the first thing pydantic found into our sentence; its own text is not used where it could hold the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    name, _, why = ("", "", first["msg"].removeprefix("Value error, "))
    if first["loc"]:
        name = str(first["loc"][0])
    elif ": " in why:
        name, _, why = why.partition(": ")
    if first["type"] == "missing":
        why = "it must be set"
    return BadSetting(name, say("{name}: {why}.", name=_shown(name), why=why.rstrip(".")))
