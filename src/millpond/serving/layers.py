"""The layers of a project: what each holds, how fresh it is, and what to do where one is amiss.

It is asked for whenever somebody comes home, so that it never goes through the facts
themselves: it counts by indexes, and takes totals where they are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Table, func, select

from millpond.access.milestones import reached
from millpond.analytics.catalogue import FOLDER as VIEWS
from millpond.analytics.reports import ViewReport
from millpond.analytics.stored import materializations
from millpond.capture import tables as capture
from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.history.tables import loaded_totals, loads
from millpond.history.vault import FACTS
from millpond.models.tables import model_aliases, models
from millpond.pipelines.tables import runs
from millpond.serving.services import Services
from millpond.snapshots.tables import snapshots
from millpond.values import MICROSECONDS, iso

LayerName = Literal["raw", "capture", "history", "analytics", "training", "models"]
State = Literal["ok", "empty", "behind", "broken"]
StepName = Literal["upload", "correct", "history", "query", "retrain"]

#: Seconds that a fact may wait for the history before somebody is told.
LATE = 600.0


@dataclass(frozen=True)
class Layer:
    """One layer.

    Args:
        counts: how many there are of what it holds.
        newest: the moment of the newest of it, as ISO 8601.
        note: what to do, where its state is not ``ok``.
    """

    name: LayerName
    counts: dict[str, int]
    newest: str | None
    state: State = "ok"
    note: str | None = None


@dataclass(frozen=True)
class Layers:
    """All layers, and which of the first steps with a new project lie behind."""

    layers: list[Layer]
    steps: dict[StepName, bool]


class LayerReports:
    """Reports on the layers. Many threads may use one at the same time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._views: list[ViewReport] = []
        self._seen: object = None

    def report(self) -> Layers:
        """The layers as they are now."""
        views = self._view_reports()
        with reading(self._services.engine) as connection:
            found = [
                _raw(connection),
                _capture(connection, self._services.settings.pipelines.history.schedule),
                _history(connection),
                _analytics(connection, views),
                _training(connection),
                _models(connection, self._services.settings.app_names),
            ]
            return Layers(found, _steps(connection))

    def _view_reports(self) -> list[ViewReport]:
        """What is wrong with the views; they are tried again once their files are others."""
        files = _state_of(self._services.folder / VIEWS)
        with self._lock:
            if files != self._seen:
                self._views = self._services.work.views()
                self._seen = files
            return self._views


def _raw(connection: Connection) -> Layer:
    counts = {"objects": _count(connection, capture.objects)}
    if not counts["objects"]:
        note = "send an image on Predict, or bring a folder in: millpond ingest PATH"
        return Layer("raw", counts, None, "empty", note)
    return Layer("raw", counts, _iso(_newest_object(connection)))


def _capture(connection: Connection, schedule: str) -> Layer:
    facts = (capture.objects, capture.inferences, capture.annotations)
    counts = {
        "inferences": _count(connection, capture.inferences),
        "annotations": _count(connection, capture.annotations),
        "waiting": sum(_count(connection, table, table.c.load_id.is_(None)) for table in facts),
    }
    moments = [_newest_object(connection)]
    moments += [connection.scalar(select(func.max(table.c.recorded_at))) for table in facts[1:]]
    newest = _iso(max((moment for moment in moments if moment is not None), default=None))
    if newest is None:
        return Layer("capture", counts, None, "empty", "send an image on Predict")
    waited = _waited(connection)
    if waited is not None and waited > LATE:
        return Layer("capture", counts, newest, "behind", _behind(connection, waited, schedule))
    return Layer("capture", counts, newest)


def _newest_object(connection: Connection) -> int | None:
    """When the newest object was recorded: ids begin with the time, so its is the greatest."""
    table = capture.objects
    query = select(table.c.recorded_at).order_by(table.c.object_id.desc()).limit(1)
    return connection.scalar(query)


def _waited(connection: Connection) -> float | None:
    """Seconds since the oldest fact was recorded that is not in the history."""
    moments = [
        connection.scalar(select(func.min(fact.c.recorded_at)).where(fact.c.load_id.is_(None)))
        for fact in FACTS
    ]
    unfinished = select(func.min(loads.c.claimed_at)).where(loads.c.completed_at.is_(None))
    moments.append(connection.scalar(unfinished))
    known = [moment for moment in moments if moment is not None]
    return (machine_now() - min(known)) / MICROSECONDS if known else None


