"""The feed of one folder per class, the form of most classification sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from millpond.raw.feeds.files import pictures, printable, reader
from millpond.raw.feeds.item import FeedItem, FeedLabel, names_in
from millpond.values import Task

#: Folders of these names hold the classes of a part, and are no class themselves.
_PARTS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})


class FolderFeed:
    """``root/<class>/**/<picture>``; pictures that lie in no class have no label.

    Args:
        root: the folder.
        labels: read the classes; without, every picture is unlabelled.
    """

    format = "folder"

    def __init__(self, root: Path, *, labels: bool = True) -> None:
        self._root = root
        self._labels = labels

    @property
    def task(self) -> Task | None:
        """See `Feed.task`."""
        return "classification" if any(item.labels for item in self) else None

    def label_names(self) -> list[str]:
        """See `Feed.label_names`."""
        return names_in(iter(self))

    def __iter__(self) -> Iterator[FeedItem]:
        """See `Feed.__iter__`."""
        for path in pictures(self._root):
            name = _class_of(path) if self._labels else None
            yield FeedItem(
                path=printable(path),
                read=reader(self._root / path),
                labels=None if name is None else (FeedLabel(name),),
            )


def _class_of(path: str) -> str | None:
    """The first folder of a path that is no part of a split.

    >>> _class_of("train/apple/3.jpg")
    'apple'
    """
    folders = path.split("/")[:-1]
    return next((name for name in folders if name.lower() not in _PARTS), None)
