"""The feed of DICOM files in any folders, without labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from millpond.raw.feeds.files import DICOM, files, printable, reader, suffix
from millpond.raw.feeds.item import FeedItem


class DicomFeed:
    """Files named ``.dcm``, and files without an ending that begin as DICOM does.

    Args:
        root: the folder, as an archive exports it.
    """

    format = "dicom"
    task = None

    def __init__(self, root: Path) -> None:
        self._root = root

    def label_names(self) -> list[str]:
        """None: the names of folders are those of patients and studies here."""
        return []

    def __iter__(self) -> Iterator[FeedItem]:
        """See `Feed.__iter__`."""
        for path in files(self._root):
            if suffix(path) in DICOM or (not suffix(path) and _begins_as_dicom(self._root / path)):
                yield FeedItem(path=printable(path), read=reader(self._root / path))


def _begins_as_dicom(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"
