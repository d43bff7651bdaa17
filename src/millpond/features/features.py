"""The features of a project: vectors of its images, or of a prefix's, scaled and reduced.

A run, in its order; a kill anywhere is made good by the next run:

1. List the images, and leave out those whose vectors are there.
2. Let the engine compute the others, shard by shard, each a file of its own.
3. Make the files rows of the table ``features``, in one commit.
4. Add to the mean and covariance what is new, and see what the reduction in use keeps
   of it; make it anew where that is too little.
5. Reduce what is not reduced, and make that rows of ``features_reduced``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from millpond.durable import make_folder
from millpond.engines.engine import BatchEngine
from millpond.features.backbone import Backbone
from millpond.features.computing import Computing, Made, OnProgress
from millpond.features.listing import write_listing
from millpond.features.moments import Moments
from millpond.features.reducing import Reducing
from millpond.features.reduction import Wanted
from millpond.features.report import FeaturesReport, reported
from millpond.features.staging import LISTED, Staging
from millpond.features.tables import FeatureTables
from millpond.features.unreduced import count_ids
from millpond.history.lock import exclusive
from millpond.raw.limits import Limits


@dataclass(frozen=True)
class Features:
    """Makes features, and keeps them in the lake.

    Args:
        folder: of the features in the lake.
        open_engine: opens what computes; it is called where there is something to compute.
        limits: of an image.
    """

    folder: Path
    open_engine: Callable[[], BatchEngine]
    limits: Limits

    @property
    def tables(self) -> FeatureTables:
        """Where the vectors are."""
        return FeatureTables(self.folder)

    def run(
        self,
        source: str,
        listing: Iterable[pa.RecordBatch],
        backbone: Backbone,
        wanted: Wanted,
        *,
        anew: bool = False,
        on_progress: OnProgress = lambda done, total: None,
    ) -> FeaturesReport:
        """Make what is missing, once no other run is under way.

        Args:
            source: what was listed, in words that are the same for the same images.
            listing: the images, in the shape of `listing.LISTING`.
            wanted: how many components.
            anew: compute all, whatever there is.
            on_progress: called with the images computed, and those that are to be.

        Raises:
            MillpondError: the engine failed; what was computed is kept for the next run.
        """
        began = time.monotonic()
        make_folder(self.folder)
        with exclusive(self.folder / "lock"):
            tables, staging = self.tables, Staging(self.folder)
            made = Made(Moments.none(backbone.dimension))
            computing = Computing(
                tables, self.open_engine, backbone, self.limits, on_progress, made
            )
            left = list(staging.left(backbone.model))
            for earlier in left:
                computing.finish(earlier)
            folder = staging.new()
            listed = write_listing(listing, folder / LISTED)
            run = computing.compute(staging, folder, listed, anew=anew)
            reducing = Reducing(tables, run, f"{backbone.model} {wanted} {source}", wanted)
            # With what an earlier run had left, they may be those of other images.
            reduced = reducing.reduce(None if left else made.moments)
            bad = count_ids(run.listing, tables.quarantine.files(run.model), [])
            seconds = time.monotonic() - began
            report = reported(run, source, listed, made, reduced, bad, seconds)
            report.write(self.folder / "reports" / f"{run.run_id}.json")
            run.remove()
            return report
