"""A real database, store, history and analytics, filled through ingest."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine

from millpond.analytics.analytics import Analytics
from millpond.capture.annotations import NewAnnotation, Place, record_annotations
from millpond.database.connection import create_schema, open_database
from millpond.database.group_commit import GroupCommit
from millpond.history.history import History
from millpond.pipelines.ingest import IngestOptions, ingest
from millpond.raw.folder import FolderStore
from millpond.settings import AppSection, QuerySection
from millpond.snapshots.snapshots import Snapshots, named_moment

CELLS = AppSection(task="detection", labels=("RBC", "WBC"))


@dataclass(frozen=True)
class Lake:
    """The backends of a project."""

    engine: Engine
    commit: GroupCommit
    store: FolderStore
    history: History
    analytics: Analytics
    snapshots: Snapshots
    declared: AppSection = CELLS

    def ingest(self, folder: Path, **options: object) -> None:
        """Bring a folder into the application ``cells``."""
        chosen = IngestOptions(**options)  # type: ignore[arg-type]
        ingest(self.engine, self.commit, self.store, "cells", self.declared, folder, chosen)

    def annotate(self, object_id: str, *sent: NewAnnotation) -> None:
        """Say something of an object, as a person."""
        place = Place(object_id, "cells", 40, 30)
        self.commit.run(lambda t: record_annotations(t, place, sent, self.declared, "user:ann"))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    engine = open_database("sqlite:///operations.db", tmp_path)
    create_schema(engine)
    commit = GroupCommit(engine)
    store = FolderStore(tmp_path / "lake")
    history = History(tmp_path / "lake" / "history")
    analytics = Analytics(engine, history, QuerySection(), partial(named_moment, engine))
    snapshots = Snapshots(engine, commit, analytics, store, tmp_path / "lake" / "snapshots")
    yield Lake(engine, commit, store, history, analytics, snapshots)
    commit.close()
    engine.dispose()


@pytest.fixture
def cells(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of pictures with VOC labels: one box each, but none on every fifth."""

    def write(count: int, first: int = 0, *, labels: bool = True) -> Path:
        folder = tmp_path / f"cells-{first}"
        folder.mkdir()
        for number in range(first, first + count):
            pixels = np.random.default_rng(number).integers(0, 255, (30, 40, 3), dtype=np.uint8)
            out = io.BytesIO()
            Image.fromarray(pixels).save(out, "PNG")
            (folder / f"{number}.png").write_bytes(out.getvalue())
            box = (
                "<object><name>RBC</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
                "<xmax>9</xmax><ymax>9</ymax></bndbox></object>"
            )
            if labels:
                text = f"<annotation>{box if number % 5 else ''}</annotation>"
                (folder / f"{number}.xml").write_text(text)
        return folder

    return write
