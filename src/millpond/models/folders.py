"""Folders that appear whole: written aside, made durable, then renamed into place."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from millpond.errors import Conflict, DiskFull
from millpond.values import new_id


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder with these files, durable when this returns.

    1.  Write each file into a folder beside, and fsync it.
    2.  Fsync that folder, so that its entries last.
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
        for name, data in files.items():
            _write_file(aside / name, data)
        fsync_folder(aside)
        aside.rename(folder)
        fsync_folder(folder.parent)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"no room for {folder}; free some space and try again") from error
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise Conflict(f"{folder} exists already; choose another name") from error
        raise


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


def _write_file(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
