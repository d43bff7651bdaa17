"""The object store in a folder: every put is on disk before it returns."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from millpond.durable import PART, is_full, make_folder, sync_folder, write_file
from millpond.errors import DiskFull, NotFound
from millpond.raw.store import Data, StoredObject, check_key

_SWEEP_AGE = 3600.0


class FolderStore:
    """Objects as files below one folder, which is made when it is missing.

    Args:
        root: the folder.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root)
        self._synced: set[Path] = set()

    def put(self, key: str, data: Data) -> None:
        """See `ObjectStore.put`."""
        target = self._path(key)
        try:
            self._ready(target.parent)
            try:
                write_file(target, data)
            except FileNotFoundError:
                # Somebody has taken the folder away since.
                self._synced.clear()
                self._ready(target.parent)
                write_file(target, data)
        except OSError as error:
            if is_full(error.errno):
                raise DiskFull(
                    f"no room for {len(data):,} bytes; nothing was kept, free some space and retry"
                ) from error
            raise

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFound(f"there is no object {key!r} in the store") from error

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        target = self._path(key)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            target.unlink()
            sync_folder(target.parent)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See `ObjectStore.list`; the names of one folder at a time are held."""
        top = self._path(prefix) if prefix else self._root
        yield from _walk(top, f"{prefix}/" if prefix else "")

    def sweep(self) -> int:
        """Remove what a crash left half-written, when older than an hour; the number of files."""
        before = time.time() - _SWEEP_AGE
        removed = 0
        for folder, _, names in os.walk(self._root):
            for name in names:
                path = Path(folder, name)
                if name.startswith(PART) and path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def _ready(self, folder: Path) -> None:
        """Make a folder of the store, and know that it would survive a loss of power.

        One that is there already may have been made this instant by another writer,
        not fsynced yet; so each is fsynced into its parent once a process.
        """
        if folder in self._synced:
            return
        if folder == self._root:
            make_folder(folder.parent)
        else:
            self._ready(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
        self._synced.add(folder)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)


def _walk(folder: Path, prefix: str) -> Iterator[StoredObject]:
    try:
        with os.scandir(folder) as entries:
            # In the order of keys: a folder's name sorts as if its slash were there.
            names = sorted(
                f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
                for entry in entries
                if not entry.name.startswith(".")
            )
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        if name.endswith("/"):
            yield from _walk(folder / name, prefix + name)
            continue
        # Deleted since it was listed: no longer part of the answer.
        with contextlib.suppress(FileNotFoundError):
            about = (folder / name).stat()
            yield StoredObject(prefix + name, about.st_size, about.st_mtime_ns // 1000)
