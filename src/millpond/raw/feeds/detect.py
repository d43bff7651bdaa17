"""Which form a folder of pictures has, and the feed that reads it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from millpond.errors import Invalid, NotFound, UsageError
from millpond.raw.feeds.coco import CocoFeed
from millpond.raw.feeds.csv import CsvFeed, csv_header
from millpond.raw.feeds.dicom import DicomFeed
from millpond.raw.feeds.files import DICOM, files, pictures, suffix
from millpond.raw.feeds.folder import FolderFeed
from millpond.raw.feeds.item import Feed
from millpond.raw.feeds.json_stream import array_elements
from millpond.raw.feeds.voc import VocFeed

FORMATS = ("auto", "folder", "voc", "coco", "dicom", "csv")


def open_feed(path: str | PathLike[str], format: str = "auto", labels: bool = True) -> Feed:
    """The feed at a path.

    Args:
        path: a folder, or the JSON file of a COCO set, or a CSV file.
        format: one of `FORMATS`; ``auto`` looks at what is there.
        labels: read labels; without, every picture is unlabelled.

    Raises:
        NotFound: there is nothing at the path.
        UsageError: an unknown format.
        Invalid: no form fits, or more than one does.
    """
    place = Path(path)
    if format not in FORMATS:
        raise UsageError(f"format {format!r} is not one of {', '.join(FORMATS)}")
    if not place.exists():
        raise NotFound(f"there is no folder or file {str(path)!r}")
    if format == "auto":
        format = _detect(place)
    if format == "coco":
        root, file = _one_file(place, _coco_files(place), "coco")
        return CocoFeed(root, file, labels=labels)
    if format == "csv":
        return CsvFeed(_one_file(place, _csv_files(place), "csv")[1], labels=labels)
    if not place.is_dir():
        raise Invalid(f"{place.name} is a file; the format {format} needs a folder")
    if format == "dicom":
        return DicomFeed(place)
    return (VocFeed if format == "voc" else FolderFeed)(place, labels=labels)


def _detect(place: Path) -> str:
    fits = [
        name
        for name, found in (
            ("coco", any(True for _ in _coco_files(place))),
            ("csv", any(True for _ in _csv_files(place))),
            ("voc", place.is_dir() and any(suffix(path) == ".xml" for path in files(place))),
        )
        if found
    ]
    if len(fits) > 1:
        raise Invalid(f"{place.name} looks like {' and '.join(fits)}; say which with --format")
    if fits:
        return fits[0]
    if not place.is_dir():
        raise Invalid(f"{place.name} is neither a COCO file nor a CSV file with a path column")
    # Folders of DICOM are named for patients and studies, never for classes.
    if any(suffix(path) not in DICOM for path in pictures(place)):
        return "folder"
    if any(True for _ in DicomFeed(place)):
        return "dicom"
    raise Invalid(f"there are no pictures in {place.name}")


def _one_file(place: Path, found: Iterable[Path], format: str) -> tuple[Path, Path]:
    """The folder of the pictures, and the one file that describes them."""
    if place.is_file():
        return place.parent, place
    several = list(itertools.islice(found, 3))
    if len(several) == 1:
        return place, several[0]
    names = ", ".join(file.name for file in several) or "none"
    raise Invalid(f"{place.name} needs one {format} file and has {names}; give the file itself")


def _coco_files(place: Path) -> Iterable[Path]:
    return (file for file in _candidates(place, ".json") if _is_coco(file))


def _csv_files(place: Path) -> Iterable[Path]:
    return (file for file in _candidates(place, ".csv") if _is_feed(file))


def _candidates(place: Path, ending: str) -> list[Path]:
    if place.is_file():
        return [place] if suffix(place.name) == ending else []
    folders = (place, place / "annotations")
    return sorted(file for folder in folders for file in folder.glob(f"*{ending}"))


def _is_coco(file: Path) -> bool:
    try:
        return any(name in ("images", "annotations") for name, _ in array_elements(file))
    except (ValueError, RecursionError, OSError):
        return False


def _is_feed(file: Path) -> bool:
    """A CSV of labels or subjects, not one of parts."""
    try:
        header = csv_header(file)
    except Invalid:
        return False
    return "path" in header and header != ["path", "part"]
