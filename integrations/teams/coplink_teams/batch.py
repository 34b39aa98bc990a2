"""Our own ``$batch``: as many parts an envelope as may go at once, what is answered 429 is repeated.

The kit's batch classes are not used: they need a package they do not declare, write absolute addresses and misspell
``dependsOn`` (msgraph-core 1.5). Microsoft carries out parts that depend on another one after it, and answers 424 when
that one failed; a part answered 429 may have been carried out all the same, so everything sent here may be sent twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coplink.ports.errors import IntegrationError, OutcomeUnknown, UnexpectedReply
from coplink_teams.answers import Answer
from coplink_teams.calls import Builder, Graph, Query
from coplink_teams.replies import accepted

SIZE = 20  # parts in one envelope (Microsoft, "Combine multiple HTTP requests using JSON batching")
ROUNDS = 3  # times that one part is sent at most
FAILED_BEFORE = 424


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch; ``after`` is the number of the part that must have succeeded before, an earlier one."""

    method: str
    at: Builder
    body: Mapping[str, Any] | None = None
    query: Query = None
    after: int | None = None


Got = Answer | IntegrationError


def send_parts(graph: Graph, parts: Sequence[Part], service: str) -> list[Got]:
    """One answer a part, in order. A part whose fate is not known gets ``OutcomeUnknown``, one whose cause failed the
    answer of that one. What was certainly not carried out raises when nothing was sent before it.
    """
    ended: dict[int, Got] = {}
    throttled: dict[int, Answer] = {}
    sent = Counter[int]()
    due = list(range(len(parts)))
    while due:
        chosen = _fitting(graph, parts, due, service)
        try:
            answers = _exchange(graph, [(n, parts[n]) for n in chosen], service)
        except IntegrationError as error:
            unknown = isinstance(error, OutcomeUnknown)
            if not (unknown or ended or throttled):
                raise
            # what was asked to wait has an answer, unless this was its turn and nobody knows how that ended
            for n in due:
                ended[n] = error if (unknown and n in chosen) or n not in throttled else throttled[n]
            break
        sent.update(chosen)
        for n in chosen:
            got = answers[n]
            if sent[n] > 1 and isinstance(got, Answer):
                got = replace(got, again=True)
            if isinstance(got, Answer) and got.status == 429 and sent[n] < ROUNDS:
                throttled[n] = got
            elif not (isinstance(got, Answer) and got.status == FAILED_BEFORE and parts[n].after in due):
                ended[n] = got
            elif parts[n].after in ended:
                ended[n] = ended[parts[n].after]  # type: ignore[index]  # not None: it is among the due
        for n in due:  # those that were not sent because what they wait for has failed
            cause = parts[n].after
            if n not in ended and cause in ended and _failed(ended[cause]):
                ended[n] = ended[cause]
        due = [n for n in due if n not in ended]
    return [ended[n] for n in range(len(parts))]


def _fitting(graph: Graph, parts: Sequence[Part], due: Sequence[int], service: str) -> list[int]:
    """The next parts that may go together: no more of one team, mailbox … than its limit lets go at once."""
    rooms: dict[object, int] = {}
    chosen: list[int] = []
    for n in due:
        address = graph.relative(parts[n].method, parts[n].at, parts[n].query)
        limits = graph.quota.limits(service, parts[n].method, address)
        if limits not in rooms:
            rooms[limits] = graph.quota.granted(service, parts[n].method, address)
        waits = parts[n].after in due and parts[n].after not in chosen
        if rooms[limits] > 0 and not waits:
            rooms[limits] -= 1
            chosen.append(n)
        if len(chosen) == SIZE:
            break
    return chosen


def _exchange(graph: Graph, parts: Sequence[tuple[int, Part]], service: str) -> Mapping[int, Got]:
    if len(parts) > 1:
        return _envelope(graph, parts, service)
    number, part = parts[0]
    return {number: graph.send(part.method, part.at, service=service, query=part.query, body=part.body)}


def _envelope(graph: Graph, parts: Sequence[tuple[int, Part]], service: str) -> Mapping[int, Got]:
    numbers = {n for n, _ in parts}
    requests = [_request(graph, n, part, numbers) for n, part in parts]
    envelope = graph.send(
        "POST", f"{graph.base}/$batch", service=service, body={"requests": requests},
        operation="POST /$batch", among=[(one["method"], one["url"]) for one in requests],
    )  # fmt: skip
    if 200 < envelope.status < 300:
        raise OutcomeUnknown(envelope.detail("no envelope"))
    if envelope.status != FAILED_BEFORE:  # seen where parts fail; its body is that of a 200
        accepted(envelope, 200)
    asked = {str(one["id"]): one for one in requests}
    got: dict[int, Got] = {n: OutcomeUnknown("POST /$batch a part without an answer") for n in numbers}
    try:
        for one in envelope.json()["responses"]:
            request = asked[str(one["id"])]
            headers = {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}
            body = json.dumps(one["body"]).encode() if one.get("body") is not None else b""
            method = request["method"]
            answer = Answer(f"{method} in $batch", int(one["status"]), headers, body, method != "GET")
            graph.quota.answered(service, method, request["url"], answer)
            got[int(request["id"])] = answer
    except (UnexpectedReply, LookupError, TypeError, ValueError, AttributeError) as error:
        # the parts were carried out, or not: nobody can tell
        raise OutcomeUnknown(f"POST /$batch {type(error).__name__}") from error
    return got


def _request(graph: Graph, number: int, part: Part, together: set[int]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "id": str(number),
        "method": part.method,
        "url": graph.relative(part.method, part.at, part.query),
    }
    if part.body is not None:
        request |= {"headers": {"Content-Type": "application/json"}, "body": part.body}
    if part.after in together:
        request["dependsOn"] = [str(part.after)]
    return request


def _failed(got: Got) -> bool:
    return isinstance(got, IntegrationError) or got.status >= 400
