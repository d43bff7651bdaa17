"""COCO: ``annotations.json`` beside a folder ``images`` (cocodataset.org, "Data format").

- ``bbox`` is [x, y, width, height] in pixels of the upright picture; ``iscrowd`` is 0.
- Categories are numbered from 1 in the order in which the application declares them.
- COCO knows boxes only: a label of a classification gets the box of the whole picture.
- Beyond COCO's own: ``annotation_id`` or ``prediction_id`` and the object's id (the
  stem of ``file_name``) lead back into the project; predictions have a ``score``,
  images of a snapshot their ``part``.
- No moment is written: a mart made again of the same facts has the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from millpond.marts.content import Content, Image, MartLabel
from millpond.marts.mart import File, Tally
from millpond.values import Box

ANNOTATIONS = "annotations.json"
IMAGES = "images"
#: How the JSON begins, so that an older mart is known for one.
BEGINS = b'{"info": {"contributor": "Millpond", '


def coco(content: Content, tally: Tally) -> Iterator[File]:
    """The files of a COCO mart: the images first, since they decide their own names."""
    # Most images keep their bytes, and so have the name that their media type says.
    renamed: dict[str, str] = {}
    for image in content.images():
        name, data = content.file(image)
        if name != content.usual_name(image):
            renamed[image.object_id] = name
        yield f"{IMAGES}/{name}", (data,)
    yield ANNOTATIONS, _json(content, renamed, tally)


def _json(content: Content, renamed: dict[str, str], tally: Tally) -> Iterator[bytes]:
    """The one JSON object, a line for each element."""
    definition = content.definition
    categories = content.categories()
    numbers = {label: number for number, label in enumerate(categories, 1)}
    info = {"contributor": "Millpond", "description": f"{definition.app}: {definition.labels}"}
    if definition.snapshot is not None:
        info["snapshot"] = definition.snapshot.name
    yield b'{"info": ' + _text(info) + b',\n"licenses": []'
    yield b',\n"categories": ' + _text(
        [{"id": number, "name": label, "supercategory": ""} for label, number in numbers.items()]
    )
    yield b',\n"images": ['
    for place, image in enumerate(content.images()):
        tally.images += 1
        name = renamed.get(image.object_id) or content.usual_name(image)
        yield from _element(place, _image(image, name))
    yield b'],\n"annotations": ['
    kind = "prediction_id" if definition.labels == "predictions" else "annotation_id"
    for place, label in enumerate(content.labels()):
        tally.annotations += 1
        yield from _element(place, _annotation(label, numbers[label.label], kind))
    yield b"]}\n"


def _image(image: Image, name: str) -> dict[str, Any]:
    found = {
        "id": image.number,
        "file_name": name,
        "width": image.width,
        "height": image.height,
    }
    return found if image.part is None else {**found, "part": image.part}


def _annotation(label: MartLabel, category: int, kind: str) -> dict[str, Any]:
    box = label.box or Box(0.0, 0.0, label.width, label.height)
    width, height = box.x_max - box.x_min, box.y_max - box.y_min
    found = {
        "id": label.number,
        "image_id": label.image,
        "category_id": category,
        "bbox": [box.x_min, box.y_min, width, height],
        "area": width * height,
        "iscrowd": 0,
        kind: label.key,
    }
    return found if label.score is None else {**found, "score": label.score}


def _element(place: int, value: dict[str, Any]) -> Iterable[bytes]:
    return (b",\n" if place else b"\n", _text(value))


def _text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
