"""A snapshot: the frozen membership, labels and split of a training set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping

from millpond.raw.store import ObjectStore
from millpond.snapshots.example_table import Examples
from millpond.snapshots.files import LABELS, MEMBERS, read_manifest, read_table
from millpond.snapshots.selection import without_ids
from millpond.values import iso


@dataclass(frozen=True)
class Snapshot:
    """A training set as it was at a moment.

    Args:
        as_of: the moment, in microseconds since 1970.
        definition: with the moment, all that decided what is in it.
        images: their number.
        parts: the number of images of each part.
        sha256: of its manifest; two snapshots of one definition and moment agree in it.
        folder: where its files are.
    """

    snapshot_id: str
    name: str
    app: str
    as_of: int
    created_at: int
    created_by: str
    definition: Mapping[str, Any]
    images: int
    parts: Mapping[str, int]
    sha256: str
    folder: Path = field(repr=False, compare=False)

    @classmethod
    def of(cls, row: RowMapping, folder: Path) -> Snapshot:
        """The snapshot of a row, whose files lie in `folder`."""
        return cls(**row, folder=folder / row["snapshot_id"])

    def manifest(self) -> dict[str, Any]:
        """What was frozen and what the split did, after a check of every byte.

        Raises:
            Corrupted: a file is not what was written.
        """
        return read_manifest(self.folder, self.sha256)

    def examples(self, store: ObjectStore, part: str | None = None) -> Examples:
        """The reviewed images of a part, or of all, with their labels, in a fixed order.

        Images that nobody reviewed are members when they were asked for, but no
        examples: that they have no labels says nothing.

        Raises:
            Corrupted: a file is not what was written.
        """
        self.manifest()
        members, labels = read_table(self.folder / MEMBERS), read_table(self.folder / LABELS)
        return Examples(store, members, labels, part)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, without its files; of a selection, the number of its images."""
        return {
            "snapshot_id": self.snapshot_id,
            "name": self.name,
            "app": self.app,
            "as_of": iso(self.as_of),
            "created_at": iso(self.created_at),
            "created_by": self.created_by,
            "definition": without_ids(self.definition),
            "images": self.images,
            "parts": dict(self.parts),
            "sha256": self.sha256,
        }
