"""Fills the operational database with inferences and their boxes, without models or images."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from millpond.capture import tables
from millpond.database.connection import create_schema, open_database, writing
from millpond.database.group_commit import GroupCommit
from millpond.database.schema import clock
from millpond.history.history import History
from millpond.settings import DatabaseSection
from millpond.values import new_id

#: Boxes of an inference, and inferences of an object.
BOXES = 5
EACH = 4
#: Rows in the history for an inference: a hub, a link and a satellite for it and for each box,
#: and its share of the object's hub and satellite.
ROWS = 3 + 3 * BOXES + 2 / EACH
_START = 1_767_225_600_000_000
_STEP = 1_000_000
_CHUNK = 5_000
_LABELS = ("RBC", "WBC", "Platelets")


class Lake:
    """An operational database and a history in a folder."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(DatabaseSection().url, folder)
        create_schema(self.engine)
        self.commit = GroupCommit(self.engine)
        self.history = History(folder / "lake" / "history")

    def close(self) -> None:
        self.commit.close()
        self.engine.dispose()


def fill(lake: Lake, inferences: int, *, after: int = 0) -> None:
    """Insert inferences, a second apart, with `BOXES` boxes each and an object for every few.

    Args:
        after: how many inferences there are already.
    """
    chance = random.Random(after)
    for start in range(after, after + inferences, _CHUNK):
        numbers = range(start, min(start + _CHUNK, after + inferences))
        _insert(lake, numbers, chance)


def moment_of(inference: int) -> int:
    """When the n-th inference was recorded, in microseconds since 1970."""
    return _START + inference * _STEP


def _insert(lake: Lake, numbers: range, chance: random.Random) -> None:
    objects: list[dict[str, Any]] = []
    inferences: list[dict[str, Any]] = []
    predictions: list[dict[str, Any]] = []
    for number in numbers:
        if number % EACH == 0 or not objects:
            objects.append(_object(number))
        inferences.append(_inference(number, objects[-1]["object_id"], chance))
        predictions += [
            _prediction(inferences[-1]["inference_id"], ordinal, chance) for ordinal in range(BOXES)
        ]
    with writing(lake.engine) as connection:
        connection.execute(insert(tables.objects), objects)
        connection.execute(insert(tables.inferences), inferences)
        connection.execute(insert(tables.predictions), predictions)
        connection.execute(update(clock).values(last=moment_of(numbers[-1])))


def _object(number: int) -> dict[str, Any]:
    key = new_id()
    return {
        "object_id": key,
        "app": "cells",
        "sha256": 2 * key.replace("-", ""),
        "media_type": "image/jpeg",
        "width": 640,
        "height": 480,
        "bytes": 50_000,
        "source": "upload",
        "recorded_at": moment_of(number) - 1,
    }


def _inference(number: int, object_id: str, chance: random.Random) -> dict[str, Any]:
    return {
        "inference_id": new_id(),
        "object_id": object_id,
        "model_version": f"cells-{number // 100_000}",
        "threshold": 0.5,
        "nms_threshold": 0.45,
        "duration_ms": round(chance.uniform(5, 50), 3),
        "requested_by": "user:alice",
        "candidates": chance.randbytes(64),
        "recorded_at": moment_of(number),
    }


def _prediction(inference_id: str, ordinal: int, chance: random.Random) -> dict[str, Any]:
    x, y = chance.uniform(0, 500), chance.uniform(0, 400)
    return {
        "prediction_id": new_id(),
        "inference_id": inference_id,
        "ordinal": ordinal,
        "label": chance.choice(_LABELS),
        "score": chance.random(),
        "x_min": x,
        "y_min": y,
        "x_max": x + 40,
        "y_max": y + 40,
    }
