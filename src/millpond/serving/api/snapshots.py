"""The routes of snapshots: training sets frozen as of a moment."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.serving.routes import Backends, Caller, LayerWork, Routes
from millpond.snapshots.snapshot import Snapshot
from millpond.values import app_route

routes = Routes("Snapshots")

Name = Annotated[str, Path(description="Name of a snapshot.")]


class SnapshotBody(BaseModel):
    """A snapshot to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Its name, unique in the project.")
    app: str = Field(description="The application whose reviewed images are frozen.")
    as_of: str | None = Field(None, description="The moment whose truth is frozen; now.")
    object_ids: list[str] | None = Field(None, description="Of these images alone.")
    filter: dict[str, Any] | None = Field(
        None,
        description="Of those alone that a filter holds now: fields of the list of images, each "
        "with a value or a list of values.",
    )
    similar: float | None = Field(
        None,
        description="Images of a cluster of this diameter never straddle two parts; one minus the "
        "cosine of the features of the two most apart.",
    )


class SnapshotAnswer(TypedDict):
    """A snapshot; `parts` has the number of images of each part."""

    snapshot_id: str
    name: str
    app: str
    as_of: str
    created_at: str
    created_by: str
    definition: dict[str, Any]
    images: int
    parts: dict[str, int]
    sha256: str


class SnapshotsAnswer(TypedDict):
    """The snapshots, oldest first."""

    snapshots: list[SnapshotAnswer]


@routes.get("/api/v1/snapshots", "snapshots.read")
def list_snapshots(
    caller: Caller,
    services: Backends,
    layers: LayerWork,
    app: Annotated[str | None, Query(description="Of this application only.")] = None,
) -> SnapshotsAnswer:
    """The snapshots of the project, or of an application."""
    only = caller.app if app is None else app_route(app)
    if only is not None:
        services.settings.app(only)
        caller.check_app(only)
    found = layers.snapshots.list(only)
    return {"snapshots": [_answer(snapshot) for snapshot in found]}


@routes.get("/api/v1/snapshots/{name}", "snapshots.read")
def show_snapshot(
    request: Request, name: Name, caller: Caller, layers: LayerWork
) -> SnapshotAnswer:
    """One snapshot."""
    snapshot = layers.snapshots.get(name)
    request.state.app = snapshot.app
    caller.check_app(snapshot.app)
    return _answer(snapshot)


@routes.post("/api/v1/snapshots", "snapshots.create", status_code=201, errors=(409, 507))
def create_snapshot(
    request: Request, body: SnapshotBody, caller: Caller, services: Backends, layers: LayerWork
) -> SnapshotAnswer:
    """Freeze the reviewed images of an application, their labels and their parts."""
    app = app_route(body.app)
    services.settings.app(app)
    request.state.app = app
    caller.check_app(app)
    made = layers.snapshot(
        body.name,
        app=app,
        as_of=body.as_of,
        object_ids=body.object_ids,
        filter=body.filter,
        similar=body.similar,
        by=caller.name,
    )
    return _answer(made)


def _answer(snapshot: Snapshot) -> SnapshotAnswer:
    return cast(SnapshotAnswer, snapshot.as_dict())
