"""The master key of one machine: made once, kept in the data folder, readable by its owner only.

It seals every secret in the database, so it is worth a place in the backup, but not the same place as the database.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
import tempfile
from pathlib import Path

from coplink.core.errors import BadSetting
from coplink.core.words import say

KEY_FILE = "master.key"


def kept_key(folder: Path, *, fresh: bool) -> str:
    """Read the folder's master key, or make it. Two processes that start together end with the same one."""
    path = folder / KEY_FILE
    if not path.exists():
        if not fresh:  # a new key could not open what the old one sealed: better no start than half of one
            sentence = say(
                "{name}: the data folder holds a database, but its master.key is missing.",
                name="COPLINK_MASTER_KEYS",
            )
            raise BadSetting("master_keys", sentence)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".master-")  # mode 0600 from the first byte
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)).decode("ascii") + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # all or nothing, and never over one that is already there
        except FileExistsError:
            pass
        finally:
            os.unlink(temporary)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        sentence = say(
            "{name}: master.key can be read by others; run: chmod 600 master.key", name="COPLINK_DATA_DIR"
        )
        raise BadSetting("data_dir", sentence)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if not is_key(key):
        raise BadSetting(
            "master_keys",
            say("{name}: master.key in the data folder is damaged.", name="COPLINK_MASTER_KEYS"),
        )
    return key


def is_key(text: str) -> bool:
    try:
        return len(text) == 44 and len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False
