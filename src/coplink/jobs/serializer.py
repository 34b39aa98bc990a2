"""What dbos writes down about a job, sealed (guard rail G4): JSON inside ``ports.Sealer``, never a pickle."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dbos import Serializer

from coplink.ports.sealing import Sealer

OWNER, PURPOSE = "coplink", "job"
_TIME, _ERROR = "$time", "$error"


class JobFailed(Exception):
    """A job that ended in an error. Only the kind of error is kept: its text may hold what no store should."""


class SealedJson(Serializer):
    """Seals everything dbos stores of a job; readable again with any key the sealer still knows."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def name(self) -> str:
        return "coplink_sealed_json"

    def serialize(self, data: Any) -> str:
        return self._sealer.seal(OWNER, PURPOSE, json.dumps(data, default=_plain, separators=(",", ":")))

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(self._sealer.open(OWNER, PURPOSE, serialized_data), object_hook=_restored)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, BaseException):
        return {_ERROR: str(value) if isinstance(value, JobFailed) else type(value).__name__}
    raise TypeError(f"a {type(value).__name__} does not belong into a job: pass numbers and ids")


def _restored(found: dict[str, Any]) -> object:
    if found.keys() == {_TIME}:
        return datetime.fromisoformat(found[_TIME])
    if found.keys() == {_ERROR}:
        return JobFailed(found[_ERROR])
    return found
