"""What the routes work with: every backend of a project, handed in by whoever opened them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from millpond.access.access import Access
from millpond.database.group_commit import GroupCommit
from millpond.models.registry import Registry
from millpond.raw.store import ObjectStore
from millpond.serving.predict import PredictService
from millpond.settings import Settings


@dataclass(frozen=True)
class Services:
    """The backends of one project.

    Args:
        folder: of the project.
        engine: of the operational database, for reading.
        commit: for writing to it.
    """

    settings: Settings
    folder: Path
    engine: Engine
    commit: GroupCommit
    store: ObjectStore
    registry: Registry
    access: Access
    predict: PredictService
