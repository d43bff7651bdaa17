"""The doctor: whether each backend of a project can be reached, and what it says of itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from millpond.database import clock
from millpond.database.backend import backend_of
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.engines.engine import SHARD, open_engine
from millpond.errors import Busy, MillpondError
from millpond.models.registry import Registry
from millpond.pipelines.runs import list_runs
from millpond.pipelines.timetable import Timetable
from millpond.pipelines.workflows import Workflows
from millpond.raw.store import ObjectStore
from millpond.seams import backend_names
from millpond.settings import EngineSection
from millpond.streaming.bus import Bus
from millpond.streaming.positions import Lag, lags
from millpond.values import iso, new_id


def checked(name: str, reach: Callable[[], str]) -> dict[str, Any]:
    """``{name, ok, detail}`` of a backend; the detail is what `reach` says, or the error."""
    try:
        return {"name": name, "ok": True, "detail": reach()}
    except (MillpondError, OSError) as error:
        return {"name": name, "ok": False, "detail": str(error)}


def reach_database(engine: Engine) -> str:
    """Read the clock, and whether a commit outlasts a loss of power."""
    with reading(engine) as connection:
        moment = clock.last(connection)
        found = backend_of(engine.dialect.name).durability(connection)
    settings = ", ".join(f"{name} {value}" for name, value in found.settings.items())
    fact = f"last fact recorded at {iso(moment)}" if moment else "no fact recorded yet"
    warnings = "".join(f"; WARNING: {warning}" for warning in found.warnings)
    return f"{found.name} ({settings}), {fact}{warnings}"


def reach_store(store: ObjectStore, lake: Path) -> str:
    """Write something, and delete it again."""
    key = f"doctor-{new_id()}"
    store.put(key, b"written to see that it can be")
    store.delete(key)
    return f"writable, {shutil.disk_usage(lake).free / 1e9:.1f} GB free"


def reach_bus(bus: Bus, engine: Engine) -> str:
    """Reach it, and see how far those who read the outbox are behind.

    Raises:
        Busy: it cannot be reached.
    """
    with reading(engine) as connection:
        told = "".join(f"; {_behind(lag)}" for lag in lags(connection))
    try:
        return bus.reach() + told
    except Busy as error:
        raise Busy(f"{error}{told}") from error


def _behind(lag: Lag) -> str:
    if lag.since is None:
        return f"{lag.consumer} has read all events"
    return f"{lag.consumer} is {lag.events:,} events behind, the oldest of {iso(lag.since)}"


def reach_models(registry: Registry, apps: Sequence[str]) -> str:
    """Load the champion of each application."""
    champions = {app: registry.champion(app) for app in apps}
    for version in champions.values():
        if version is not None:
            registry.predictor(version)
    return ", ".join(f"{app}: {version or 'no champion'}" for app, version in champions.items())


def reach_engine(section: EngineSection) -> str:
    """Start it, and have it run something."""
    opened = open_engine(section)
    try:
        # `iter` gives back the batches that it is given.
        list(opened.run(iter, 1, SHARD))
        return f"{section.name} {section.address}".strip() + f", {opened.workers} workers"
    finally:
        opened.close()


def reach_training() -> str:
    """List the trainers."""
    from millpond.training.trainer import TRAINERS

    return f"trainers: {', '.join(backend_names(TRAINERS))}"


def reach_pipelines(engine: Engine, commit: GroupCommit, workflows: Workflows) -> str:
    """Read the schedules, and how the newest run of each pipeline went."""
    Timetable(engine, commit, workflows)
    newest = {run.pipeline: run for run in reversed(list_runs(engine))}
    return ", ".join(
        f"{name}: {newest[name].status} {iso(newest[name].started_at)}"
        if name in newest
        else f"{name}: no run yet"
        for name in workflows.pipelines
    )
