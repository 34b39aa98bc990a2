"""Keeps our share of Google's published quotas, per call, before a call is made.

Sources (November 2026): Directory 2,400 queries a minute and account; Drive 12,000 a minute (projects made before May
2026, the stricter rule); Calendar 600 a minute and account; Groups Settings is counted with the Directory API's figure.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from pyrate_limiter import InMemoryBucket, Limiter, Rate
from pyrate_limiter.limiter import SingleBucketFactory

from coplink.core.words import say
from coplink.ports.errors import Throttled

PER_MINUTE: Mapping[str, int] = {"drive": 12_000, "calendar": 600, "directory": 2_400, "settings": 2_400}
PATIENCE = 2.0
MINUTE = 60_000


class Quota:
    """One bucket per API; a call waits at most ``PATIENCE`` seconds for its turn, then ``Throttled`` is raised."""

    def __init__(self, share: float, per_minute: Mapping[str, int] = PER_MINUTE) -> None:
        self._buckets = {
            api: InMemoryBucket([Rate(max(1, int(limit * share)), MINUTE)])
            for api, limit in per_minute.items()
        }
        # without the library's own sweeping thread: a connection must not cost a thread
        self._limiters = {
            api: Limiter(SingleBucketFactory(bucket, schedule_leak=False))
            for api, bucket in self._buckets.items()
        }

    def take(self, api: str) -> None:
        """Take one call's worth, or raise ``Throttled`` with the seconds to wait."""
        bucket, limiter = self._buckets[api], self._limiters[api]
        bucket.leak(time.monotonic_ns() // 1_000_000)
        ends = time.monotonic() + PATIENCE
        while not limiter.try_acquire(api, blocking=False):
            if time.monotonic() >= ends:
                raise Throttled(
                    say("coplink has used its share of Google's quota for this minute."),
                    f"own quota: {api}",
                    20.0,
                )
            time.sleep(0.05)
