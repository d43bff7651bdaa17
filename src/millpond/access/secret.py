"""Random secrets that are kept as hashes only: tokens and session ids."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """A new random text of 256 bits behind a prefix."""
    return prefix + secrets.token_urlsafe(_BYTES)


def fingerprint(secret: str) -> str:
    """The SHA-256 under which a secret is kept and found.

    A secret of 256 random bits needs no slow hash. It is looked up by this
    fingerprint, so the time that a look-up takes tells nothing about the secret.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
