"""Two numbers that both ways of running jobs must share."""

from __future__ import annotations

# A longer wait ends the job; the work then says itself when it goes on.
LONGEST_WAIT_SECONDS = 60.0

# Hints that never stop must not put the work off for ever: after this many quiet times it is done all the same.
MOST_QUIET_TIMES = 5
