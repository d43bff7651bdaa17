"""A check: one question to a project, asked in parts that do not wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from millpond.analytics.analytics import Analytics
from millpond.history.history import History
from millpond.models.registry import Registry
from millpond.pipelines.findings import Findings
from millpond.raw.store import ObjectStore
from millpond.settings import AppSection
from millpond.snapshots.snapshots import Snapshots

#: What to do where nothing less than a backup has what is lost.
RESTORE = "millpond restore BACKUP --to NEW"


@dataclass(frozen=True)
class Ground:
    """The layers of a project that checks look at, as of one moment.

    Args:
        lake: the folder that holds them.
        apps: the applications by name, as they are declared.
        moment: microseconds since 1970; what was recorded later is not looked at.
    """

    engine: Engine
    store: ObjectStore
    history: History
    analytics: Analytics
    registry: Registry
    snapshots: Snapshots
    lake: Path
    apps: Mapping[str, AppSection]
    moment: int = 0

    def copy_back(self, path: str) -> str:
        """The command that brings a file or a folder of the lake back from a backup."""
        return f"cp -rT BACKUP/lake/{path} {self.lake / path}"


def _whole(ground: Ground) -> Sequence[str]:
    return ("all",)


@dataclass(frozen=True)
class Check:
    """One check.

    Args:
        run: looks at one part and adds what it finds.
        parts: names those there are; at the same moment always the same.
        asks: whether it asks questions of the history, which has to be whole for that.
    """

    name: str
    run: Callable[[Ground, str, Findings], None]
    parts: Callable[[Ground], Sequence[str]] = _whole
    asks: bool = False
