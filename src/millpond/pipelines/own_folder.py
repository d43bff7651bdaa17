"""A folder that is ours alone while something is made in it, and empty at the beginning."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from millpond.errors import Busy


@contextmanager
def own_folder(path: Path, busy: str) -> Iterator[Path]:
    """An empty folder that is ours alone, and gone at the end if it was not renamed.

    What a process that was killed has left in it goes first.

    Raises:
        Busy: another process has it; `busy` says what for.
    """
    handle = _locked(path, busy)
    try:
        _empty(path)
        yield path
    finally:
        if _is(handle, path):
            shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


def _locked(path: Path, busy: str) -> int:
    while True:
        path.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise Busy(busy) from None
        if _is(handle, path):
            return handle
        # Whoever had it has just removed or renamed it.
        os.close(handle)


def _is(handle: int, path: Path) -> bool:
    """Whether a path still names the folder that is open."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _empty(folder: Path) -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
