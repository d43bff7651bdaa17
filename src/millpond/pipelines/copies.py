"""Files copied into a new folder: each hashed on its way, on disk, and in the list of them.

The list is written as ``sha256sum`` writes it, so that anyone can check the folder
with ``sha256sum --check``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from millpond.durable import sync_folder

#: What says that a file cannot have a second name there.
NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP)

_PIECE = 1 << 20


class Copies:
    """Copies files into a folder, and lists them.

    Args:
        folder: where they go; `sync_folders` makes their names durable.
        listing: an open file that gets a line for each.
    """

    def __init__(self, folder: Path, listing: TextIO) -> None:
        self._folder = folder
        self._listing = listing
        self._lock = threading.Lock()
        self.files = 0
        self.bytes = 0

    def copy(self, source: Path, name: str) -> str:
        """Copy a file, and have its bytes on disk; its SHA-256.

        Raises:
            FileNotFoundError: it is not there.
        """
        sha256, size = copy_file(source, self._folder / name)
        self._list(name, sha256, size)
        return sha256

    def write(self, data: bytes, name: str) -> str:
        """Write bytes, and have them on disk; their SHA-256."""
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        sha256 = hashlib.sha256(data).hexdigest()
        self._list(name, sha256, len(data))
        return sha256

    def link(self, source: Path, name: str, sha256: str) -> bool:
        """Give a durable file, whose hash is known, a second name here, where that is possible."""
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError as error:
            if error.errno in NO_LINKS:
                return False
            raise
        self._list(name, sha256, target.stat().st_size)
        return True

    def keep(self, name: str) -> None:
        """List a file that is in the folder already, and have its bytes on disk."""
        path = self._folder / name
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        self._list(name, sha256, path.stat().st_size)

    def _list(self, name: str, sha256: str, size: int) -> None:
        with self._lock:
            self.files += 1
            self.bytes += size
            self._listing.write(f"{sha256}  {name}\n")


def copy_file(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file, with its bytes on disk: its SHA-256 and its length."""
    target.parent.mkdir(parents=True, exist_ok=True)
    hasher, size = hashlib.sha256(), 0
    with open(source, "rb") as file, open(target, "xb") as copy:
        while piece := file.read(_PIECE):
            hasher.update(piece)
            copy.write(piece)
            size += len(piece)
        copy.flush()
        os.fsync(copy.fileno())
    return hasher.hexdigest(), size


def listed(path: Path) -> Iterator[tuple[str, str]]:
    """The name and the SHA-256 of each file of a list."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            sha256, _, name = line.rstrip("\n").partition("  ")
            yield name, sha256


def sync_folders(top: Path) -> None:
    """Have the names in a folder, and in all below it, on disk."""
    for folder, _, _ in os.walk(top):
        sync_folder(Path(folder))
