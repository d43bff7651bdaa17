"""The files of the history held by links while they are copied, whoever takes them away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from millpond.history.history import History
from millpond.pipelines.copies import NO_LINKS

#: Folder of the lake in which the links are.
HELD = ".backup"
_LOG = "_delta_log"


def hold(history: History, held: Path) -> None:
    """Link the files that make up the history now, so that none of them goes away."""
    for name, table in history.tables.items():
        folder = history.folder / name
        log = (path for path in (folder / _LOG).iterdir() if not path.name.startswith("."))
        (held / name / _LOG).mkdir(parents=True)
        for path in (*map(Path, table.active().files), *log):
            _link(path, held / name / path.relative_to(folder))


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        shutil.copyfile(source, target)
