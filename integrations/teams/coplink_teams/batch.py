"""Our own ``$batch``: at most 20 parts an envelope, parts answered 429 repeated, each answer looked at.

The kit's batch classes are not used: they need a package they do not declare, write absolute addresses and misspell
``dependsOn`` (msgraph-core 1.5).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coplink.ports.errors import IntegrationError, OutcomeUnknown, UnexpectedReply
from coplink_teams.answers import Answer
from coplink_teams.calls import Builder, Graph
from coplink_teams.replies import accepted

SIZE = 20
ROUNDS = 3
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch."""

    method: str
    at: Builder
    body: Mapping[str, Any] | None = None


def send_parts(graph: Graph, parts: Sequence[Part], service: str) -> list[Answer | IntegrationError]:
    """One answer a part, in order. A part whose fate is not known gets ``OutcomeUnknown``; an envelope that was
    certainly not carried out raises when nothing was sent before it.
    """
    if len(parts) == 1:
        return [_single(graph, parts[0], service)]
    answers: list[Answer | IntegrationError | None] = [None] * len(parts)
    for first in range(0, len(parts), SIZE):
        due = list(range(first, min(first + SIZE, len(parts))))
        for turn in range(ROUNDS):
            try:
                got = _envelope(graph, [(n, parts[n]) for n in due], service)
            except IntegrationError as error:
                if not isinstance(error, OutcomeUnknown) and all(answer is None for answer in answers):
                    raise
                for n in range(due[0], len(parts)):
                    if answers[n] is None or n in due:
                        answers[n] = error
                return [answer if answer is not None else error for answer in answers]
            for n in due:
                answers[n] = got.get(n) or OutcomeUnknown("POST /$batch a part without an answer")
            again = {n: answer for n, answer in got.items() if answer.status == 429}
            due = list(again)
            wait = max((answer.retry_after or 1.0 for answer in again.values()), default=0.0)
            if not due or wait > PATIENCE or turn == ROUNDS - 1:
                break
            time.sleep(wait)
    return [answer for answer in answers if answer is not None]


def _envelope(graph: Graph, parts: Sequence[tuple[int, Part]], service: str) -> dict[int, Answer]:
    requests = []
    for n, part in parts:
        request: dict[str, Any] = {
            "id": str(n),
            "method": part.method,
            "url": graph.relative(part.method, part.at),
        }
        if part.body is not None:
            request |= {"headers": {"Content-Type": "application/json"}, "body": part.body}
        requests.append(request)
    envelope = graph.send(
        "POST", f"{graph.base}/$batch", service=service, body={"requests": requests},
        operation="POST /$batch", among=[(one["method"], one["url"]) for one in requests],
    )  # fmt: skip
    if 200 < envelope.status < 300:
        raise OutcomeUnknown(envelope.detail("no envelope"))
    if envelope.status != 424:  # seen where parts fail; its body is that of a 200
        accepted(envelope, 200)
    answers: dict[int, Answer] = {}
    methods = {n: part.method for n, part in parts}
    addresses = {int(one["id"]): one["url"] for one in requests}
    try:
        for one in envelope.json()["responses"]:
            n = int(one["id"])
            headers = {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}
            body = json.dumps(one["body"]).encode() if one.get("body") is not None else b""
            answers[n] = Answer(
                f"{methods[n]} in $batch", int(one["status"]), headers, body, methods[n] != "GET"
            )
            graph.quota.answered(service, methods[n], addresses[n], answers[n])
    except (UnexpectedReply, LookupError, TypeError, ValueError, AttributeError) as error:
        # the parts were carried out, or not: nobody can tell
        raise OutcomeUnknown(f"POST /$batch {type(error).__name__}") from error
    return answers


def _single(graph: Graph, part: Part, service: str) -> Answer | IntegrationError:
    try:
        return graph.send(part.method, part.at, service=service, body=part.body)
    except OutcomeUnknown as error:
        return error
