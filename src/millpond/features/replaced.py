"""What of a table gives way when the images of a run are computed anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from millpond.features.staging import Staged
from millpond.features.tables import FeatureTable, NewRows, write_batches
from millpond.features.unreduced import count_ids, other_rows


@dataclass(frozen=True)
class Replaced:
    """Files that go out of a table, and those with what was in them of other images."""

    files: Sequence[Path] = ()
    rests: Sequence[NewRows] = ()


def replaced(table: FeatureTable, staged: Staged) -> Replaced:
    """The files of a model with rows of images that a run has computed anew."""
    gone, rests = [], []
    for path in table.files(staged.model):
        if path.name.startswith(staged.run_id):
            continue
        rows = int(pq.read_metadata(path).num_rows)
        theirs = count_ids(staged.listing, [path], [])
        if theirs:
            gone.append(path)
        if 0 < theirs < rows:
            rest = staged.folder / f"rest-{table.kind.name}-{path.name}"
            schema = pq.read_schema(path).remove_metadata()
            write_batches(rest, schema, other_rows(path, staged.listing))
            name = f"{staged.run_id}-rest-{path.name}"
            rests.append(NewRows(rest, name, staged.model, rows - theirs))
    return Replaced(gone, rests)
