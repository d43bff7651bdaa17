"""Passwords, hashed with Argon2id (RFC 9106)."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from millpond.errors import Invalid

SHORTEST = 10
LONGEST = 1024

_hasher = PasswordHasher()
# Each check takes 64 MiB for a moment; more than a few at once would be a burden.
_few = threading.BoundedSemaphore(4)


def new_password() -> str:
    """A random password of 108 bits, to be shown once."""
    return secrets.token_urlsafe(18)[:18]


def hash_password(password: str) -> str:
    """The hash that is kept.

    Raises:
        Invalid: the password is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"a password has from {SHORTEST} to {LONGEST} characters")
    with _few:
        return _hasher.hash(password)


def is_password(password: str, kept: str | None) -> bool:
    """Whether a password is the one of a kept hash.

    Without a hash, for a user that does not exist, it takes the same time and is False.
    """
    if len(password) > LONGEST:
        return False
    with _few:
        try:
            right = _hasher.verify(kept or _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return right and kept is not None


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe())
