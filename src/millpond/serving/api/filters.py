"""The routes of saved filters: queries of the list of images, under names that all share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from millpond.capture.saved_filters import list_filters, remove_filter, save_filter
from millpond.database.connection import reading
from millpond.serving.api.parameters import AppName
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services
from millpond.values import app_route, iso

routes = Routes("Images")


class FilterBody(BaseModel):
    """A filter to save."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^\S(.*\S)?$",
        description="Unique in the application; the same name again replaces one's own.",
    )
    query: str = Field(
        max_length=4_000, description="The query string of the list of images, without `?`."
    )


class SavedFilter(TypedDict):
    """A saved filter."""

    name: str
    query: str
    made_by: str
    recorded_at: str


class FiltersAnswer(TypedDict):
    """The saved filters of an application, by their names."""

    filters: list[SavedFilter]


@routes.get("/api/v1/apps/{app}/filters", "images.read")
def list_saved(app: AppName, caller: Caller, services: Backends) -> FiltersAnswer:
    """The saved filters of an application."""
    return _filters(app, services)


@routes.post("/api/v1/apps/{app}/filters", "filters.write", errors=(409,))
def save(app: AppName, body: FilterBody, caller: Caller, services: Backends) -> FiltersAnswer:
    """Save a filter under a name; only an administrator replaces somebody else's."""
    name = _app(app, services)
    anyones = caller.role == "admin"
    services.access.note(caller.name, "filters.write", f"save the filter {body.name!r} of {name}")
    services.commit.run(
        lambda transaction: save_filter(
            transaction, name, body.name, body.query, caller.name, anyones=anyones
        )
    )
    return _filters(app, services)


@routes.post("/api/v1/apps/{app}/filters/{name}/remove", "filters.write", errors=(404, 409))
def remove(
    app: AppName,
    name: Annotated[str, Path(description="Name of a saved filter.")],
    caller: Caller,
    services: Backends,
) -> FiltersAnswer:
    """Remove a saved filter of one's own; an administrator removes any."""
    route = _app(app, services)
    anyones = caller.role == "admin"
    services.access.note(caller.name, "filters.write", f"remove the filter {name!r} of {route}")
    services.commit.run(
        lambda transaction: remove_filter(transaction, route, name, caller.name, anyones=anyones)
    )
    return _filters(app, services)


def _app(app: str, services: Services) -> str:
    services.settings.app(app)
    return app_route(app)


def _filters(app: str, services: Services) -> FiltersAnswer:
    with reading(services.engine) as connection:
        rows = list_filters(connection, _app(app, services))
    return {
        "filters": [
            {
                "name": row["name"],
                "query": row["query"],
                "made_by": row["made_by"],
                "recorded_at": iso(row["recorded_at"]),
            }
            for row in rows
        ]
    }
