"""Exporting marts, as folders and as ZIPs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from millpond.analytics.analytics import Analytics
from millpond.errors import Invalid
from millpond.marts import documents
from millpond.marts.coco import ANNOTATIONS, BEGINS, coco
from millpond.marts.content import Content, Definition, Labels
from millpond.marts.folder import check_out, write_mart
from millpond.marts.mart import Format, Tally
from millpond.marts.zip import zip_mart
from millpond.raw.store import ObjectStore
from millpond.settings import AppSection
from millpond.snapshots.moment import fixed_moment
from millpond.snapshots.snapshots import Snapshots


@dataclass(frozen=True)
class Entry:
    """A format, and the file of a mart that a reader opens first: its name and beginning."""

    files: Format
    first: str
    begins: bytes


#: The formats by name; a new one is a file of its own and a line here.
FORMATS = {
    "coco": Entry(coco, ANNOTATIONS, BEGINS),
    "documents": Entry(documents.documents, documents.DOCUMENTS, documents.BEGINS),
}


@dataclass(frozen=True)
class Choice:
    """Which facts a mart is made from.

    Args:
        labels: ``truth`` or ``predictions``; see `Definition`.
        as_of: the moment as a user writes it; None is now.
        snapshot: the name of one; it brings its own moment.
        include_unreviewed: of the truth, the images too that nobody reviewed.
    """

    labels: Labels = "truth"
    as_of: str | int | None = None
    snapshot: str | None = None
    include_unreviewed: bool = False


@dataclass(frozen=True)
class Exported:
    """What an export wrote; `path` is the file that a reader opens first."""

    images: int
    annotations: int
    path: Path


class Marts:
    """Makes the marts of a project."""

    def __init__(
        self, engine: Engine, analytics: Analytics, store: ObjectStore, snapshots: Snapshots
    ) -> None:
        self._engine = engine
        self._analytics = analytics
        self._store = store
        self._snapshots = snapshots

    def export(
        self, format: str, app: str, declared: AppSection, out: Path, choice: Choice
    ) -> Exported:
        """Write a mart into a folder, whole or not at all.

        Raises:
            Invalid: the format, the labels or the moment does not fit.
            NotFound: there is no such snapshot.
            Conflict: the folder holds something else.
            DiskFull: nothing of it is kept.
        """
        entry = _entry(format)
        check_out(out, entry.first, entry.begins)
        tally = Tally()
        write_mart(entry.files(self._content(app, declared, choice), tally), out)
        return Exported(tally.images, tally.annotations, out / entry.first)

    def zip(self, format: str, app: str, declared: AppSection, choice: Choice) -> Iterator[bytes]:
        """A mart as a ZIP, piece by piece; whatever does not fit is raised at once.

        Raises:
            Invalid: the format, the labels or the moment does not fit.
            NotFound: there is no such snapshot.
        """
        entry = _entry(format)
        content = self._content(app, declared, choice)
        return zip_mart(entry.files(content, Tally()))

    def _content(self, app: str, declared: AppSection, choice: Choice) -> Content:
        snapshot, categories = None, declared.labels
        if choice.snapshot is None:
            moment = fixed_moment(self._analytics, self._engine, choice.as_of)
        else:
            if choice.as_of is not None:
                raise Invalid("a snapshot has a moment of its own; leave --as-of out")
            snapshot = self._snapshots.get(choice.snapshot)
            if snapshot.app != app:
                raise Invalid(f"snapshot {snapshot.name} is one of app {snapshot.app}, not {app}")
            snapshot.manifest()
            moment, categories = snapshot.as_of, tuple(snapshot.definition["labels"])
        definition = Definition(
            app, categories, choice.labels, moment, snapshot, choice.include_unreviewed
        )
        return Content(self._analytics, self._store, definition)


def _entry(format: str) -> Entry:
    if format not in FORMATS:
        raise Invalid(f"format {format!r} is not one of {', '.join(sorted(FORMATS))}")
    return FORMATS[format]
