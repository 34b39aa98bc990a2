"""Fresh secrets: random tokens for links, watches and sessions (256 bits unless a person must type it)."""

from __future__ import annotations

import hashlib
import secrets


def fresh_token(size: int = 32) -> str:
    """A random URL-safe token of ``size`` bytes."""
    return secrets.token_urlsafe(size)


def hashed(token: str) -> str:
    """How a token is looked up: SHA-256, hex. Good enough because tokens are random, never chosen."""
    return hashlib.sha256(token.encode()).hexdigest()
