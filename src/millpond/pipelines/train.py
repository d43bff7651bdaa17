"""Training: from a frozen snapshot to a registered version, measured on images it never saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from millpond.errors import Invalid
from millpond.models.package import ModelPackage, SnapshotName
from millpond.models.predictor import Predictor
from millpond.models.registry import ModelVersion, Registry
from millpond.raw.store import ObjectStore
from millpond.settings import AppSection
from millpond.snapshots.snapshot import Snapshot
from millpond.training.evaluation import evaluate
from millpond.training.reference import answers_of, looks_of
from millpond.training.trainer import Plan, Progress, Trainer, open_trainer

#: The part on which every model is measured when it is made.
MEASURED = "val"


def train(
    registry: Registry,
    store: ObjectStore,
    snapshot: Snapshot,
    app: str,
    declared: AppSection,
    *,
    steps: int | None = None,
    area: int | None = None,
    seed: int = 0,
    trainer: Trainer | None = None,
    by: str,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> ModelVersion:
    """Learn from a snapshot's part ``train``, and register the model.

    Args:
        steps: batches to learn from; None leaves it to the trainer.
        area: pixels of the images as the model sees them; None leaves it to the trainer.
        trainer: the one that learns; None is that of the application's task.

    Returns:
        The version, with its metrics on the part ``val``, where the snapshot has one.

    Raises:
        Invalid: the snapshot is of another application, or has nothing to learn from.
    """
    _check_app(snapshot, app)
    plan = Plan(
        app=app,
        labels=declared.labels,
        steps=steps,
        area=area,
        seed=seed,
        augment=declared.augment,
        on_progress=on_progress,
    )
    chosen = trainer or open_trainer(declared.task)
    learned = chosen.train(snapshot.examples(store, "train"), plan)
    named = replace(learned, snapshot=SnapshotName(snapshot.snapshot_id, snapshot.name))
    return registry.register(measured(named, store, snapshot, declared), by=by)


def measured(
    package: ModelPackage, store: ObjectStore, snapshot: Snapshot, declared: AppSection
) -> ModelPackage:
    """A model with its metrics on a snapshot's part ``val``, and the profile that drift needs.

    Args:
        declared: the application, whose thresholds hold.

    Raises:
        Invalid: the snapshot is of another application.
    """
    _check_app(snapshot, package.app)
    profile = {**package.profile, "looks": looks_of(snapshot.examples(store, "train"))}
    metrics: dict[str, dict[str, Any]] = {}
    held_out = snapshot.examples(store, MEASURED)
    if len(held_out):
        predictor = Predictor(package)
        metrics = {MEASURED: evaluate(predictor, held_out)}
        profile["answers"] = answers_of(predictor, held_out, declared)
    return replace(package, metrics=metrics, profile=profile)


def _check_app(snapshot: Snapshot, app: str) -> None:
    if snapshot.app != app:
        raise Invalid(f"snapshot {snapshot.name} is of app {snapshot.app}, not of {app}")
