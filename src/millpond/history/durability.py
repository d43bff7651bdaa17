"""Durability: what is written here is on disk, and not merely handed to the system.

The writer of the Delta log does not fsync on a local disk. After a power cut its
last entry may be empty, and then it is skipped in silence; so whatever a load
counts on is fsynced by us, each file and the folder that names it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from millpond.errors import DiskFull

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def sync_file(path: Path) -> None:
    """Have the bytes of a file on disk."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on disk."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def make_folder(path: Path) -> None:
    """Make a folder and its parents, each named durably in its own."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that after a crash at any instant it is whole or absent."""
    temporary = path.with_name(f".{path.name}.part")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


@contextmanager
def room() -> Iterator[None]:
    """Say in our own words that the disk is full.

    Raises:
        DiskFull: something of the block could not be written for lack of room.
    """
    try:
        yield
    except OSError as error:
        # The writer of the Delta log hands on the number in its words only.
        said = re.search(r"os error (\d+)", str(error))
        if (int(said[1]) if said else error.errno) in _NO_ROOM:
            raise DiskFull(
                "the disk of the history is full; nothing of this load counts, and all of it is "
                "still in the operational database: free some space and load again"
            ) from error
        raise


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
