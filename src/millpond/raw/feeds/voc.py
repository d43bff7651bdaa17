"""The feed of Pascal VOC: pictures, and an XML file of boxes for each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from millpond.raw.feeds.files import inside, pictures, printable, reader
from millpond.raw.feeds.item import FeedItem, FeedLabel, names_in
from millpond.raw.feeds.safe_xml import MOST, parse_xml
from millpond.values import Box, Task

#: The folders that hold the XML files, beside the pictures or beside their folder.
FOLDERS = ("annotations", "Annotations")


class VocFeed:
    """Pictures with ``<stem>.xml`` beside them, or in a folder ``annotations`` nearby.

    Args:
        root: the folder.
        labels: read the XML files; without, every picture is unlabelled.
    """

    format = "voc"

    def __init__(self, root: Path, *, labels: bool = True) -> None:
        self._root = root
        self._labels = labels

    @property
    def task(self) -> Task | None:
        """See `Feed.task`."""
        return "detection" if self._labels else None

    def label_names(self) -> list[str]:
        """See `Feed.label_names`."""
        return names_in(iter(self))

    def __iter__(self) -> Iterator[FeedItem]:
        """See `Feed.__iter__`."""
        for path in pictures(self._root):
            read = reader(self._root / path)
            sidecar = self._sidecar(path) if self._labels else None
            if sidecar is None:
                yield FeedItem(path=printable(path), read=read)
                continue
            try:
                yield FeedItem(path=printable(path), read=read, labels=_labels(sidecar))
            except (ValueError, OSError) as error:
                yield FeedItem(path=printable(path), read=read, problem=f"{sidecar.name}: {error}")

    def _sidecar(self, path: str) -> Path | None:
        """The XML file of a picture."""
        picture = Path(path)
        places = [picture.parent]
        for folder in (picture.parent, picture.parent.parent):
            places += [folder / name for name in FOLDERS]
        for place in places:
            found = inside(self._root, str(place / f"{picture.stem}.xml"))
            if found is not None:
                return found
        return None


def _labels(sidecar: Path) -> tuple[FeedLabel, ...]:
    with open(sidecar, "rb") as file:
        root = parse_xml(file.read(MOST + 1))
    return tuple(_label(element) for element in root.iter("object"))


def _label(element: Element) -> FeedLabel:
    name = (element.findtext("name") or "").strip()
    if not name:
        raise ValueError("an object has no name")
    corners = element.find("bndbox")
    if corners is None:
        raise ValueError(f"the object {name!r} has no bndbox")
    # VOC counts from 1 and includes the last pixel.
    return FeedLabel(
        name,
        Box(
            _number(corners, "xmin") - 1,
            _number(corners, "ymin") - 1,
            _number(corners, "xmax"),
            _number(corners, "ymax"),
        ),
    )


def _number(corners: Element, name: str) -> float:
    text = corners.findtext(name) or ""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is {text!r}, not a number")
    return number
