"""What has ended is forgotten after a while (guard rail G8): the store holds work, not history."""

from __future__ import annotations

from datetime import datetime, timedelta

from dbos import DBOSClient

ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
BATCH = 500
MOST_BATCHES = 40


def forget_ended(client: DBOSClient, now: datetime, keep: timedelta) -> int:
    """Delete jobs and ticks that ended longer than ``keep`` ago, a bounded number at a time, and say how many."""
    before = (now - keep).isoformat()
    count = 0
    for _ in range(MOST_BATCHES):
        ended = client.list_workflows(
            status=ENDED, completed_before=before, limit=BATCH, load_input=False, load_output=False
        )
        if not ended:
            break
        client.delete_workflows([each.workflow_id for each in ended])
        count += len(ended)
        if len(ended) < BATCH:
            break
    return count
