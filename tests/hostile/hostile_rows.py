"""The whole table, in the order of its numbers."""

from __future__ import annotations

import rows_login
import rows_state
from hostile_case import Case

TABLES = (rows_login, rows_state)
CASES: list[Case] = [case for table in TABLES for case in table.CASES]
