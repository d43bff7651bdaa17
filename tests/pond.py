"""The data side of a project: real database, store, history, snapshots and marts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from backends import change, database_url
from millpond.analytics.analytics import Analytics
from millpond.analytics.lookup import Lookup
from millpond.analytics.past import Past
from millpond.capture.annotations import NewAnnotation, Place, record_annotations
from millpond.capture.inferences import NewInference, record_inference
from millpond.capture.objects import get_object
from millpond.database.clock import last
from millpond.database.connection import create_schema, open_database, reading
from millpond.database.group_commit import GroupCommit
from millpond.history.history import History
from millpond.history.load import load
from millpond.marts.marts import Marts
from millpond.models.registry import Registry
from millpond.pipelines.ingest import Ingested, IngestOptions, ingest
from millpond.pipelines.verify import Ground, Verified, verify
from millpond.raw.folder import FolderStore
from millpond.settings import AppSection, QuerySection
from millpond.snapshots.snapshot import Snapshot
from millpond.snapshots.snapshots import Snapshots, named_moment
from millpond.values import Prediction, new_id

APPS = {
    "cells": AppSection(task="detection", labels=("RBC", "WBC")),
    "fruits": AppSection(task="classification", labels=("apple", "lemon")),
}


class Pond:
    """Opens what is in a folder, as a project does."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self.engine = open_database(url or database_url(folder), folder)
        create_schema(self.engine)
        self.commit = GroupCommit(self.engine)
        self.store = FolderStore(folder / "lake")
        self.history = History(folder / "lake" / "history")
        self.analytics = Analytics(
            self.engine, self.history, QuerySection(), partial(named_moment, self.engine)
        )
        self.past = Past(self.history)
        self.lookup = Lookup(self.past)
        self.snapshots = Snapshots(
            self.engine, self.commit, self.analytics, self.store, folder / "lake" / "snapshots"
        )
        self.registry = Registry(self.engine, self.commit, folder / "lake" / "models")
        self.marts = Marts(self.engine, self.analytics, self.store, self.snapshots)

    def close(self) -> None:
        self.past.close()
        self.commit.close()
        self.engine.dispose()

    def ingest(self, folder: Path, app: str = "cells", **options: Any) -> Ingested:
        chosen = IngestOptions(**options)
        return ingest(
            self.engine,
            self.commit,
            self.store,
            app,
            APPS[app],
            folder,
            chosen,
            lookup=self.lookup,
        )

    def freeze(self, name: str, app: str = "cells", **options: Any) -> Snapshot:
        return self.snapshots.create(name, app, APPS[app], by="user:ann", **options)

    def load(self) -> None:
        load(self.engine, self.commit, self.history)

    def verify(self, **options: Any) -> Verified:
        return verify(self.ground, **options)

    @property
    def now(self) -> int:
        """The moment of the last fact."""
        with reading(self.engine) as connection:
            return last(connection)

    @property
    def ground(self) -> Ground:
        return Ground(
            engine=self.engine,
            store=self.store,
            history=self.history,
            analytics=self.analytics,
            registry=self.registry,
            snapshots=self.snapshots,
            lake=self.folder / "lake",
            apps=APPS,
        )

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of SQL of our own, over the views."""
        found: list[dict[str, Any]] = self.analytics.table(sql).to_pylist()
        return found

    def execute(self, sql: str) -> None:
        """Change the operational database behind everyone's back, foreign keys unchecked."""
        change(self.engine, sql)

    def infer(self, object_id: str, *predictions: Prediction, app: str = "cells") -> str:
        """The id of a new inference of an object."""
        new = NewInference(
            new_id(), object_id, app, "cells-1", 0.5, 0.45, 9.0, "user:ann", predictions, b""
        )
        self.commit.run(lambda transaction: record_inference(transaction, new))
        return new.inference_id

    def annotate(self, object_id: str, *sent: NewAnnotation, inference: str | None = None) -> None:
        """Say something of an object, as a person."""
        with reading(self.engine) as connection:
            row = get_object(connection, object_id)
        place = Place(object_id, row["app"], row["width"], row["height"], inference)
        self.commit.run(lambda t: record_annotations(t, place, sent, APPS[row["app"]], "user:ann"))


def picture(seed: int, format: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture of noise, 40 x 30 pixels, different for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format, **options)
    return out.getvalue()


def voc(labels: Sequence[tuple[str, int, int, int, int]]) -> str:
    """The XML of some boxes, as VOC writes them: from 1 and inclusive."""
    boxes = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{left}</xmin><ymin>{top}</ymin>"
        f"<xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
        for label, left, top, right, bottom in labels
    )
    return f"<annotation>{boxes}</annotation>"


def cells(folder: Path, count: int, first: int = 0, *, labels: bool = True) -> Path:
    """A folder of pictures with VOC labels: one box each, but none on every fifth."""
    folder.mkdir()
    for number in range(first, first + count):
        (folder / f"{number}.png").write_bytes(picture(number))
        if labels:
            boxes = [("RBC", 1, 1, 9, 9)] if number % 5 else []
            (folder / f"{number}.xml").write_text(voc(boxes))
    return folder
