"""Letting an engine compute the vectors that are missing, and making them rows of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from millpond.engines.engine import BatchEngine
from millpond.features.backbone import Backbone
from millpond.features.extract import ANSWER, Extract, Refused, refused_of
from millpond.features.moments import Moments
from millpond.features.replaced import Replaced, replaced
from millpond.features.staging import LISTED, Staged, Staging
from millpond.features.tables import QUARANTINE, FeatureTables, NewRows, write_batches
from millpond.features.unreduced import count_ids
from millpond.raw.limits import Limits

#: Called with the images that were looked at, and those that there are to look at.
OnProgress = Callable[[int, int], None]

#: Images without a vector that are named, with the reason.
_NAMED = 20
#: Rows of the quarantine that are written at once.
_TOGETHER = 1000


@dataclass
class Made:
    """What engines made in a run, and in those before it that had not come to their end.

    Args:
        rows: vectors.
        moments: of those vectors.
        quarantined: images that have no vector for what is in them.
        unreachable: images that could not be read.
        refused: the first few of both.
        started, ended: seconds since 1970, of the first file opened and the last one written.
    """

    moments: Moments
    rows: int = 0
    quarantined: int = 0
    unreachable: int = 0
    refused: list[Refused] = field(default_factory=list)
    started: float = float("inf")
    ended: float = float("-inf")

    @property
    def rate(self) -> float:
        """Vectors a second."""
        return self.rows / (self.ended - self.started) if self.ended > self.started else 0.0

    @property
    def looked_at(self) -> int:
        """Images that were tried."""
        return self.rows + self.quarantined + self.unreachable


@dataclass(frozen=True)
class Computing:
    """Computes what runs have to compute.

    Args:
        open_engine: opens an engine; it is closed after each run.
    """

    tables: FeatureTables
    open_engine: Callable[[], BatchEngine]
    backbone: Backbone
    limits: Limits
    on_progress: OnProgress
    made: Made

    def compute(self, staging: Staging, folder: Path, listed: int, *, anew: bool) -> Staged:
        """Compute what the listing in the folder of a new run has beyond what is done.

        Args:
            listed: how many images the listing has.
            anew: nothing counts as done.
        """
        done = [] if anew else self._done()
        model = self.backbone.model
        listing = folder / LISTED
        if listed == count_ids(listing, done, []):
            return staging.stage(folder, model, done, 1, anew=anew)
        with closing(self.open_engine()) as engine:
            staged = staging.stage(folder, model, done, engine.workers, anew=anew)
            self._run(staged, engine)
        return staged

    def finish(self, staged: Staged) -> None:
        """Bring a run to its end that was killed, and forget it."""
        with closing(self.open_engine()) as engine:
            self._run(staged, engine)
        staged.remove()

    def _done(self) -> list[Path]:
        model = self.backbone.model
        return [*self.tables.features.files(model), *self.tables.quarantine.files(model)]

    def _run(self, staged: Staged, engine: BatchEngine) -> None:
        """Compute, then commit the vectors, then the quarantine."""
        extract = Extract(self.backbone, staged.work, staged.vectors, self.limits)
        refused = staged.folder / "refused.parquet"
        answers = engine.run(extract, staged.shards, ANSWER)
        write_batches(refused, QUARANTINE.schema, self._quarantined(answers, staged))
        gone = replaced(self.tables.features, staged) if staged.anew else Replaced()
        self.tables.features.commit([*self._files(staged), *gone.rests], gone.files)
        bad = NewRows(refused, f"{staged.run_id}.parquet", staged.model, _rows(refused))
        gone = replaced(self.tables.quarantine, staged) if staged.anew else Replaced()
        self.tables.quarantine.commit([*([bad] if bad.rows else []), *gone.rests], gone.files)

    def _files(self, staged: Staged) -> Iterator[NewRows]:
        """The files that the workers wrote, in this run or before it was killed."""
        for path in sorted(staged.vectors.glob("[0-9]*.parquet")):
            if rows := _rows(path):
                yield NewRows(path, f"{staged.run_id}-{path.name}", staged.model, rows)

    def _quarantined(
        self, answers: Iterator[pa.RecordBatch], staged: Staged
    ) -> Iterator[pa.RecordBatch]:
        """The rows of the quarantine, while the answers are taken in."""
        waiting: list[Refused] = []
        for answer in answers:
            waiting += [each for each in self._taken_in(answer) if each.for_good]
            self.on_progress(self.made.looked_at, staged.objects)
            if len(waiting) >= _TOGETHER:
                yield _quarantine(waiting, staged.model)
                waiting = []
        yield _quarantine(waiting, staged.model)

    def _taken_in(self, answer: pa.RecordBatch) -> list[Refused]:
        made, found = self.made, []
        for row in answer.to_pylist():
            if row["moments"] is not None:
                made.moments = made.moments.merged(Moments.from_bytes(row["moments"]))
                continue
            found += refused_of(row["refused"])
            made.rows += row["rows"]
            made.started = min(made.started, row["started"])
            made.ended = max(made.ended, row["ended"])
        made.quarantined += sum(each.for_good for each in found)
        made.unreachable += sum(not each.for_good for each in found)
        made.refused += found[: _NAMED - len(made.refused)]
        return found


def _quarantine(refused: list[Refused], model: str) -> pa.RecordBatch:
    rows = [
        {"object_id": each.object_id, "model": model, "reason": each.reason} for each in refused
    ]
    return pa.RecordBatch.from_pylist(rows, schema=QUARANTINE.schema)


def _rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)
