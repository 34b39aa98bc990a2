"""The whole table, in the order of its numbers."""

from __future__ import annotations

import rows_accepted
import rows_keys
import rows_login
import rows_lti
import rows_registered
import rows_size
import rows_state
import rows_token
from hostile_case import Case

TABLES = (
    rows_login,
    rows_state,
    rows_token,
    rows_keys,
    rows_registered,
    rows_lti,
    rows_size,
    rows_accepted,
)
CASES: list[Case] = [case for table in TABLES for case in table.CASES]
