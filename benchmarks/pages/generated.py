"""A project of many images for the proofs of the pages: real files, real tables, a real load.

The pictures are small JPEGs of a few dozen drawings; a comment in each file makes its bytes
its own. Rows go into the tables in bulk and by a moment of their own, spread over two months;
all but the newest hundredth is loaded into the history.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import insert, update
from tests.web.lab import detector

from millpond.capture import tables
from millpond.capture.inferences import box_columns
from millpond.capture.objects import object_key
from millpond.database.connection import writing
from millpond.database.schema import clock
from millpond.history.load import load
from millpond.models.candidates import pack
from millpond.project import Project
from millpond.values import Box, Prediction, new_id

APP = "blood-cells"
LABELS = ("RBC", "WBC", "Platelets")
WIDTH, HEIGHT = 320, 240
#: Boxes of an inference.
BOXES = 10

_DRAWINGS = 48
_CHUNK = 2_000
_DAYS = 60
_COLOURS = {"RBC": (214, 120, 118), "WBC": (120, 84, 168), "Platelets": (150, 110, 190)}
_SIZES = {"RBC": 34, "WBC": 60, "Platelets": 14}
_MODELS = (f"{APP}-1", f"{APP}-2")


@dataclass(frozen=True)
class Drawing:
    """A picture, and what is in it."""

    jpeg: bytes
    cells: Sequence[tuple[str, Box]]


@dataclass
class Rows:
    """Rows that wait, by table, and when the newest of them was recorded."""

    last: int
    by_table: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def generate(folder: Path, images: int) -> None:
    """Fill the project in a folder, which was made by ``millpond init``."""
    with Project.open(folder) as project:
        for _ in _MODELS:
            version = project.registry.register(detector(), by="os:benchmark").version
            project.registry.set_champion(APP, version, by="os:benchmark")
        drawings = [drawn(number) for number in range(_DRAWINGS)]
        newest = images // 100
        _fill(project, drawings, range(images - newest), images)
        load(project.engine, project.commit, project.history)
        _fill(project, drawings, range(images - newest, images), images)
    os.sync()


def drawn(seed: int) -> Drawing:
    """A drawing of ten cells that no other seed gives."""
    chance = random.Random(seed)
    image = Image.new("RGB", (WIDTH, HEIGHT), (238, 222, 224))
    draw, cells = ImageDraw.Draw(image), []
    for place in range(BOXES):
        label = chance.choices(LABELS, (85, 5, 10))[0]
        size = _SIZES[label] * chance.uniform(0.8, 1.2)
        left = place % 5 * WIDTH / 5 + chance.uniform(0, max(1, WIDTH / 5 - size))
        top = place // 5 * HEIGHT / 2 + chance.uniform(0, HEIGHT / 2 - size)
        box = Box(left, top, min(left + size, WIDTH), min(top + size, HEIGHT))
        draw.ellipse(box.as_list(), fill=_COLOURS[label], outline=(120, 60, 80))
        cells.append((label, box))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return Drawing(out.getvalue(), cells)


def picture(drawing: Drawing, number: int) -> bytes:
    """The file of a drawing with a comment that no other number gives."""
    comment = f"image {number}".encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    return drawing.jpeg[:2] + segment + drawing.jpeg[2:]


def _fill(project: Project, drawings: Sequence[Drawing], numbers: range, images: int) -> None:
    step = _DAYS * 86_400_000_000 // images
    # The last moment is a little ago: none may be to come.
    start = time.time_ns() // 1_000 - 60_000_000 - step * images
    chance = random.Random(numbers.start)
    for first in range(numbers.start, numbers.stop, _CHUNK):
        rows = Rows(last=0)
        for number in range(first, min(first + _CHUNK, numbers.stop)):
            rows.last = start + number * step
            _add_image(project.lake, rows, drawings[number % _DRAWINGS], number, chance)
        _write(project, rows)


def _write(project: Project, rows: Rows) -> None:
    with writing(project.engine) as connection:
        for name, waiting in rows.by_table.items():
            connection.execute(insert(tables.metadata.tables[name]), waiting)
        connection.execute(update(clock).values(last=rows.last))


def _add_image(
    lake: Path, rows: Rows, drawing: Drawing, number: int, chance: random.Random
) -> None:
    """Keep one image; one in twenty is predicted by two models, one in five is reviewed."""
    object_id, data = new_id(), picture(drawing, number)
    path = lake / object_key(object_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    rows.by_table["objects"].append(
        {
            "object_id": object_id,
            "app": APP,
            "sha256": hashlib.sha256(data).hexdigest(),
            "media_type": "image/jpeg",
            "width": WIDTH,
            "height": HEIGHT,
            "bytes": len(data),
            "source": "ingest" if number % 5 == 0 else "upload",
            "recorded_at": rows.last,
        }
    )
    if number % 20 == 0:
        _add_inference(rows, object_id, drawing, _MODELS[0], chance)
    found = _add_inference(rows, object_id, drawing, _MODELS[1], chance)
    if number % 5 == 1:
        _add_review(rows, object_id, found, chance)


def _add_inference(
    rows: Rows, object_id: str, drawing: Drawing, model: str, chance: random.Random
) -> list[dict[str, Any]]:
    """The rows of its predictions."""
    inference_id = new_id()
    seen = list(_seen(drawing, chance))
    rows.last += 1
    rows.by_table["inferences"].append(
        {
            "inference_id": inference_id,
            "object_id": object_id,
            "model_version": model,
            "threshold": 0.5,
            "nms_threshold": 0.45,
            "duration_ms": round(chance.uniform(5, 50), 3),
            "requested_by": "user:uma",
            "candidates": pack(seen),
            "recorded_at": rows.last,
        }
    )
    predictions = [
        {
            "prediction_id": new_id(),
            "inference_id": inference_id,
            "ordinal": ordinal,
            "label": one.label,
            "score": one.score,
            **box_columns(one.box),
        }
        for ordinal, one in enumerate(seen)
    ]
    rows.by_table["predictions"] += predictions
    return predictions


def _seen(drawing: Drawing, chance: random.Random) -> Iterator[Prediction]:
    """The cells of a drawing as a model that errs now and then sees them."""
    for label, box in drawing.cells:
        named = chance.choice(LABELS) if chance.random() < 0.05 else label
        off = chance.uniform(-3, 3)
        moved = Box(box.x_min + off, box.y_min + off, box.x_max + off, box.y_max + off)
        yield Prediction(named, round(chance.uniform(0.5, 1), 4), moved.clipped(WIDTH, HEIGHT))


def _add_review(
    rows: Rows, object_id: str, found: Sequence[dict[str, Any]], chance: random.Random
) -> None:
    """All boxes confirmed but for some, and the image done."""
    review_id = new_id()
    inference_id = found[0]["inference_id"]
    rows.by_table["reviews"].append(
        {"review_id": review_id, "object_id": object_id, "inference_id": inference_id}
    )
    annotator = chance.choice(("user:rita", "user:otto"))
    for one in found:
        action = chance.choices(("confirm", "correct", "reject"), (92, 4, 4))[0]
        label = chance.choice(LABELS) if action == "correct" else one["label"]
        says = {"label": None, **box_columns(None)}
        if action != "reject":
            says = {"label": label, **{name: one[name] for name in box_columns(None)}}
        _annotate(rows, review_id, annotator, action, one["prediction_id"], says)
    _annotate(rows, review_id, annotator, "complete", None, {"label": None, **box_columns(None)})


def _annotate(
    rows: Rows,
    review_id: str,
    annotator: str,
    action: str,
    target: str | None,
    says: dict[str, Any],
) -> None:
    rows.last += 1
    rows.by_table["annotations"].append(
        {
            "annotation_id": new_id(),
            "review_id": review_id,
            "target_id": target,
            "root_id": target,
            "action": action,
            "annotator": annotator,
            "recorded_at": rows.last,
            **says,
        }
    )
