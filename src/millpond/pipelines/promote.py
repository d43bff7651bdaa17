"""Promotion: a challenger serves when the validation part says that it is better."""

from __future__ import annotations

from typing import Any

from millpond.errors import Conflict, UsageError
from millpond.models.package import MEASURED_ON
from millpond.models.registry import ModelVersion, Registry
from millpond.raw.store import ObjectStore
from millpond.snapshots.snapshots import Snapshots
from millpond.training.evaluation import DECIDING, evaluate


def promote(
    registry: Registry,
    snapshots: Snapshots,
    store: ObjectStore,
    version: str,
    *,
    app: str,
    by: str,
    force: bool = False,
    reason: str | None = None,
) -> dict[str, Any]:
    """Make a version the champion, if it is better than the one that serves.

    Both are measured now, on the same images: the part ``val`` of the snapshot that
    the challenger was trained on, or was measured on when it was imported. Where no
    champion serves, any will do.

    Args:
        force: also where it is not better, or cannot be compared.
        reason: why; kept with the promotion, and needed to force one.

    Returns:
        ``{version, app, previous, evidence}``.

    Raises:
        Conflict: it is not better, or cannot be compared; the message has the numbers.
        UsageError: it is forced without a reason.
    """
    if force and not (reason and reason.strip()):
        raise UsageError("--force needs a --reason, which is kept with the promotion")
    challenger = registry.show(version)
    champion = registry.champion(app)
    evidence = None
    if champion is not None and champion != version and not force:
        evidence = _compare(registry, snapshots, store, challenger, champion)
    registry.set_champion(app, version, by=by, reason=reason, evidence=evidence)
    return {"version": version, "app": app, "previous": champion, "evidence": evidence}


def _compare(
    registry: Registry,
    snapshots: Snapshots,
    store: ObjectStore,
    challenger: ModelVersion,
    champion: str,
) -> dict[str, Any]:
    """What the two models reach on the challenger's validation part.

    Raises:
        Conflict: the challenger is not better.
    """
    override = "to promote it all the same, use --force --reason TEXT"
    training = registry.package(challenger.version).training
    compared_on = training.get(MEASURED_ON) or challenger.snapshot_id
    if compared_on is None:
        raise Conflict(
            f"model {challenger.version} names no snapshot of this project, so it cannot be "
            f"compared with {champion}: import it with --snapshot NAME; {override}"
        )
    snapshot = snapshots.get(compared_on)
    examples = snapshot.examples(store, "val")
    if not len(examples):
        raise Conflict(
            f"snapshot {snapshot.name} has no validation part to compare "
            f"{challenger.version} with {champion} on; {override}"
        )
    metric = DECIDING[challenger.task]
    reached = {
        version: evaluate(registry.predictor(version), examples)[metric]
        for version in (challenger.version, champion)
    }
    if not reached[challenger.version] > reached[champion]:
        raise Conflict(
            f"{challenger.version} is not better than {champion} on the {len(examples)} validation "
            f"images of snapshot {snapshot.name}: {metric} {reached[challenger.version]:.4f} "
            f"against {reached[champion]:.4f}; {override}"
        )
    return {
        "snapshot": snapshot.name,
        "part": "val",
        "images": len(examples),
        "metric": metric,
        **reached,
    }
