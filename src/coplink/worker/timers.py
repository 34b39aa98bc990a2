"""What time makes due: the sweep for work that lost its job, what expired, and the rounds over files and everything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from coplink.engine import preflight
from coplink.engine.sweep import due_by_time, forget, sweep
from coplink.ports.jobs import Tick
from coplink.wiring import Services


def ticks(services: Services) -> Mapping[str, tuple[str, Tick]]:
    """Timers as (cron with seconds first, what to call): they mark, enqueue and forget, they never work."""
    settings = services.settings

    def find() -> None:
        now = services.now()
        forget(services.begin, now)
        due_by_time(
            services.begin,
            now,
            timedelta(minutes=settings.collect_minutes),
            timedelta(hours=settings.full_round_hours),
        )
        preflight.at_work(services.begin, now)
        preflight.due(services.begin, now, timedelta(hours=settings.full_round_hours))
        sweep(services.begin, services.jobs, now)

    return {"sweep": (every(settings.sweep_seconds), find)}


def every(seconds: float) -> str:
    """A cron line that comes round about every so many seconds: whole seconds under a minute, else whole minutes."""
    if seconds < 60:
        return f"*/{max(1, round(seconds))} * * * * *"
    return f"0 */{min(59, round(seconds / 60))} * * * *"
