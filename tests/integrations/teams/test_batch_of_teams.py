"""Our own ``$batch``: no more at once than may go, order kept, what is answered 429 repeated, nothing forgotten."""

from __future__ import annotations

import json

import pytest

from coplink.ports.errors import OutcomeUnknown, Throttled, Unavailable
from coplink.sandbox.weather import Rule
from coplink_teams.batch import Part, send_parts


@pytest.fixture
def graph(rig):
    return rig.connect()._graph


@pytest.fixture
def envelopes(rig):
    """The parts of each envelope that was sent."""
    sent: list[list[dict]] = []

    def note(request, response):
        if request.path.endswith("$batch"):
            sent.append(json.loads(request.get_data())["requests"])
        return ()

    rig.wire.checks.append(note)
    return sent


def asking(rig, after=None):
    return Part("GET", lambda g: g.teams.by_team_id(rig.wire.district.host_team), after=after)


def missing(after=None):
    return Part("GET", lambda g: g.teams.by_team_id("nowhere"), after=after)


def statuses(answers):
    return [answer.status for answer in answers]


def ids(envelope):
    return [int(part["id"]) for part in envelope]


@pytest.fixture
def three_at_once(graph, monkeypatch):
    monkeypatch.setattr(graph.quota, "granted", lambda *call: 3)


def test_an_envelope_holds_twenty_at_most_and_addresses_are_relative(rig, graph, envelopes):
    assert statuses(send_parts(graph, [asking(rig)] * 45, "teams")) == [200] * 45
    assert [len(envelope) for envelope in envelopes] == [20, 20, 5]
    assert {part["url"] for part in envelopes[0]} == {f"/teams/{rig.wire.district.host_team}"}


def test_no_more_go_together_than_the_limit_of_a_team_lets_go(rig, graph, envelopes, three_at_once):
    assert statuses(send_parts(graph, [asking(rig)] * 7, "teams")) == [200] * 7
    assert [ids(envelope) for envelope in envelopes] == [[0, 1, 2], [3, 4, 5]], "the last one goes alone"
    envelopes.clear()
    parts = [asking(rig)] * 5 + [missing()] * 4
    assert statuses(send_parts(graph, parts, "teams")) == [200] * 5 + [404] * 4
    assert [ids(envelope) for envelope in envelopes] == [[0, 1, 2, 5, 6, 7], [3, 4, 8]], (
        "each team for itself"
    )


def test_nothing_to_send_is_nothing_sent(rig, graph):
    assert send_parts(graph, [], "teams") == []
    assert rig.wire.calls == []


def test_what_depends_on_a_part_follows_it(rig, graph, envelopes):
    assert statuses(send_parts(graph, [asking(rig), asking(rig, after=0)], "teams")) == [200, 200]
    assert [part.get("dependsOn") for part in envelopes[0]] == [None, ["0"]]
    assert statuses(send_parts(graph, [missing(), asking(rig, after=0), asking(rig)], "teams")) == [
        404,
        404,
        200,
    ]


def test_a_chain_longer_than_what_may_go_keeps_its_order(rig, graph, envelopes, three_at_once):
    parts = [asking(rig), *[asking(rig, after=0)] * 4]
    assert statuses(send_parts(graph, parts, "teams")) == [200] * 5
    assert [[part.get("dependsOn") for part in envelope] for envelope in envelopes] == [
        [None, ["0"], ["0"]],
        [None, None],
    ]
    rig.wire.calls.clear()
    parts = [missing(), *[missing(after=0)] * 4]
    assert statuses(send_parts(graph, parts, "teams")) == [404] * 5
    assert len(rig.wire.calls) == 2, "one part and its envelope: what follows is not even sent"


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}], ids=["without", "with"])
def test_only_what_was_answered_429_is_repeated_with_what_waits_for_it(rig, graph, envelopes, headers):
    rig.wire.weather.add(Rule("GET .*/teams/", "answer", status=429, headers=headers, skip=1))
    answers = send_parts(graph, [asking(rig), asking(rig), asking(rig, after=1), asking(rig)], "teams")
    assert statuses(answers) == [200] * 4
    assert [answer.again for answer in answers] == [False, True, True, False]
    assert [ids(envelope) for envelope in envelopes] == [[0, 1, 2, 3], [1, 2]]


def test_three_times_429_is_the_answer(rig, graph):
    rig.wire.weather.add(Rule("GET .*/teams/", "answer", status=429, times=9))
    assert statuses(send_parts(graph, [asking(rig), asking(rig, after=0), asking(rig)], "teams")) == [429] * 3
    assert [call.status for call in rig.wire.calls if "/teams/" in call.path] == [429] * 6
    rig.wire.weather.clear()
    rig.wire.calls.clear()
    rig.wire.weather.add(Rule("GET .*/teams/", "answer", status=429, times=9))
    assert statuses(send_parts(graph, [asking(rig)], "teams")) == [429]
    assert len(rig.wire.calls) == 3, "alone as in an envelope"


def test_an_envelope_that_was_not_taken_is_raised_unless_something_was_sent_before(rig, graph, three_at_once):
    rig.wire.weather.add(Rule("batch", "answer", status=429, headers={"Retry-After": "7"}))
    with pytest.raises(Throttled) as slow:
        send_parts(graph, [asking(rig)] * 5, "teams")
    assert slow.value.retry_after == 7
    rig.wire.weather.add(Rule("batch", "answer", status=429, headers={"Retry-After": "7"}, skip=1))
    answers = send_parts(graph, [asking(rig)] * 5, "teams")
    assert statuses(answers[:3]) == [200] * 3
    assert all(isinstance(answer, Throttled) for answer in answers[3:])


def test_a_lost_envelope_leaves_its_parts_in_doubt(rig, graph, three_at_once):
    rig.wire.weather.add(Rule("batch", "lose", skip=1))
    answers = send_parts(graph, [asking(rig)] * 6, "teams")
    assert statuses(answers[:3]) == [200] * 3
    assert all(isinstance(answer, OutcomeUnknown) for answer in answers[3:])


def test_a_part_without_an_answer_is_in_doubt_and_the_others_are_not(rig, graph):
    body = {"responses": [{"id": "1", "status": 200, "body": {"id": "x"}}]}
    rig.wire.weather.add(Rule("batch", "answer", status=200, body=body))
    lost, found = send_parts(graph, [asking(rig)] * 2, "teams")
    assert isinstance(lost, OutcomeUnknown)
    assert found.json() == {"id": "x"}


def test_a_reading_answered_503_is_unavailable_and_then_there(rig, graph):
    at = lambda g: g.teams.by_team_id(rig.wire.district.host_team)  # noqa: E731
    rig.wire.weather.add(Rule("GET .*/teams/", "answer", status=503, headers={"Retry-After": "4"}))
    with pytest.raises(Unavailable) as away:
        graph.get(at, service="teams")
    assert away.value.retry_after == 4
    assert graph.get(at, service="teams")["id"] == rig.wire.district.host_team
