"""The feed of a CSV file: a row for each label, or for each picture."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from millpond.errors import Invalid
from millpond.raw.feeds.files import inside, reader
from millpond.raw.feeds.item import FeedItem, FeedLabel, names_in
from millpond.raw.feeds.spool import Spool
from millpond.values import Box, Task

CORNERS = ("x_min", "y_min", "x_max", "y_max")


class CsvFeed:
    """``path,label[,x_min,y_min,x_max,y_max][,more columns]``.

    Paths are relative to the file. A picture with several boxes has several rows,
    anywhere in the file; one with an empty label is a picture without any. Boxes
    are in pixels from 0, the last ones exclusive.

    Args:
        file: the CSV file, UTF-8.
        labels: read the labels; without, every picture is unlabelled.
    """

    format = "csv"

    def __init__(self, file: Path, *, labels: bool = True) -> None:
        self._file = file
        self._root = file.parent
        self._header = csv_header(file)
        if "path" not in self._header:
            raise Invalid(f"{file.name} has the columns {', '.join(self._header)} and no path")
        self._labels = labels and "label" in self._header
        self._boxes = set(CORNERS) <= set(self._header)

    @property
    def task(self) -> Task | None:
        """See `Feed.task`."""
        if not self._labels:
            return None
        return "detection" if self._boxes else "classification"

    def label_names(self) -> list[str]:
        """See `Feed.label_names`."""
        return names_in(iter(self))

    def __iter__(self) -> Iterator[FeedItem]:
        """See `Feed.__iter__`."""
        for path, rows in self._spool.groups():
            yield self._item(path, rows)

    @cached_property
    def _spool(self) -> Spool:
        spool = Spool()
        try:
            # A path that is not UTF-8 becomes one that does not exist, which is said of it.
            with open(self._file, encoding="utf-8-sig", errors="replace", newline="") as file:
                rows = csv.reader(file)
                next(rows, None)
                for number, row in enumerate(rows, start=2):
                    cells = dict(zip(self._header, map(str.strip, row), strict=False))
                    spool.add(cells.get("path") or f"(row {number})", cells)
        except csv.Error as error:
            raise Invalid(f"{self._file.name} is no CSV file: {error}") from error
        return spool

    def _item(self, path: str, rows: Sequence[Mapping[str, str]]) -> FeedItem:
        found = inside(self._root, path)
        if found is None:
            why = "there is no such file below the folder of the CSV file"
            return FeedItem(path=path, read=lambda: b"", columns=rows[0], problem=why)
        read = reader(found)
        try:
            labels = self._row_labels(rows) if self._labels else None
        except ValueError as error:
            return FeedItem(path=path, read=read, columns=rows[0], problem=str(error))
        return FeedItem(path=path, read=read, labels=labels, columns=rows[0])

    def _row_labels(self, rows: Sequence[Mapping[str, str]]) -> tuple[FeedLabel, ...]:
        return tuple(
            FeedLabel(row["label"], _box(row) if self._boxes else None)
            for row in rows
            if row.get("label")
        )


def csv_header(file: Path) -> list[str]:
    """The names of a CSV file's columns.

    Raises:
        Invalid: the file is not text in UTF-8.
    """
    try:
        with open(file, encoding="utf-8-sig", newline="") as lines:
            return [name.strip() for name in next(csv.reader(lines), [])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{file.name} is no CSV file in UTF-8: {error}") from error


def _box(row: Mapping[str, str]) -> Box:
    numbers = []
    for name in CORNERS:
        try:
            numbers.append(float(row.get(name, "")))
        except ValueError:
            numbers.append(math.nan)
        if not math.isfinite(numbers[-1]):
            raise ValueError(f"{name} is {row.get(name, '')!r}, not a number")
    return Box.of(numbers)
