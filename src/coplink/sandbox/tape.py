"""Every request to a sandbox with its answer, one line of JSON each, for a check after the play is over.

Off unless ``SANDBOX_TAPE`` names a folder; then each process writes a file of its own there, up to a bound.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from coplink.sandbox.wire import Wire

VARIABLE = "SANDBOX_TAPE"
LONGEST = 64 * 1024 * 1024
FULL = {"full": True}


class Tape:
    """One sandbox's tape; hung among the ``checks`` of its wire."""

    def __init__(self, folder: str, wire: Wire) -> None:
        self._file = Path(folder) / f"{wire.key or 'sandbox'}-{os.getpid()}.jsonl"
        self._wire, self._told, self._size = wire, 0, 0
        self._lock = threading.Lock()

    def __call__(self, request: Request, response: Response) -> Iterable[str]:
        """Write one line; finds nothing wrong itself."""
        with self._lock:
            found = self._wire.violations[self._told :]
            self._told += len(found)
            line = json.dumps(
                {
                    "method": request.method,
                    "path": request.path,
                    "sent": request.get_data(as_text=True),
                    "status": response.status_code,
                    "received": response.get_data(as_text=True),
                    "violations": found,
                }
            )
            if self._size < LONGEST:
                self._size += len(line)
                with self._file.open("a", encoding="utf-8") as tape:
                    tape.write(f"{line if self._size < LONGEST else json.dumps(FULL)}\n")
        return ()


def hung_on(wire: Wire) -> None:
    """Tape this sandbox, where that is asked for."""
    folder = os.environ.get(VARIABLE)
    if folder:
        wire.checks.append(Tape(folder, wire))
