"""An earlier backup on the same disk, whose files a new one names a second time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from millpond.pipelines.copies import listed
from millpond.pipelines.manifest import LAKE, LIST, Manifest


class Earlier:
    """The files of an earlier backup.

    Args:
        folder: of the backup.

    Raises:
        ProjectError: it holds no backup.
        Corrupted: its list is not as it was written.
    """

    def __init__(self, folder: Path) -> None:
        Manifest.read(folder)
        self._folder = folder
        # The history's files are few; those of objects are known by their rows.
        self._history = {
            name: sha256
            for name, sha256 in listed(folder / LIST)
            if name.startswith(f"{LAKE}/history/") and name.endswith(".parquet")
        }

    def history_file(self, name: str, size: int) -> tuple[Path, str] | None:
        """The file of a name and a size, with its SHA-256, if there is one."""
        path = self.file(name, size)
        return None if path is None or name not in self._history else (path, self._history[name])

    def file(self, name: str, size: int) -> Path | None:
        """The file of a name and a size, if there is one."""
        path = self._folder / name
        with suppress(FileNotFoundError):
            return path if path.stat().st_size == size else None
        return None
