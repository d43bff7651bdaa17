"""Which pictures a set's own authors put in which part."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from millpond.errors import Invalid

PARTS = ("train", "val", "test")


class Split:
    """Parts by path, kept on disk so that memory stays flat.

    Args:
        rows: (path, part); a path may be whole, a name, or a name without its ending.

    Raises:
        Invalid: a part is none of train, val, test.
    """

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        # See `Spool` for the empty name.
        self._rows = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._rows.execute("CREATE TABLE split (path TEXT PRIMARY KEY, part TEXT) WITHOUT ROWID")
        self._rows.execute("BEGIN")
        for path, part in rows:
            if part not in PARTS:
                raise Invalid(f"part {part!r} of {path!r} is not one of {', '.join(PARTS)}")
            self._rows.execute("INSERT OR REPLACE INTO split VALUES (?, ?)", (path, part))

    def part(self, path: str) -> str | None:
        """The part of a picture by its path in the feed; None when it is in no part."""
        whole = PurePosixPath(path)
        for name in (path, str(whole.with_suffix("")), whole.name, whole.stem):
            row = self._rows.execute("SELECT part FROM split WHERE path = ?", (name,)).fetchone()
            if row is not None:
                return str(row[0])
        return None

    def counts(self) -> dict[str, int]:
        """The number of paths in each part that has any."""
        return dict(self._rows.execute("SELECT part, count(*) FROM split GROUP BY part"))


def read_split(file: Path) -> Split:
    """The split of a CSV file ``path,part``.

    Raises:
        Invalid: the file is missing, has other columns, or names an unknown part.
    """
    try:
        with open(file, encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if not {"path", "part"} <= set(rows.fieldnames or ()):
                raise Invalid(f"{file.name} needs the columns path and part")
            return Split((row["path"] or "", row["part"] or "") for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"the split {file.name} cannot be read: {error}") from error


def find_split(folder: Path) -> Split | None:
    """The split that ``train.txt``, ``val.txt`` and ``test.txt`` of a folder tell.

    A line is a path, a name, or a name without its ending. Where there is no
    ``test.txt``, what its authors called ``val`` is what to test on.

    Returns:
        None when the folder has none of these files.
    """
    lists = [(folder / f"{part}.txt", part) for part in PARTS]
    found = [(file, part) for file, part in lists if file.is_file()]
    if not found:
        return None
    has_test = any(part == "test" for _, part in found)
    return Split(
        (line.strip(), "test" if part == "val" and not has_test else part)
        for file, part in found
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )
