"""The routes of the Open Inference Protocol v2 that say which models serve."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from typing_extensions import TypedDict

from millpond.errors import NotFound
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services
from millpond.values import app_route

routes = Routes("Open Inference Protocol")

Model = Annotated[str, Path(description="A model is an application's champion, by its name.")]
Version = Annotated[str, Path(description="A version of the model.")]


class ModelReady(TypedDict):
    """Whether a model answers."""

    name: str
    ready: bool


class ModelName(TypedDict):
    """A model by its name, and the version that serves."""

    name: str
    version: str | None


class ModelNames(TypedDict):
    """The models of the server."""

    models: list[ModelName]


@routes.get("/v2/models", "serving.read")
def list_models(caller: Caller, services: Backends) -> ModelNames:
    """The models of the server: one for each application."""
    names = [name for name in services.settings.app_names if caller.app in (None, name)]
    return {
        "models": [{"name": name, "version": services.registry.champion(name)} for name in names]
    }


@routes.get("/v2/models/{model}/ready", "serving.read")
def is_ready(model: Model, caller: Caller, services: Backends) -> ModelReady:
    """Whether an application's champion answers; 404 where it has none."""
    name = _app(model, services)
    caller.check_app(name)
    champion = services.registry.champion(name)
    if champion is None:
        raise NotFound(f"app {name} has no champion; train a model and promote it")
    services.registry.predictor(champion)
    return {"name": name, "ready": True}


@routes.get("/v2/models/{model}/versions/{version}/ready", "serving.read")
def is_version_ready(
    model: Model, version: Version, caller: Caller, services: Backends
) -> ModelReady:
    """Whether a version of a model can be loaded."""
    name = _app(model, services)
    caller.check_app(name)
    if services.registry.show(version).app != name:
        raise NotFound(f"model {version!r} is not one of app {name}")
    services.registry.predictor(version)
    return {"name": version, "ready": True}


def _app(model: str, services: Services) -> str:
    services.settings.app(model)
    return app_route(model)
