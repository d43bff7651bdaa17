"""The manifest of a backup: what it is a copy of, as of which moment, and how much it holds.

::

    backup.json      format, moment, how many files and bytes, and the hash of the list
    backup.sha256    the SHA-256 of every other file
    millpond.toml    the rest is laid out as a project is; the operational database
    views/           is an SQLite file, whichever kind it was of
    lake/
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from millpond.durable import write_file
from millpond.errors import Corrupted, ProjectError
from millpond.snapshots.files import sha256_of
from millpond.values import iso, parse_moment

MANIFEST = "backup.json"
LIST = "backup.sha256"
#: Where the lake and the operational database lie in a backup, whatever the settings say.
LAKE = "lake"
DATABASE = "lake/operations.db"

#: The number of the format that this release writes.
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Args:
        format: the number of the format of the backup.
        project: the name of the project.
        moment: as of which it is whole, in microseconds since 1970.
        files: how many there are in the list.
        bytes: that they have together.
        list_sha256: of the list itself.
    """

    format: int
    project: str
    moment: int
    files: int
    bytes: int
    list_sha256: str

    def write(self, folder: Path) -> None:
        """Write it into a backup, durably: from then on the backup is one."""
        values = {**asdict(self), "moment": iso(self.moment)}
        write_file(folder / MANIFEST, (json.dumps(values, indent=2) + "\n").encode())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of the backup in a folder, whose list is as it was written.

        Raises:
            ProjectError: the folder holds no backup, or one of a newer release.
            Corrupted: the manifest or the list is not as it was written.
        """
        values = _values(folder / MANIFEST)
        if values.get("format", 0) > FORMAT:
            raise ProjectError(
                f"{folder} is of backup format {values['format']}, but this release reads up to "
                f"{FORMAT}; install a newer millpond"
            )
        try:
            moment = parse_moment(values.pop("moment"), now=0)
            found = cls(**values, moment=moment or 0)
            whole = sha256_of(folder / LIST) == found.list_sha256
        except (KeyError, TypeError, AttributeError, OSError):
            whole = False
        if not whole:
            raise Corrupted(f"{LIST} or {MANIFEST} in {folder} is not as it was written")
        return found


def _values(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectError(
            f"{path.parent} holds no backup (no {path.name}); make one with: millpond backup DIR"
        ) from None
    except ValueError as error:
        raise Corrupted(f"{path} is not as it was written: {error}") from error
    return dict(values)
