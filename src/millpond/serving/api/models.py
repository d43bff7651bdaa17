"""The routes of models: what there is, and which one serves."""

from __future__ import annotations

from typing import Annotated, Any, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.models.registry import ModelVersion
from millpond.serving.routes import Backends, Caller, LayerWork, Routes
from millpond.values import app_route, iso

routes = Routes("Models")

Version = Annotated[str, Path(description="Version of a model, such as `blood-cells-1`.")]


class ModelAnswer(TypedDict):
    """A model; `aliases` has `champion` where it serves."""

    version: str
    app: str
    task: str
    snapshot_id: str | None
    sha256: str
    metrics: dict[str, Any]
    registered_by: str
    recorded_at: str
    aliases: list[str]


class ModelsAnswer(TypedDict):
    """The models, oldest first."""

    models: list[ModelAnswer]


class PromoteBody(BaseModel):
    """How a model is to be promoted."""

    model_config = ConfigDict(extra="forbid")

    force: bool = Field(False, description="Also where it is not better; needs a reason.")
    reason: str | None = Field(None, description="Why; kept with the promotion.")


class PromotedAnswer(TypedDict):
    """What serves now, what served before, and what the decision rested on."""

    version: str
    app: str
    previous: str | None
    evidence: dict[str, Any] | None


class RollbackBody(BaseModel):
    """Whose champion is to go."""

    model_config = ConfigDict(extra="forbid")

    app: str = Field(description="The application.")
    reason: str | None = Field(None, description="Why; kept with the rollback.")


class RolledBackAnswer(TypedDict):
    """What serves now."""

    app: str
    version: str


@routes.get("/api/v1/models", "models.read")
def list_models(
    caller: Caller,
    services: Backends,
    app: Annotated[str | None, Query(description="Of this application only.")] = None,
) -> ModelsAnswer:
    """The models of the project, or of an application."""
    only = caller.app if app is None else app_route(app)
    if only is not None:
        services.settings.app(only)
        caller.check_app(only)
    return {"models": [_answer(model) for model in services.registry.list(only)]}


@routes.get("/api/v1/models/{version}", "models.read")
def show_model(
    request: Request, version: Version, caller: Caller, services: Backends
) -> ModelAnswer:
    """One model."""
    model = services.registry.show(version)
    request.state.app = model.app
    caller.check_app(model.app)
    return _answer(model)


@routes.post("/api/v1/models/{version}/promote", "models.promote", errors=(409,))
async def promote(
    request: Request,
    version: Version,
    body: PromoteBody,
    caller: Caller,
    services: Backends,
    layers: LayerWork,
) -> PromotedAnswer:
    """Let a model serve, if it is better than the champion on its validation part."""

    def work() -> PromotedAnswer:
        app = services.registry.show(version).app
        request.state.app = app
        caller.check_app(app)
        done = layers.promote(
            version, app=app, force=body.force, reason=body.reason, by=caller.name
        )
        return cast(PromotedAnswer, done)

    limiter = cast(CapacityLimiter, request.app.state.heavy)
    return await to_thread.run_sync(work, limiter=limiter)


@routes.post("/api/v1/models/rollback", "models.promote", errors=(409,))
def rollback(
    request: Request, body: RollbackBody, caller: Caller, services: Backends
) -> RolledBackAnswer:
    """Let the champion before this one serve again."""
    services.settings.app(body.app)
    app = request.state.app = app_route(body.app)
    caller.check_app(app)
    services.access.note(caller.name, "models.promote", f"roll back {app}")
    return {
        "app": app,
        "version": services.registry.rollback(app, by=caller.name, reason=body.reason),
    }


def _answer(model: ModelVersion) -> ModelAnswer:
    return {
        "version": model.version,
        "app": model.app,
        "task": model.task,
        "snapshot_id": model.snapshot_id,
        "sha256": model.sha256,
        "metrics": dict(model.metrics),
        "registered_by": model.registered_by,
        "recorded_at": iso(model.recorded_at),
        "aliases": list(model.aliases),
    }
