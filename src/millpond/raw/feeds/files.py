"""The picture files below a folder, without a step outside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from millpond.raw.limits import Limits

#: How the names of pictures end; some will be refused, with a reason.
DICOM = frozenset({".dcm", ".dicom"})
PICTURES = DICOM | {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".bmp"}
PICTURES |= {".gif", ".heic", ".heif", ".avif", ".svg"}


def files(root: Path, folder: str = "", *, ordered: bool = True) -> Iterator[str]:
    """The relative paths of all files below a folder, sorted within each.

    Hidden names, links that lead outside `root`, and links to folders are left
    out. The names of one folder at a time are held.

    Args:
        ordered: without, names come as the disk has them, and none is held.
    """
    with os.scandir(root / folder) as entries:
        shown = (entry for entry in entries if entry.name[0] != ".")
        for entry in sorted(shown, key=_name) if ordered else shown:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from files(root, path, ordered=ordered)
            elif entry.is_file() and (not entry.is_symlink() or inside(root, path)):
                yield path


def pictures(root: Path) -> Iterator[str]:
    """Those of `files` whose names end as pictures' do."""
    return (path for path in files(root) if suffix(path) in PICTURES)


def inside(root: Path, path: str) -> Path | None:
    """The file at a relative path, when it is one and lies below `root`."""
    try:
        found = (root / path).resolve(strict=True)
        return found if found.is_relative_to(root.resolve()) and found.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def reader(path: Path) -> Callable[[], bytes]:
    """What reads a file when it is called, up to just beyond the limit on bytes."""
    return partial(_read, path)


def suffix(path: str) -> str:
    """The end of a name in lower case, such as ``.jpg``."""
    return os.path.splitext(path)[1].lower()


def printable(path: str) -> str:
    """A path as text; bytes of a name that are not UTF-8 are shown as a question mark."""
    return path.encode("utf-8", "replace").decode("utf-8")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _read(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(Limits().bytes + 1)
