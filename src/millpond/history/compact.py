"""Compaction: many small files of a table become few, and no row changes.

From the newest file to the oldest, files are taken together as long as the next is not
much larger than all taken so far. So their sizes fall off geometrically towards the
newest: there are few of them, and each row is written anew only a few times, however
many loads there are. Large files stay as they are for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from millpond.database.group_commit import GroupCommit
from millpond.errors import Corrupted
from millpond.history.checksum import Checksum, checksum_of
from millpond.history.delta import ActiveFile, VaultFiles
from millpond.history.history import History
from millpond.history.room import room
from millpond.history.sweep import sweep_locked

#: Bytes of a file from which it is left as it is.
TARGET = 128_000_000
#: How much larger than those taken so far the next file may be.
_LARGER = 4


@dataclass(frozen=True)
class Compacted:
    """What a compaction did, all tables together."""

    files_before: int
    files_after: int


def compact(
    engine: Engine, commit: GroupCommit, history: History, *, target: int = TARGET
) -> Compacted:
    """Make few files of many in each table, the rows of completed loads in their order.

    A reader that listed the files before still finds them, until a vacuum after its
    grace. It may be killed anywhere: a file that is in no log is swept up by the vacuum.

    Raises:
        Corrupted: rows could not be read, or not be read back; the files stay as they were.
    """
    with history.locked(), room():
        # From here on, every file is one of completed loads.
        sweep_locked(engine, commit, history)
        before = _count(history)
        for files in history.tables.values():
            compact_table(files, target)
        return Compacted(before, _count(history))


def _count(history: History) -> int:
    return sum(len(files.active().parts) for files in history.tables.values())


def compact_table(files: VaultFiles, target: int = TARGET) -> None:
    """Make few files of many in one table; for the holder of the lock, when none is broken off."""
    for group in groups(files.active().parts, target):
        _merge(files, group)


def groups(parts: Sequence[ActiveFile], target: int) -> list[list[ActiveFile]]:
    """The files that are to be made one, each group in the order of its rows."""
    found: list[list[ActiveFile]] = []
    group: list[ActiveFile] = []
    taken = 0
    for part in reversed(parts):
        fits = part.bytes < target and (not group or part.bytes <= _LARGER * taken)
        if group and (not fits or taken >= target):
            found.append(group[::-1])
            group, taken = [], 0
        if part.bytes < target:
            group.append(part)
            taken += part.bytes
    found.append(group[::-1])
    return [each for each in found if len(each) > 1]


def _merge(files: VaultFiles, group: Sequence[ActiveFile]) -> None:
    """Make one file of several.

    1. Write their rows to a new file, and have it on disk.
    2. Read it back, and compare it with what was read from them.
    3. Put it in their place in the log, in one durable entry.
    """
    new = files.new_compact_file()
    written = Checksum()
    try:
        for batch in files.rows(group):
            written.update(batch)
            new.write(batch)
        file = new.finish()
    finally:
        new.close()
    if file is None:
        return
    found = checksum_of(files.read_file(file.path))
    expected = sum(part.rows for part in group)
    if expected != found.rows or found.hexdigest() != written.hexdigest():
        file.path.unlink()
        raise Corrupted(
            f"{expected} rows of {files.table.name} were to be compacted, but {found.rows} or "
            "others are in the new file; the old ones stay: run millpond verify"
        )
    files.replace(group, file)
