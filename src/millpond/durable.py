"""Files and folders that outlast a loss of power, and appear whole or not at all.

A write that returned has only been handed to the system. Here the bytes of each
file are fsynced, and so is the folder that names it; what is not finished lies
under a name that nobody reads.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from mmap import mmap
from pathlib import Path

from millpond.errors import Conflict, DiskFull
from millpond.values import new_id

#: How the name of a file begins that is not whole yet.
PART = ".part-"

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(number: int | None) -> bool:
    """Whether an ``errno`` says that there is no room left."""
    return number in _NO_ROOM


def sync_file(path: Path) -> None:
    """Have the bytes of a file on disk."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on disk."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def make_folder(path: Path) -> None:
    """Make a folder and its parents where they are missing, each named durably in its own."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def write_file(path: Path, data: bytes | mmap, *, mode: int = 0o666) -> None:
    """Write a file so that after a crash at any instant it is whole, or as it was before.

    Args:
        mode: permissions of the file, before the umask of the process.

    1.  Write the bytes under another name, and fsync them.
    2.  Rename, which happens at once or not at all.
    3.  Fsync the folder, so that the name lasts.

    Raises:
        OSError: nothing of it is left; `is_full` tells whether the disk is full.
    """
    aside = path.parent / f"{PART}{new_id()}"
    try:
        _write(aside, data, mode)
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
    sync_folder(path.parent)


def _write(path: Path, data: bytes | mmap, mode: int) -> None:
    """Write a new file, and fsync it."""
    # Not `open`: the system is called four times and not nine, and threads wait at each.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with memoryview(data) as left:
            done = 0
            while done < len(left):
                done += os.write(file, left[done:])
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder beside to write files into, which becomes `folder`, durably, at the end.

    1.  Let the caller write the files into a folder beside.
    2.  Fsync each of them, and that folder, so that its entries last.
    3.  Rename it, which happens at once or not at all.
    4.  Fsync the parent, so that the rename lasts.

    Raises:
        Conflict: the folder exists already.
        DiskFull: there is no room for it, and nothing is left of it.
    """
    if folder.exists():
        raise Conflict(f"{folder} exists already; choose another name")
    make_folder(folder.parent)
    aside = folder.parent / f"{PART}{new_id()}"
    try:
        aside.mkdir()
        yield aside
        for path in sorted(aside.iterdir()):
            sync_file(path)
        sync_folder(aside)
        aside.rename(folder)
        sync_folder(folder.parent)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        number = error.errno if isinstance(error, OSError) else None
        if is_full(number):
            raise DiskFull(f"no room for {folder}; free some space and try again") from error
        if number in (errno.ENOTEMPTY, errno.EEXIST):
            raise Conflict(f"{folder} exists already; choose another name") from error
        raise


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder with these files, durable when this returns.

    Raises:
        Conflict: the folder exists already.
        DiskFull: there is no room for it, and nothing is left of it.
    """
    with new_folder(folder) as aside:
        for name, data in files.items():
            (aside / name).write_bytes(data)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
