"""Logs: one line of JSON per entry, from our code and from the libraries alike, without secrets and without people.

    log = logs.get(__name__)
    with logs.bound(institution="in_7", community="co_3", job="reconcile:sp_1:12.0"):
        log.info("reconciled", seated=3)

One filter stands before the writer, so nothing passes beside it: values under telling names (``token``, ``password``,
``email`` ...) are left out, and texts that look like a token, an e-mail address or a secret in an address are blanked
wherever they stand, exception texts included. What an entry is about is said with ids.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog

HIDDEN = "[hidden]"

# Whole names that mean a person, and parts of names that mean a secret.
PERSONAL = re.compile(
    r"^(e?_?mail|e_mail|upn|login|login_id|sub|phone|address|body|payload|nickname|preferred_username"
    r"|((display|full|given|family|first|last|person|principal|user|login)_?)*name|user_?principal_?name)$",
    re.IGNORECASE,
)
SECRET = re.compile(
    r"token|secret|passw|authori[sz]ation|cookie|credential|assertion|api_?key|private_?key|master_?key|client_?state"
    r"|signature|csrf|nonce|(^|_)(jwt|pem|otp)$",
    re.IGNORECASE,
)
PATTERNS = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, flags, replacement in (
        (r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|\Z)", re.DOTALL, HIDDEN),
        (r"\beyJ[\w-]{5,}(\.[\w-]*){1,4}", 0, HIDDEN),  # JWT and JWE, whole or cut off
        (r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE, rf"\1 {HIDDEN}"),
        (r"\bgAAAA[\w-]{20,}={0,2}", 0, HIDDEN),  # a sealed value of ours
        (r"\bya29\.[\w.-]+", 0, HIDDEN),  # a Google access token
        (r"\b\d{1,6}~[A-Za-z0-9]{16,}", 0, HIDDEN),  # a Canvas access token
        (r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)", 0, HIDDEN),  # name and password in an address
        (
            r"((?:token|secret|passw(?:or)?d|assertion|client_?state|nonce|(?:api|private|master|client)_?key"
            r"|_hint|\bsig)['\"]?\s*[=:]\s*['\"]?)([^\s&'\",;})]{6,})",
            re.IGNORECASE,
            rf"\1{HIDDEN}",
        ),
        (r"([?&](?:code|state|key|session|s)=)[^\s&'\"]+", re.IGNORECASE, rf"\1{HIDDEN}"),
        (r"[\w.+%'-]+(@|%40)[\w-]+(\.[\w-]+)+", 0, HIDDEN),  # an e-mail address, a calendar's address
        (r"(?<=/feed/)[^/\s?]+", 0, HIDDEN),  # the secret part of a feed's address
    )
)
TOO_LONG = 10_000

get = structlog.stdlib.get_logger


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log entry of this process through the one filter to ``stream`` (stderr); calling again replaces it."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        without_secrets,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    writer = logging.StreamHandler(stream or sys.stderr)
    writer.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [writer]
    root.setLevel(level)
    # What libraries say in passing is theirs; some of them write whole addresses with their queries.
    for chatty in (
        "httpx",
        "httpcore",
        "urllib3",
        "msal",
        "googleapiclient",
        "google",
        "werkzeug",
        "alembic",
        "canvasapi",
    ):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # dbos and gunicorn bring writers of their own unless theirs are taken: then they would pass beside the filter.
    for own in ("dbos", "gunicorn.error", "gunicorn.access"):
        theirs = logging.getLogger(own)
        theirs.handlers[:] = [writer]
        theirs.propagate = False
    logging.captureWarnings(True)


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Bind ids (institution, community, job) to every entry written inside; they end with the block."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def without_secrets(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out what an entry must not hold. The only way to the writer leads through here."""
    return {key: _kept(key, value) for key, value in entry.items()}


def clean(text: str) -> str:
    """Blank what looks like a secret or an e-mail address in a text."""
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text if len(text) <= TOO_LONG else text[:TOO_LONG] + " ..."


def _kept(key: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if PERSONAL.match(key) or SECRET.search(key):
        return HIDDEN
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {clean(str(inner)): _kept(str(inner), kept) for inner, kept in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_kept("", inner) for inner in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    return clean(str(value))
