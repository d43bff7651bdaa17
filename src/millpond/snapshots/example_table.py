"""The examples of a snapshot, kept as columns and made one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from millpond.capture.objects import object_key
from millpond.raw.store import ObjectStore
from millpond.snapshots.examples import Example, Label
from millpond.values import Box

if TYPE_CHECKING:
    import pyarrow as pa


class Examples(Sequence[Example]):
    """Examples in the order of their bytes' SHA-256, which is the same in every project.

    Args:
        members: of the snapshot, sorted by object id.
        labels: of the snapshot, sorted by object id.
        part: the one to take; all where it is None.
    """

    def __init__(
        self, store: ObjectStore, members: pa.Table, labels: pa.Table, part: str | None
    ) -> None:
        import numpy as np
        import pyarrow.compute as pc

        taken = pc.field("reviewed")
        if part is not None:
            taken &= pc.field("part") == part
        self._store = store
        self._members = members.filter(taken).sort_by(
            [("sha256", "ascending"), ("object_id", "ascending")]
        )
        self._labels = labels
        ids = self._members["object_id"].to_numpy()
        labelled = labels["object_id"].to_numpy()
        self._first = np.searchsorted(labelled, ids, side="left")
        self._last = np.searchsorted(labelled, ids, side="right")

    def __len__(self) -> int:
        return int(self._members.num_rows)

    @overload
    def __getitem__(self, index: int) -> Example: ...

    @overload
    def __getitem__(self, index: slice) -> list[Example]: ...

    def __getitem__(self, index: int | slice) -> Example | list[Example]:
        if isinstance(index, slice):
            return [self._example(place) for place in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")
        return self._example(index % len(self))

    def _example(self, place: int) -> Example:
        [member] = self._members.slice(place, 1).to_pylist()
        first, last = int(self._first[place]), int(self._last[place])
        rows = self._labels.slice(first, last - first).to_pylist()
        return Example(
            member["object_id"],
            member["part"],
            tuple(_label(row) for row in rows),
            partial(self._store.get, object_key(member["object_id"])),
        )


def _label(row: dict[str, Any]) -> Label:
    if row["x_min"] is None:
        return Label(row["label"])
    return Label(row["label"], Box(row["x_min"], row["y_min"], row["x_max"], row["y_max"]))
