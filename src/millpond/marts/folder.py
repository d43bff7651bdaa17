"""A mart as a folder, which is there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from millpond.durable import PART, is_full
from millpond.errors import Conflict, DiskFull
from millpond.marts.mart import File
from millpond.values import new_id


def write_mart(files: Iterable[File], out: Path) -> None:
    """Write the files beside, then put the folder in its place, whatever was there.

    Raises:
        DiskFull: nothing of it is kept.
    """
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.parent / f"{PART}{new_id()}"
    try:
        aside.mkdir()
        for name, pieces in files:
            path = aside / name
            path.parent.mkdir(exist_ok=True)
            with path.open("xb") as file:
                file.writelines(pieces)
        _replace(out, aside)
    except OSError as error:
        if is_full(error.errno):
            raise DiskFull(f"no room for {out}; free some space and try again") from error
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def check_out(out: Path, first: str, begins: bytes) -> None:
    """Refuse to write where something else lies than nothing, or an older mart.

    Args:
        first: the file that a reader of the format opens first.
        begins: how that file begins when we wrote it.

    Raises:
        Conflict: something else does.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not _begins(out / first, begins):
        raise Conflict(f"{out} is there already and is no mart; choose an empty or a new folder")


def _begins(path: Path, begins: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(begins)) == begins
    except OSError:
        return False


def _replace(out: Path, aside: Path) -> None:
    """Put a folder in the place of another, if there is one."""
    if not out.exists():
        aside.rename(out)
        return
    before = out.parent / f".{out.name}.{new_id()}.old"
    out.rename(before)
    aside.rename(out)
    shutil.rmtree(before)
