"""Batches, pretended: one multipart envelope; every part is routed, limited, checked and counted like a call.

Kept: the parts of a batch are of one API; parts are answered in any order, each by its ``Content-ID``; a part without a
token of its own has the envelope's. On a shared drive one address that is no Google account spoils every later part of
the same batch, and when it comes first, all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus

from werkzeug.wrappers import Request, Response

from coplink.sandbox.wire import Refuse
from coplink_google.sandbox.frame import Frame

PATHS: Mapping[str, tuple[str, int]] = {
    "/batch": ("/admin/directory/v1/", 1000),
    "/batch/drive/v3": ("/drive/v3/", 100),
    "/batch/calendar/v3": ("/calendar/v3/", 1000),
}
POISON = "cannotShareTeamDriveWithNonGoogleAccounts"
LONGEST = 8_000
GRANT = re.compile(r"POST /drive/v3/files/[^/]+/permissions")


@dataclass(frozen=True, slots=True)
class Part:
    """One request of an envelope."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: object


class Batch:
    """The envelopes themselves write nothing; their parts do."""

    def __init__(self, wire: Frame) -> None:
        self._wire = wire
        for path in PATHS:
            wire.route("POST", path, self._envelope, write=False)

    def _envelope(self, request: Request) -> Response:
        within, most = PATHS[request.path]
        parts = _parts(request)
        if not 1 <= len(parts) <= most:
            raise Refuse(400, "invalid", f"a batch holds 1 to {most} requests")
        for part in parts:
            if not part.path.startswith(within) or len(part.path) > LONGEST:
                raise Refuse(400, "invalid", "the parts of a batch are of one API, and not too long")
        answers: dict[str, Response] = {}
        poisoned = False
        for part in parts:
            spoiled = poisoned and GRANT.match(f"{part.method} {part.path}")
            answers[part.name] = self._spoil(part) if spoiled else self._answer(request, part)
            poisoned = poisoned or POISON in answers[part.name].get_data(as_text=True)
        return _multipart(dict(reversed(answers.items())))

    def _answer(self, request: Request, part: Part) -> Response:
        token = part.headers.get("Authorization") or request.headers.get("Authorization", "")
        headers = {"Authorization": token, "Content-Type": part.headers.get("Content-Type", "")}
        return self._wire.dispatch(part.method, part.path, headers, part.body)

    def _spoil(self, part: Part) -> Response:
        answer = self._wire.refusal(Refuse(403, POISON, "Sharing with non-Google accounts is not allowed."))
        self._wire.note(part.method, part.path.partition("?")[0], answer.status_code, write=True)
        return answer


def _parts(request: Request) -> list[Part]:
    if request.mimetype != "multipart/mixed":
        raise Refuse(400, "parseError", "Failed to parse batch request")
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.get_data())
    found = [_part(one) for one in message.get_payload()] if message.is_multipart() else []
    if len({one.name for one in found}) != len(found):
        raise Refuse(400, "invalid", "Content-ID must be unique")
    return found


def _part(message: object) -> Part:
    if not isinstance(message, Message) or message.get_content_type() != "application/http":
        raise Refuse(400, "parseError", "Failed to parse batch request")
    name, payload = message.get("Content-ID", ""), message.get_payload(decode=True)
    if not re.fullmatch(r"<[^<>]+>", name) or not isinstance(payload, bytes):
        raise Refuse(400, "parseError", "a part needs a Content-ID")
    line, _, rest = payload.partition(b"\n")
    words = line.decode("ascii", "replace").split()
    if len(words) != 3 or not words[1].startswith("/") or words[1].startswith("//"):
        raise Refuse(400, "parseError", "a part begins with a request line")
    inner = BytesParser().parsebytes(rest)
    text = str(inner.get_payload() or "").strip()
    try:
        body = json.loads(text) if text else None
    except ValueError:
        raise Refuse(400, "parseError", "Parse Error") from None
    return Part(name, words[0], words[1], dict(inner.items()), body)


def _multipart(answers: Mapping[str, Response]) -> Response:
    boundary = "batch_of_the_pretend_google"
    pieces = []
    for name, answer in answers.items():
        status = HTTPStatus(answer.status_code).phrase if answer.status_code in list(HTTPStatus) else "Other"
        headers = {"Content-Type": "application/json; charset=UTF-8", **dict(answer.headers)}
        pieces.append(
            f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <response-{name[1:]}\r\n\r\n"
            f"HTTP/1.1 {answer.status_code} {status}\r\n"
            + "".join(f"{key}: {value}\r\n" for key, value in headers.items())
            + f"\r\n{answer.get_data(as_text=True)}\r\n"
        )
    body = "".join(pieces) + f"--{boundary}--\r\n"
    return Response(body, 200, {"Content-Type": f'multipart/mixed; boundary="{boundary}"'})
