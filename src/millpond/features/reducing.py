"""Reducing vectors: by the reduction in use while it keeps enough, else by a new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from millpond.features.lineage import Lineage, Lineages
from millpond.features.moments import Gathered, Moments
from millpond.features.reduction import Reduction, Wanted, count_for, shares_of
from millpond.features.staging import Staged
from millpond.features.tables import (
    REDUCED,
    FeatureTables,
    NewRows,
    file_schema,
    matrix_of,
    vectors_array,
    write_batches,
)
from millpond.features.unreduced import count_ids, vectors

#: What a fixed number of components may lose of what it kept the run before.
_LOSS = 0.005


@dataclass(frozen=True)
class Reduced:
    """What a run reduced.

    Args:
        images: vectors of the listing that are reduced now.
        rows: those that were not before.
        reduction: None where there are fewer than two vectors.
        explained: the share of the variance of all of them that it keeps.
        previous: what the run before said.
    """

    images: int
    rows: int = 0
    reduction: Reduction | None = None
    explained: float | None = None
    previous: float | None = None
    refitted: bool = False
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Reducing:
    """Reduces the vectors of a listing.

    Args:
        staged: the run, with its listing.
        key: of what goes on from run to run.
        wanted: how many components.
    """

    tables: FeatureTables
    staged: Staged
    key: str
    wanted: Wanted

    def reduce(self, computed: Moments | None) -> Reduced:
        """Fit where it is needed, and reduce what is not reduced.

        Args:
            computed: of the vectors that this run has made, all of the listing, where the
                workers told.
        """
        lineages = Lineages(self.tables.folder)
        files = self.tables.features.files(self.staged.model)
        images = count_ids(self.staged.listing, files, [])
        found = None if self.staged.anew else lineages.find(self.key)
        if found is not None:
            before, known = found
            done = self.tables.reduced.files(before.reduction)
            fresh = count_ids(self.staged.listing, files, done)
            if before.count == images - fresh:
                new = self._moments(files, done, fresh, computed)
                return self._go_on(lineages, before, known.merged(new), images, files)
        every = self._moments(files, [], images, computed)
        return self._fit(lineages, every, files, found[0] if found else None)

    def _go_on(
        self,
        lineages: Lineages,
        before: Lineage,
        moments: Moments,
        images: int,
        files: Sequence[Path],
    ) -> Reduced:
        reduction = lineages.reduction(before.reduction)
        explained = reduction.explains(moments)
        if not self._is_enough(reduction, explained, moments):
            return self._fit(lineages, moments, files, before)
        done = self.tables.reduced.files(reduction.name)
        rows = self._write(reduction, files, done)
        lineages.keep(self.key, Lineage(reduction.name, images, explained), moments)
        return Reduced(images, rows, reduction, explained, before.explained)

    def _is_enough(self, reduction: Reduction, explained: float, moments: Moments) -> bool:
        if self.wanted.share is not None:
            return explained >= self.wanted.share - 1e-9
        best = shares_of(moments)[: len(reduction)].sum()
        return explained >= float(best) - _LOSS

    def _fit(
        self, lineages: Lineages, moments: Moments, files: Sequence[Path], before: Lineage | None
    ) -> Reduced:
        if moments.count < 2:
            return Reduced(moments.count)
        reduction = Reduction.fit(moments, self.wanted, self.staged.model)
        lineages.add(reduction, {"key": self.key, "run_id": self.staged.run_id})
        rows = self._write(reduction, files, [])
        lineage = Lineage(reduction.name, moments.count, reduction.explained)
        lineages.keep(self.key, lineage, moments)
        previous = None if before is None else before.explained
        told = self._warnings(reduction, previous)
        return Reduced(moments.count, rows, reduction, reduction.explained, previous, True, told)

    def _warnings(self, reduction: Reduction, previous: float | None) -> list[str]:
        """What is lost where the number of components is fixed, and which would keep it."""
        explained = reduction.explained
        if self.wanted.share is not None or previous is None or explained >= previous - _LOSS:
            return []
        enough = count_for(reduction.variances, previous)
        return [
            f"{len(reduction)} components explain {explained:.1%} of the variance, and "
            f"{previous:.1%} the run before; {enough} would explain as much again"
        ]

    def _moments(
        self, files: Sequence[Path], done: Sequence[Path], count: int, computed: Moments | None
    ) -> Moments:
        """Of vectors that are not done; they need not be read where workers told of as many.

        What this run computed was not done before, so as many are the same.
        """
        if computed is not None and computed.count == count:
            return computed
        gathered: Gathered | None = None
        for batch in vectors(self.staged.listing, files, done):
            matrix = matrix_of(batch["vector"])
            gathered = gathered or Gathered(matrix.shape[1])
            gathered.add(matrix)
        return gathered.moments() if gathered is not None else Moments.none(0)

    def _write(self, reduction: Reduction, files: Sequence[Path], done: Sequence[Path]) -> int:
        """Reduce what is not done, and make it rows; how many they are."""
        path = self.staged.folder / "reduced.parquet"
        schema = file_schema(REDUCED, len(reduction))
        found = vectors(self.staged.listing, files, done)
        rows = write_batches(path, schema, self._reduced(reduction, schema, found))
        if rows:
            name = f"{self.staged.run_id}-{len(reduction)}.parquet"
            self.tables.reduced.commit([NewRows(path, name, reduction.name, rows)])
        return rows

    def _reduced(
        self, reduction: Reduction, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            columns = [
                batch["object_id"],
                batch["label"],
                pa.repeat(reduction.name, batch.num_rows),
                vectors_array(reduction.apply(matrix_of(batch["vector"])), schema),
            ]
            yield pa.record_batch(columns, schema=schema)
