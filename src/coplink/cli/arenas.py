"""One heap for all threads, where the C library is glibc: each new thread would get a heap of its own.

What one thread gives back, another then cannot use: a worker over large places kept several MiB more. Under Python's
own lock threads hardly ever ask for memory at the same time. Source: mallopt(3), ``M_ARENA_MAX``.
"""

from __future__ import annotations

import ctypes
import os

M_ARENA_MAX = -8
ARENAS = 1


def share_one_heap() -> bool:
    """Before there are threads; whether it was done. What an operator has set stays, and so does another C library."""
    chosen = os.environ.get("MALLOC_ARENA_MAX") or "malloc.arena_max" in os.environ.get("GLIBC_TUNABLES", "")
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):  # a system without dlopen of the program itself
        return False
    if chosen or not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(library.mallopt(M_ARENA_MAX, ARENAS))