def _behind(connection: Connection, waited: float, schedule: str) -> str:
    last = select(runs.c.status).where(runs.c.pipeline == "history")
    status = connection.scalar(last.order_by(runs.c.started_at.desc()).limit(1))
    what = f"the oldest fact that is not in the history has waited for {_age(waited)}"
    if status == "failed":
        return f"{what}: the last load failed, and millpond runs says why"
    if status == "running":
        return f"{what}: a load is under way"
    if schedule == "never":
        return (
            f"{what}: no schedule loads it (pipelines.history.schedule); millpond run history does"
        )
    return f"{what}: load it with millpond run history"


def _history(connection: Connection) -> Layer:
    done = loads.c.completed_at.is_not(None)
    rows = connection.scalar(select(func.coalesce(func.sum(loaded_totals.c.rows), 0)))
    counts = {"rows": int(rows or 0), "loads": _count(connection, loads, done)}
    newest = connection.scalar(select(func.max(loads.c.completed_at)))
    if newest is None:
        return Layer(
            "history", counts, None, "empty", "load what was captured: millpond run history"
        )
    return Layer("history", counts, _iso(newest))


def _analytics(connection: Connection, views: Sequence[ViewReport]) -> Layer:
    broken = [view.name for view in views if view.problem is not None]
    refreshed = sum(view.refresh is not None for view in views)
    counts = {"views": len(views), "materialized": refreshed}
    newest = _iso(connection.scalar(select(func.max(materializations.c.recorded_at))))
    if broken:
        note = f"put right {', '.join(broken)}: millpond views says what is wrong"
        return Layer("analytics", counts, newest, "broken", note)
    return Layer("analytics", counts, newest)


def _training(connection: Connection) -> Layer:
    table = snapshots
    query = select(func.coalesce(func.sum(table.c.images), 0), func.max(table.c.created_at))
    images, newest = connection.execute(query).one()
    counts = {"snapshots": _count(connection, table), "images": int(images)}
    if newest is None:
        note = "freeze what was reviewed: millpond snapshot create NAME"
        return Layer("training", counts, None, "empty", note)
    return Layer("training", counts, _iso(newest))


def _models(connection: Connection, apps: Sequence[str]) -> Layer:
    alias = model_aliases.c.alias == "champion"
    serving = set(connection.scalars(select(model_aliases.c.app).where(alias).distinct()))
    counts = {"versions": _count(connection, models), "champions": len(serving & set(apps))}
    newest = connection.scalar(select(func.max(models.c.recorded_at)))
    if newest is None:
        note = "learn from a snapshot: millpond train --snapshot NAME"
        return Layer("models", counts, None, "empty", note)
    if without := [app for app in apps if app not in serving]:
        note = f"no model serves {', '.join(without)}: millpond promote VERSION --app NAME"
        return Layer("models", counts, _iso(newest), "behind", note)
    return Layer("models", counts, _iso(newest))


def _steps(connection: Connection) -> dict[StepName, bool]:
    done = reached(connection)
    of_inferences = capture.reviews.c.inference_id.is_not(None)
    retrained = models.c.snapshot_id.is_not(None) & (models.c.number > 1)
    return {
        "upload": _any(connection, capture.objects),
        # A project that is older than its milestones may have reviews all the same.
        "correct": "correct" in done or _any(connection, capture.reviews, of_inferences),
        "history": _any(connection, loads, loads.c.completed_at.is_not(None)),
        "query": "query" in done,
        "retrain": _any(connection, models, retrained),
    }


def _count(connection: Connection, table: Table, *where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*where)) or 0


def _any(connection: Connection, table: Table, *where: ColumnElement[bool]) -> bool:
    one = select(1).select_from(table).where(*where).limit(1)
    return connection.scalar(one) is not None


def _state_of(folder: Path) -> list[tuple[str, int, int]]:
    """What tells that the files of a folder are others than before."""
    files = sorted(folder.glob("*.sql")) if folder.is_dir() else []
    about = [(file.name, file.stat()) for file in files]
    return [(name, stat.st_mtime_ns, stat.st_size) for name, stat in about]


def _iso(moment: Any) -> str | None:
    return None if moment is None else iso(moment)


def _age(seconds: float) -> str:
    """
    >>> _age(7300)
    '2 hours'
    """
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        number = int(seconds // size)
        if number:
            return f"{number} {name}{'' if number == 1 else 's'}"
    return "less than a minute"
