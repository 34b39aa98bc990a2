"""The whole table, in the order of its numbers."""

from __future__ import annotations

import rows_accepted
import rows_keys
import rows_login
import rows_lti
import rows_messages
import rows_notices
import rows_registered
import rows_registration
import rows_services
import rows_size
import rows_state
import rows_storage
import rows_token
from hostile_case import Case

TABLES = (
    rows_login,
    rows_state,
    rows_storage,
    rows_token,
    rows_keys,
    rows_registered,
    rows_lti,
    rows_messages,
    rows_services,
    rows_registration,
    rows_notices,
    rows_size,
    rows_accepted,
)
CASES: list[Case] = [case for table in TABLES for case in table.CASES]
SEEN_HERE = [case for case in CASES if not case.seen]
WHERE = {case.key: table.__name__ for table in TABLES for case in table.CASES}
