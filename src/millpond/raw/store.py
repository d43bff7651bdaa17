"""The object-store seam: where objects and batch files lie, by key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Protocol, TypeAlias

from millpond.errors import Invalid

#: The entry points that object stores are registered under.
SEAM = "millpond.object_stores"

#: Bytes, or a file mapped into memory: it may be bigger than that.
Data: TypeAlias = bytes | mmap

_PART = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as a listing shows it; `modified` is in microseconds since 1970."""

    key: str
    size: int
    modified: int


class ObjectStore(Protocol):
    """Bytes by key. A key is parts joined by ``/``, such as ``objects/3f/0192...3f``."""

    def put(self, key: str, data: Data) -> None:
        """Keep bytes; when this returns they survive a loss of power.

        A reader sees all of them or, before this returns, nothing or what the key
        held before.

        Raises:
            DiskFull: nothing was kept.
            Invalid: the key is malformed.
        """
        ...

    def get(self, key: str) -> bytes:
        """The bytes of a key.

        Raises:
            NotFound: there are none.
        """
        ...

    def delete(self, key: str) -> None:
        """Forget a key, durably; one that is not there is no error."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key begins with the parts of `prefix`, sorted by key.

        ``""`` is everything. Memory does not grow with the number of objects in
        the store.
        """
        ...


def check_key(key: str) -> str:
    """The key itself, when it is well-formed.

    Raises:
        Invalid: a part is empty, starts with a dot, or has other characters than
            letters, digits, ``.``, ``_``, ``=`` and ``-``.
    """
    if len(key) > 512 or not all(_PART.fullmatch(part) for part in key.split("/")):
        raise Invalid(
            f"object key {key!r} is not parts of letters, digits and . _ = - joined by slashes"
        )
    return key
