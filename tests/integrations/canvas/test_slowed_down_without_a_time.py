"""Canvas says "slow down" and not for how long: calls wait a second, and twice as long each time it says so again."""

from __future__ import annotations

import pytest

from coplink.pace import Asks, asking
from coplink.ports.errors import Throttled
from coplink.testing.pacing import Hourglass


@pytest.mark.parametrize(
    "refusal",
    [{"status": 429}, {"status": 403, "body": "403 Forbidden (Rate Limit Exceeded)\n"}],
    ids=["429", "403"],
)
def test_the_wait_doubles_while_canvas_names_no_time(canvas, refusal):
    glass = Hourglass()
    canvas.pace = glass.pacer().of("riverbend", "canvas")
    client = canvas.connect().calendar._client
    with asking(Asks.HOUSE):
        for waits in (0.0, 1.0, 2.0):
            canvas.rain("^GET /api/v1/courses/101", **refusal)
            began = glass.now
            with pytest.raises(Throttled) as slow:
                client.course("101")
            assert slow.value.retry_after is None
            assert glass.now - began >= waits
        began = glass.now
        assert client.course("101")["id"] == 101
        assert glass.now - began >= 4.0
