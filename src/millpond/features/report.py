"""What a run of features did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from millpond.durable import make_folder, write_file
from millpond.features.computing import Made
from millpond.features.extract import Refused
from millpond.features.reducing import Reduced
from millpond.features.staging import Staged


@dataclass(frozen=True)
class FeaturesReport:
    """What a run of features did.

    Args:
        run_id: of the run.
        model: whose vectors they are, as the tables have it.
        source: what was listed.
        images: those that have a vector now, of all that were listed.
        computed: those that had none before.
        images_per_second: from the first file opened to the last vector written; 0 where
            none was computed.
        quarantined: those that have none, for what is in them, of all that were listed.
        unreachable: those that could not be read; the next run tries again.
        reduction: its name; None where there were fewer than two vectors.
        components: how many numbers a reduced vector has.
        explained_variance: the share of the variance that they keep.
        previous_explained_variance: what the run before said; None for the first.
        refitted: whether the reduction was made anew.
        reduced: vectors that were reduced.
        warnings: what somebody should know.
        refused: the first of those quarantined or unreachable, with their reasons.
    """

    run_id: str
    model: str
    source: str
    images: int
    computed: int
    images_per_second: float
    quarantined: int
    unreachable: int
    reduction: str | None
    components: int
    explained_variance: float | None
    previous_explained_variance: float | None
    refitted: bool
    reduced: int
    seconds: float
    warnings: Sequence[str]
    refused: Sequence[Refused]

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return asdict(self)

    def write(self, path: Path) -> None:
        """Keep it as JSON, durably."""
        make_folder(path.parent)
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False)
        write_file(path, text.encode() + b"\n")


def reported(
    run: Staged,
    source: str,
    listed: int,
    made: Made,
    reduced: Reduced,
    quarantined: int,
    seconds: float,
) -> FeaturesReport:
    """The report of a run, from its parts."""
    reduction = reduced.reduction
    return FeaturesReport(
        run_id=run.run_id,
        model=run.model,
        source=source,
        images=reduced.images,
        computed=made.rows,
        images_per_second=round(made.rate, 3),
        quarantined=quarantined,
        unreachable=made.unreachable,
        reduction=None if reduction is None else reduction.name,
        components=0 if reduction is None else len(reduction),
        explained_variance=reduced.explained,
        previous_explained_variance=reduced.previous,
        refitted=reduced.refitted,
        reduced=reduced.rows,
        seconds=round(seconds, 3),
        warnings=reduced.warnings or ([] if listed else [f"there are no images in {source}"]),
        refused=made.refused,
    )
