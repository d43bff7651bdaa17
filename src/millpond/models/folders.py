"""Folders that appear whole: written aside, made durable, then renamed into place."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from millpond.errors import Conflict, DiskFull
from millpond.values import new_id


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
    _make_parents(folder)
    aside = folder.parent / f".{folder.name}.{new_id()}.tmp"
    try:
        aside.mkdir()
        yield aside
        for path in sorted(aside.iterdir()):
            fsync_file(path)
        fsync_folder(aside)
        aside.rename(folder)
        fsync_folder(folder.parent)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        number = error.errno if isinstance(error, OSError) else None
        if number in (errno.ENOSPC, errno.EDQUOT):
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


def fsync_file(path: Path) -> None:
    """Make the bytes of a file outlast a loss of power."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def fsync_folder(folder: Path) -> None:
    """Make the entries of a folder outlast a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_parents(folder: Path) -> None:
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    for parent in missing:
        fsync_folder(parent.parent)
