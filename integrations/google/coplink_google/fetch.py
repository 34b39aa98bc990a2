"""Small fetches beside the API: tokens and published keys. Bounded in time and size, no redirects, one attempt."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from coplink_google.options import is_loopback

LARGEST = 256 * 1024


class NoAnswer(Exception):
    """No usable answer; the text names what happened and holds nothing of a body."""


def fetch_json(
    url: str, timeout: float, form: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, Any], Mapping[str, str]]:
    """Status, JSON object and headers of a GET, or of a POST of ``form``; ``timeout`` in seconds bounds all of it."""
    ends = time.monotonic() + timeout
    trust_env = not is_loopback(urlsplit(url).hostname)  # a school's proxy is for the outside
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=False, trust_env=trust_env) as client,
            client.stream("POST" if form is not None else "GET", url, data=form) as response,
        ):
            content = b""
            for chunk in response.iter_bytes(65_536):
                content += chunk
                if len(content) > LARGEST or time.monotonic() > ends:
                    raise NoAnswer("the answer is too large or too slow")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(type(error).__name__) from None
    try:
        body = httpx.Response(200, content=content).json()
    except ValueError:
        raise NoAnswer(f"status {response.status_code}, no JSON") from None
    if not isinstance(body, dict):
        raise NoAnswer(f"status {response.status_code}, no JSON object")
    return response.status_code, body, response.headers
