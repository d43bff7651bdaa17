"""The doctor: whether each backend of a project can be reached, and what it says of itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from millpond.database import clock
from millpond.database.connection import reading
from millpond.errors import MillpondError
from millpond.models.registry import Registry
from millpond.raw.store import ObjectStore
from millpond.seams import backend_names
from millpond.values import iso, new_id


def checked(name: str, reach: Callable[[], str]) -> dict[str, Any]:
    """``{name, ok, detail}`` of a backend; the detail is what `reach` says, or the error."""
    try:
        return {"name": name, "ok": True, "detail": reach()}
    except (MillpondError, OSError) as error:
        return {"name": name, "ok": False, "detail": str(error)}


def reach_database(engine: Engine) -> str:
    """Read the clock."""
    with reading(engine) as connection:
        moment = clock.last(connection)
    return f"last fact recorded at {iso(moment)}" if moment else "no fact recorded yet"


def reach_store(store: ObjectStore, lake: Path) -> str:
    """Write something, and delete it again."""
    key = f"doctor-{new_id()}"
    store.put(key, b"written to see that it can be")
    store.delete(key)
    return f"writable, {shutil.disk_usage(lake).free / 1e9:.1f} GB free"


def reach_models(registry: Registry, apps: Sequence[str]) -> str:
    """Load the champion of each application."""
    champions = {app: registry.champion(app) for app in apps}
    for version in champions.values():
        if version is not None:
            registry.predictor(version)
    return ", ".join(f"{app}: {version or 'no champion'}" for app, version in champions.items())


def reach_training() -> str:
    """List the trainers."""
    from millpond.training.trainer import TRAINERS

    return f"trainers: {', '.join(backend_names(TRAINERS))}"
