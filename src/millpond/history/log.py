"""The log of one Delta table, written by us, so that it survives a power cut.

Each entry is fsynced under another name, and gets its number at once or not at all,
and only if nobody has it already. What others read is plain Delta (the protocol's
"Delta Log Entries"); no absolute path is in it, and nothing personal.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from millpond.durable import PART, make_folder, sync_file, sync_folder
from millpond.errors import Corrupted
from millpond.history.actions import Action, created, now_ms
from millpond.values import new_id


class DeltaLog:
    """The numbered entries of a table's log, and their checkpoints.

    Args:
        table: the folder of the Delta table.
    """

    def __init__(self, table: Path) -> None:
        self.folder = table / "_delta_log"
        self._name = table.name

    @property
    def sound(self) -> bool:
        """Whether the table is there, and its last entry whole."""
        entries = self.entries()
        return bool(entries) and is_whole(entries[-1])

    def entries(self) -> list[Path]:
        """The entries that are left, in their order."""
        return sorted(self.folder.glob("[0-9]*.json"))

    def checkpoints(self) -> list[Path]:
        """The summaries of all entries up to their version, in their order."""
        return sorted(self.folder.glob("[0-9]*.checkpoint.parquet"))

    @property
    def summed_up(self) -> int:
        """The version of the last checkpoint; 0 while there is none."""
        last = self.checkpoints()[-1:]
        return int(last[0].name[:20]) if last else 0

    def create(self, schema: pa.Schema, statistics: Sequence[str]) -> None:
        """Write version 0, without rows, unless the table is there.

        Args:
            statistics: the columns by which a reader can skip files.
        """
        if not self.entries():
            make_folder(self.folder)
            self.commit(0, "CREATE TABLE", created(self._name, schema, statistics))

    def mend(self) -> None:
        """Take away a last entry that a power cut has torn.

        No completed load counts on it: what a load counts on was on disk before.
        """
        entries = self.entries()
        if len(entries) > 1 and not is_whole(entries[-1]):
            entries[-1].unlink()
            sync_folder(self.folder)

    def commit(self, version: int, operation: str, actions: Iterable[Action]) -> None:
        """Write the entry that makes a version, and have it on disk.

        1. Write it under another name, and fsync it.
        2. Give it its number, which fails where somebody else has that.
        3. Fsync the folder, so that the number lasts.

        Raises:
            Corrupted: somebody else has written that version.
        """
        info = {"timestamp": now_ms(), "operation": operation, "operationParameters": {}}
        lines = [{"commitInfo": info}, *actions]
        aside = self.folder / f"{PART}{new_id()}"
        try:
            with open(aside, "x", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
            os.link(aside, self._entry(version))
        except FileExistsError as error:
            raise Corrupted(
                f"version {version} of {self._name} is there already; only millpond may write "
                "to the history"
            ) from error
        finally:
            aside.unlink(missing_ok=True)
        sync_folder(self.folder)

    def removed_since(self, moment_ms: int) -> set[str]:
        """The names of files that entries have removed from the table since a moment."""
        removed: set[str] = set()
        for entry in reversed(self.entries()):
            if entry.stat().st_mtime_ns // 1_000_000 < moment_ms:
                break
            for line in entry.read_text(encoding="utf-8").splitlines():
                if '"remove"' in line and (action := json.loads(line).get("remove")):
                    removed.add(action["path"])
        return removed

    def checkpoint(self, version: int) -> bool:
        """Sum up the log up to a version, its last; False where that has been done.

        It is made beside the table, and named in its log only when it is on disk: a
        torn one would make the table unreadable.
        """
        from deltalake import DeltaTable

        made = f"{version:020d}.checkpoint.parquet"
        if version == 0 or (self.folder / made).exists():
            return False
        scratch = self.folder.parent.with_name(f".checkpoint-{self._name}")
        shutil.rmtree(scratch, ignore_errors=True)
        (scratch / "_delta_log").mkdir(parents=True)
        for path in self._needed():
            os.link(path, scratch / "_delta_log" / path.name)
        DeltaTable(str(scratch)).create_checkpoint()
        sync_file(scratch / "_delta_log" / made)
        os.replace(scratch / "_delta_log" / made, self.folder / made)
        sync_folder(self.folder)
        shutil.rmtree(scratch)
        return True

    def clean(self, grace_seconds: float) -> int:
        """Unlink the entries that a checkpoint has summed up, older than a grace.

        Whoever began to read the log before the checkpoint has ended by then. The oldest
        goes first, so that what is left has no gap.

        Returns:
            How many files are gone.
        """
        old = time.time() - grace_seconds
        summed = [path for path in self.checkpoints() if path.stat().st_mtime <= old]
        if not summed:
            return 0
        gone = [
            path
            for path in (*self.entries(), *self.checkpoints())
            if path.name[:20] < summed[-1].name[:20]
        ]
        for path in gone:
            path.unlink()
        sync_folder(self.folder)
        return len(gone)

    def _needed(self) -> list[Path]:
        """The last checkpoint, and the entries since."""
        last = self.checkpoints()[-1:]
        since = last[0].name[:20] if last else ""
        return [*last, *(path for path in self.entries() if path.name[:20] >= since)]

    def _entry(self, version: int) -> Path:
        return self.folder / f"{version:020d}.json"


def is_whole(entry: Path) -> bool:
    """Whether an entry holds JSON on each line, and at least one."""
    try:
        lines = entry.read_text(encoding="utf-8").splitlines()
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False
