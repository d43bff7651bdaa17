"""Training of heads: which can be had, and what they learn on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid, UsageError
from millpond.features.find_backbone import find_backbone
from millpond.features.lineage import Lineages
from millpond.features.report import FeaturesReport
from millpond.features.tables import FeatureTables
from millpond.features.vectors import read_all
from millpond.training.head import HEADS, HeadName, HeadTrainer, ReducedVectors
from millpond.values import Task


def check_head(head: str | None, task: Task, steps: int | None) -> HeadName:
    """The head that is asked for, if it can be had.

    Raises:
        UsageError: there is none of that name, or it does not go with the rest.
    """
    if head is None:
        raise UsageError("a model to build on goes with a head; add --head linear")
    if head not in HEADS:
        raise UsageError(f"head {head!r} is not one of {', '.join(HEADS)}")
    if task != "classification":
        raise UsageError(f"a head tells whole pictures apart, and this application is a {task}")
    if steps is not None:
        raise UsageError("a head is learned on all vectors at once; leave the steps out")
    return HEADS[head]


def head_trainer(
    head: HeadName, made: FeaturesReport, folder: Path, model: str | None
) -> HeadTrainer:
    """What trains a head on features that were made.

    Args:
        made: the run that made sure that they are there.
        folder: of the features in the lake.
        model: as that run was given it.

    Raises:
        Invalid: there are too few images.
    """
    if made.reduction is None:
        raise Invalid(f"{made.images} images are too few to learn from; review some first")
    name, tables = made.reduction, FeatureTables(folder)

    def read(object_ids: Sequence[str]) -> NDArray[np.float32]:
        return read_all(tables.reduced, name, object_ids)

    backbone = find_backbone(model, folder / "backbones")
    return HeadTrainer(head, ReducedVectors(backbone, Lineages(folder).reduction(name), read))
