"""The region's process: four sandboxes and the start page, each on its own loopback port, one durable store.

python -m coplink.cli.demo.region FOLDER TOOL_URL PORTS_AS_JSON
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from pathlib import Path

from coplink import registry
from coplink.cli.demo.start_page import StartPage
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Wire, serve

HOST = "localhost"


def main(folder: Path, tool_url: str, ports: dict[str, int]) -> None:
    """Serve until told to stop."""
    place = region(tool_url)
    store = Store(folder / "region.sqlite")
    wires: dict[str, Wire] = {
        key: make(place, store, time.time) for key, make in registry.sandboxes().items()
    }
    served = [serve(wire, HOST, ports[key]) for key, wire in wires.items()]
    served.append(serve(StartPage(place, store, list(wires.values()), folder), HOST, ports["start"]))
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    ended.wait()
    for server in served:
        server.stop()
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
