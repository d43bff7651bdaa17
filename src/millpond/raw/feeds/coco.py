"""The feed of COCO: one JSON file of pictures, boxes and categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from millpond.errors import Invalid
from millpond.raw.feeds.files import inside, reader
from millpond.raw.feeds.item import FeedItem, FeedLabel, names_in
from millpond.raw.feeds.json_stream import array_elements
from millpond.raw.feeds.spool import Spool
from millpond.values import Box, Task


class CocoFeed:
    """The pictures that a COCO file lists; one without annotations holds nothing.

    A picture lies at its ``file_name`` below the folder, or below ``images`` in it.
    Crowds (``iscrowd``) are left out, since they are regions and no single object;
    annotations without ``bbox`` are labels of the whole picture.

    Args:
        root: the folder of the pictures.
        file: the JSON file.
        labels: read the annotations; without, every picture is unlabelled.
    """

    format = "coco"

    def __init__(self, root: Path, file: Path, *, labels: bool = True) -> None:
        self._root = root
        self._file = file
        self._labels = labels

    @property
    def task(self) -> Task | None:
        """See `Feed.task`."""
        if not self._labels:
            return None
        labels = [label for item in self for label in (item.labels or ())[:1]][:1]
        return "classification" if labels and labels[0].box is None else "detection"

    def label_names(self) -> list[str]:
        """See `Feed.label_names`."""
        return names_in(iter(self))

    def __iter__(self) -> Iterator[FeedItem]:
        """See `Feed.__iter__`."""
        spool, categories = self._read
        for _, rows in spool.groups():
            names = [str(row["file_name"]) for row in rows if "file_name" in row]
            # Annotations of a picture that is not listed belong to nothing.
            if names:
                yield self._item(names[0], [row for row in rows if "label" in row], categories)

    @cached_property
    def _read(self) -> tuple[Spool, dict[str, str]]:
        spool, categories = Spool(), {}
        try:
            for name, row in array_elements(self._file):
                if name == "images":
                    spool.add(str(row["id"]), {"file_name": row["file_name"]})
                elif name == "categories":
                    categories[str(row["id"])] = str(row["name"])
                elif name == "annotations" and not row.get("iscrowd"):
                    kept = {"label": row.get("category_id"), "bbox": row.get("bbox")}
                    spool.add(str(row["image_id"]), kept)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise Invalid(f"{self._file.name} is no COCO file: {error!r}") from error
        return spool, categories

    def _item(self, name: str, rows: list[Any], categories: Mapping[str, str]) -> FeedItem:
        path, found = self._find(name)
        if found is None:
            why = f"there is no such file below the folder of {self._file.name}"
            return FeedItem(path=path, read=lambda: b"", problem=why)
        read = reader(found)
        if not self._labels:
            return FeedItem(path=path, read=read)
        try:
            labels = tuple(_label(row, categories) for row in rows)
        except ValueError as error:
            return FeedItem(path=path, read=read, problem=str(error))
        return FeedItem(path=path, read=read, labels=labels)

    def _find(self, name: str) -> tuple[str, Path | None]:
        for path in (f"images/{name}", name):
            found = inside(self._root, path)
            if found is not None:
                return path, found
        return name, None


def _label(row: Mapping[str, Any], categories: Mapping[str, str]) -> FeedLabel:
    name = categories.get(str(row["label"]))
    if name is None:
        raise ValueError(f"the category {row['label']} is not in the list of categories")
    if row["bbox"] is None:
        return FeedLabel(name)
    try:
        left, top, width, height = (float(number) for number in row["bbox"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"bbox is {row['bbox']!r}, not [x, y, width, height]") from error
    return FeedLabel(name, Box(left, top, left + width, top + height))
