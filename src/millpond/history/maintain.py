"""Maintenance of the history: fewer files, shorter logs, no leftovers, the same answers.

1. `sweep`: what loads that were broken off left behind leaves the Delta tables.
2. `compact`: many small files become few.
3. `checkpoint`: each log is summed up, so that opening a table stays quick.
4. `clean`: entries of the logs that were summed up go.
5. `vacuum`: files that no table has any more go.

Each step may be killed anywhere and run again, and may be run beside readers and
loaders: it holds the history's lock, and what others may have listed a moment ago
stays for a grace.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from millpond.database.group_commit import GroupCommit
from millpond.durable import PART, sync_folder
from millpond.history.actions import now_ms
from millpond.history.compact import compact, compact_table
from millpond.history.delta import VaultFiles
from millpond.history.history import History
from millpond.history.room import room
from millpond.history.sweep import sweep

#: Seconds for which files stay that were listed by somebody before they were of no use.
GRACE = 3_600.0
#: Files of a table, and versions since its log was summed up, at which a load does it itself.
_FILES = 24
_VERSIONS = 50
#: Versions of a table from one look to the next.
_LOOK = 8


@dataclass(frozen=True)
class Maintained:
    """What maintenance did, all tables together.

    Args:
        files_before, files_after: of the newest versions.
        bytes_before, bytes_after: of all that lies in the folder of the history.
        versions: entries of logs that were summed up and are gone.
    """

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    versions: int


def maintain(
    engine: Engine, commit: GroupCommit, history: History, *, grace_seconds: float = GRACE
) -> Maintained:
    """Take all steps of maintenance, in their order.

    Args:
        grace_seconds: longer than any question or export takes.

    Raises:
        Corrupted: rows could not be read; the files that hold them stay as they are.
        DiskFull: there is no room for larger files; the small ones stay.
    """
    before = _bytes(history)
    sweep(engine, commit, history)
    files = compact(engine, commit, history)
    checkpoint(history)
    versions = clean(history, grace_seconds=grace_seconds)
    vacuum(history, grace_seconds=grace_seconds)
    return Maintained(files.files_before, files.files_after, before, _bytes(history), versions)


def checkpoint(history: History) -> int:
    """Sum up the log of each table; the number of those that had entries to sum up."""
    with history.locked(), room():
        return sum(
            files.log.checkpoint(files.active().version) for files in history.tables.values()
        )


def clean(history: History, *, grace_seconds: float = GRACE) -> int:
    """Unlink entries of the logs that were summed up before the grace; the number of them."""
    with history.locked():
        return sum(files.log.clean(grace_seconds) for files in history.tables.values())


def vacuum(history: History, *, grace_seconds: float = GRACE) -> int:
    """Unlink the files that no table has, once nobody can be reading them.

    Those are files that left a table before the grace, and files that never came into one:
    under the lock, nobody is writing any.

    Returns:
        The number of files that are gone.
    """
    with history.locked():
        for scratch in history.folder.glob(".checkpoint-*"):
            shutil.rmtree(scratch)
        return sum(_vacuum(files, grace_seconds) for files in history.tables.values())


def tidy(history: History, versions: Mapping[str, int]) -> None:
    """Keep files few and logs short under a stream of small loads.

    For the holder of the lock, after a load: every file is one of completed loads then.

    Args:
        versions: of the tables that it wrote to; each is looked at now and then.
    """
    for name, version in versions.items():
        if version % _LOOK == 0:
            files = history.tables[name]
            if len(files.active().parts) > _FILES:
                compact_table(files)
            if version - files.log.summed_up >= _VERSIONS:
                files.log.checkpoint(files.active().version)
                files.log.clean(GRACE)


def _vacuum(files: VaultFiles, grace_seconds: float) -> int:
    since = now_ms() - round(grace_seconds * 1000)
    kept = {Path(path).name for path in files.active().files} | files.log.removed_since(since)
    gone = [path for path in files.folder.glob("*.parquet") if path.name not in kept]
    gone += [*files.folder.glob(f"{PART}*"), *files.log.folder.glob(f"{PART}*")]
    for path in gone:
        path.unlink()
    if gone:
        sync_folder(files.folder)
        sync_folder(files.log.folder)
    return len(gone)


def _bytes(history: History) -> int:
    found = 0
    for path in history.folder.rglob("*"):
        # Others may take files away while we look.
        try:
            found += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return found
