"""A sealer for the tests of jobs, as small as one can be and still seal."""

from __future__ import annotations

import hashlib
import hmac
import json

from cryptography.fernet import Fernet


class FernetSealer:
    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._fernet = Fernet(self._key)

    def seal(self, owner: str, purpose: str, value: str) -> str:
        return self._fernet.encrypt(json.dumps([owner, purpose, value]).encode()).decode()

    def open(self, owner: str, purpose: str, sealed: str) -> str:
        found = json.loads(self._fernet.decrypt(sealed.encode()))
        assert found[:2] == [owner, purpose]
        return found[2]

    def keyed_hash(self, purpose: str, *parts: str) -> str:
        return hmac.new(self._key, json.dumps([purpose, *parts]).encode(), hashlib.sha256).hexdigest()
