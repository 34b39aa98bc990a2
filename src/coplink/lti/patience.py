"""An end to every call: a connection whose call takes too long is cut, whatever its other side still sends.

A time-out between two bytes does not end an answer that comes one byte at a time, in its first line or in a handshake.
One thread of this process looks at the calls under way and shuts the connections of those that are late.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator

LOOK_EVERY = 0.25


class Patience:
    """The calls under way and when each must be over; for many threads, one call at a time in each."""

    def __init__(self) -> None:
        self._mine = threading.local()
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._changed = threading.Condition()
        self._ends: dict[socket.socket, float] = {}
        self._watch: threading.Thread | None = None

    @contextlib.contextmanager
    def call(self, seconds: float) -> Iterator[None]:
        """A call of this thread: its connections are cut when it takes longer."""
        self._mine.ends, self._mine.minded, self._mine.over = time.monotonic() + seconds, [], []
        try:
            yield
        finally:
            with self._changed:
                for one in self._mine.minded:
                    self._ends.pop(one, None)
            self._mine.ends = None
            for one in self._mine.over:
                one.close()

    def mind(self, connection: socket.socket) -> None:
        """A connection of the call under way in this thread."""
        ends = getattr(self._mine, "ends", None)
        if ends is None:
            return
        with self._changed:
            self._ends[connection] = ends
            self._mine.minded.append(connection)
            if self._watch is None:
                self._watch = threading.Thread(target=self._look, name="patience", daemon=True)
                self._watch.start()
            self._changed.notify()

    def done_with(self, connection: socket.socket) -> None:
        """Close a connection, after the call under way: its answer may still be coming in."""
        if getattr(self._mine, "ends", None) is None:
            connection.close()
        else:
            self._mine.over.append(connection)

    def _look(self) -> None:
        while True:
            with self._changed:
                while not self._ends:
                    self._changed.wait()
                now = time.monotonic()
                for late in [one for one, ends in self._ends.items() if ends <= now]:
                    del self._ends[late]
                    with contextlib.suppress(OSError):  # over already
                        late.shutdown(socket.SHUT_RDWR)
            time.sleep(LOOK_EVERY)


PATIENCE = Patience()
"""The one of this process."""
