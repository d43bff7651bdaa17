"""The route that lists the applications of a project."""

from __future__ import annotations

from typing_extensions import TypedDict

from millpond.serving.routes import Backends, Caller, Routes

routes = Routes("Applications")


class AppAnswer(TypedDict):
    """An application: what it answers, its labels, its thresholds and the model that serves it."""

    app: str
    task: str
    labels: list[str]
    threshold: float
    nms: float
    champion: str | None


class AppsAnswer(TypedDict):
    """The applications of a project, and its name."""

    project: str
    apps: list[AppAnswer]


@routes.get("/api/v1/apps", "apps.read")
def list_apps(caller: Caller, services: Backends) -> AppsAnswer:
    """The applications that the caller may act on."""
    settings = services.settings
    names = [name for name in settings.app_names if caller.app in (None, name)]
    return {
        "project": settings.project.name,
        "apps": [
            {
                "app": name,
                "task": settings.app(name).task,
                "labels": list(settings.app(name).labels),
                "threshold": settings.app(name).threshold,
                "nms": settings.app(name).nms,
                "champion": services.registry.champion(name),
            }
            for name in names
        ],
    }
