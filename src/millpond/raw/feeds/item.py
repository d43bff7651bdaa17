"""What a feed gives: one picture at a time, with what people said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from millpond.values import Box, Task


@dataclass(frozen=True, slots=True)
class FeedLabel:
    """A label as a file gives it; the box may lie outside the picture or be empty."""

    label: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One picture of a feed.

    Args:
        path: relative to the feed's folder, with forward slashes.
        read: gives the bytes; a file beyond the limit on bytes comes cut off just
            after it, so that `decode` refuses it.
        labels: an empty tuple is a picture in which a person found nothing; None
            is one that nobody has labelled.
        columns: of a CSV file, all cells of the picture's first row by their names.
        problem: why the labels, or the picture, cannot be used; None when they can.
    """

    path: str
    read: Callable[[], bytes]
    labels: tuple[FeedLabel, ...] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None


class Feed(Protocol):
    """A folder of pictures that can be gone through more than once."""

    @property
    def format(self) -> str:
        """One of ``folder``, ``voc``, ``coco``, ``dicom``, ``csv``."""
        ...

    @property
    def task(self) -> Task | None:
        """What the labels are for; None when there are none."""
        ...

    def label_names(self) -> list[str]:
        """The labels in use, sorted; found by going through them all."""
        ...

    def __iter__(self) -> Iterator[FeedItem]:
        """The pictures, in an order that is the same every time."""
        ...


def names_in(items: Iterator[FeedItem]) -> list[str]:
    """The labels of items, each once, sorted."""
    return sorted({label.label for item in items for label in item.labels or ()})
