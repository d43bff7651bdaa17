"""A project's operational database and history, and short ways to record facts in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backends import database_url
from millpond.analytics.analytics import Analytics
from millpond.analytics.catalogue import Catalogue
from millpond.capture import feed_tables
from millpond.capture.annotations import NewAnnotation, Place, record_annotations
from millpond.capture.feeds import NewLanding, record_landing, record_rows
from millpond.capture.inferences import NewInference, record_inference
from millpond.capture.objects import NewObject, Origin, record_object
from millpond.capture.refusals import record_refusal
from millpond.capture.uncaptured import Uncaptured, record_uncaptured
from millpond.database.clock import last
from millpond.database.connection import create_schema, open_database, reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.history import tables as tables
from millpond.history.history import History
from millpond.history.load import Loaded, load
from millpond.settings import AppSection, QuerySection
from millpond.values import Box, Prediction, new_id

CELLS = AppSection(task="detection", labels=("RBC", "WBC", "Platelets"))
FRUITS = AppSection(task="classification", labels=("apple", "pear"))
BOX = Box(10, 20, 30, 40)


class Lake:
    """Opens what is in a folder, as a project does."""

    def __init__(self, folder: Path, limits: QuerySection | None = None) -> None:
        self.folder = folder
        self.engine = open_database(database_url(folder), folder)
        create_schema(self.engine)
        self.commit = GroupCommit(self.engine)
        self.history = History(folder / "lake" / "history")
        self.names: dict[str, int] = {}
        self.analytics = Analytics(
            self.engine,
            self.history,
            limits or QuerySection(),
            self.names.get,
            Catalogue(folder=folder / "views"),
        )

    def close(self) -> None:
        self.analytics.close()
        self.commit.close()
        self.engine.dispose()

    @property
    def now(self) -> int:
        """The moment of the last fact."""
        with reading(self.engine) as connection:
            return last(connection)

    def load(self) -> Loaded:
        return load(self.engine, self.commit, self.history)

    def rows(self, sql: str, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """The rows of SQL of our own."""
        found = self.analytics.table(sql, as_of)
        return [tuple(row.values()) for row in found.to_pylist()]

    def state(self, as_of: int | None = None) -> dict[str, list[tuple[Any, ...]]]:
        """Every fact that the views tell: documents nest images, inferences and the rest."""
        return {
            name: self.rows(f"select * from {name} order by all", as_of)
            for name in ("documents", "reviews", "ground_truth", "metrics_hourly", "refusals")
        }

    def object(
        self, app: str = "cells", *, subject: str | None = None, path: str | None = None
    ) -> str:
        object_id = new_id()

        def record(transaction: Transaction) -> str:
            new = NewObject(
                object_id=object_id,
                app=app,
                sha256=object_id.replace("-", "") * 2,
                media_type="image/png",
                width=100,
                height=80,
                bytes=1234,
                source="ingest" if path else "upload",
                subject=subject,
                origin=Origin(path, group_key="g", part="train") if path else None,
            )
            return record_object(transaction, new)

        return self.commit.run(record)

    def inference(
        self,
        object_id: str,
        predictions: Sequence[Prediction] = (Prediction("RBC", 0.9, BOX),),
        *,
        app: str = "cells",
        model: str | None = "cells-1",
        duration_ms: float = 10.0,
    ) -> tuple[str, list[str]]:
        """The ids of a new inference and of its predictions."""
        new = NewInference(
            inference_id=new_id(),
            object_id=object_id,
            app=app,
            model_version=model,
            threshold=0.5,
            nms_threshold=0.45,
            duration_ms=duration_ms,
            requested_by="user:alice",
            predictions=predictions,
            candidates=b"packed" * 20,
        )
        return new.inference_id, self.commit.run(lambda t: record_inference(t, new))

    def annotate(
        self,
        object_id: str,
        *sent: NewAnnotation,
        inference_id: str | None = None,
        app: str = "cells",
        by: str = "user:bob",
    ) -> list[str]:
        """The ids of new annotations."""
        place = Place(object_id, app, 100, 80, inference_id)
        declared = FRUITS if app == "fruits" else CELLS
        kept = self.commit.run(lambda t: record_annotations(t, place, sent, declared, by))
        return [row["annotation_id"] for row in kept.rows]

    def refuse(self, status: int = 400, app: str | None = "cells") -> str:
        return self.commit.run(lambda t: record_refusal(t, app, status, "is no image"))

    def leave_out(self, requests: int = 2, app: str = "cells") -> None:
        counted = Counter({Uncaptured(app, None, 0, "rate"): requests})
        self.commit.run(lambda t: record_uncaptured(t, counted))

    def landing(self, feed: str = "customers", key: str = '["a"]') -> str:
        """The id of a landing of one row, and one that was quarantined."""
        landing_id, record_id, version = new_id(), new_id(), "0" * 32
        said = {"record_id": record_id, "landing_id": landing_id, "version": version}
        content = {"content": '{"charges":1.5}', "personal": '{"name":"Ann"}'}
        bad = {"line": 3, "reason": "charges is blank", "content": '["b",""]'}

        def record(transaction: Transaction) -> None:
            keys = {"record_id": record_id, "feed": feed, "key": key}
            for table, row in (
                (feed_tables.record_keys, keys),
                (feed_tables.record_versions, said | content),
                (feed_tables.record_sightings, said | {"valid_from": 0}),
                (feed_tables.quarantined_rows, bad | {"landing_id": landing_id}),
            ):
                record_rows(transaction, table, {name: [value] for name, value in row.items()})
            record_landing(
                transaction,
                NewLanding(
                    landing_id, feed, "1970-01-01", "a.csv", "0" * 64, 30, 2, 1, 0, 1, False, ()
                ),
            )

        self.commit.run(record)
        return landing_id

    def some_of_everything(self) -> None:
        """One object with a subject, an inference, a full review; refused, left out, and landed."""
        object_id = self.object(subject=f"patient {new_id()}", path=f"{new_id()}.png")
        predictions = [Prediction("RBC", 0.9, BOX), Prediction("WBC", 0.7, BOX)]
        inference_id, ids = self.inference(object_id, predictions)
        self.annotate(
            object_id,
            NewAnnotation("confirm", ids[0]),
            NewAnnotation("reject", ids[1]),
            NewAnnotation("add", label="Platelets", box=Box(1, 2, 3, 4)),
            NewAnnotation("complete"),
            inference_id=inference_id,
        )
        self.refuse()
        self.leave_out()
        self.landing(key=json.dumps([new_id()]))
