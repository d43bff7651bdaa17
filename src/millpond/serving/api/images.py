"""The routes of images: any filter over them, counts by facet, and one with its chain."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from millpond.analytics.images.facets import Facets
from millpond.analytics.images.filter import ImageFilter
from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.errors import NotFound
from millpond.serving.api.parameters import AppName, ObjectId
from millpond.serving.chain import chain_answer
from millpond.serving.csv_answer import csv_answer
from millpond.serving.image_answers import (
    COLUMNS,
    FacetsAnswer,
    ImageChain,
    ImagesPage,
    image_card,
    image_row,
)
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services
from millpond.serving.sight import visible_object
from millpond.values import app_route

routes = Routes("Images")

_CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}}


def _several(description: str) -> Any:
    return Query(description=f"{description} Given again: any of these.")


def read_filter(
    label: Annotated[
        list[str] | None,
        _several("Of a box of the latest inference, or of a true one that it missed."),
    ] = None,
    outcome: Annotated[
        list[str] | None,
        _several("`tp`, `fp` or `fn` of such a box; `tn`: rightly no such label is there."),
    ] = None,
    min_score: Annotated[str | None, Query(description="Of the box, from 0 to 1.")] = None,
    max_score: Annotated[str | None, Query(description="Of the box, from 0 to 1.")] = None,
    reviewed: Annotated[str | None, Query(description="`yes` or `no`.")] = None,
    annotator: Annotated[
        list[str] | None, _several("Who said something in the review that is the truth.")
    ] = None,
    since: Annotated[
        str | None, Query(description="When the image was recorded: ISO 8601, a date, an age ago.")
    ] = None,
    until: Annotated[str | None, Query(description="The same; a date with all of its day.")] = None,
    subject: Annotated[str | None, Query(description="Surrogate of whom it is about.")] = None,
    model: Annotated[list[str] | None, _several("That answered last.")] = None,
    source: Annotated[list[str] | None, _several("`upload` or `ingest`.")] = None,
    snapshot: Annotated[str | None, Query(description="Name of one that it is in.")] = None,
    requested: Annotated[
        str | None, Query(description="`yes`: it was sent to review and waits; or `no`.")
    ] = None,
    sort: Annotated[
        str | None,
        Query(description="`newest`, `oldest`, `uncertain`, `disagreement` or `wrong`."),
    ] = None,
) -> ImageFilter:
    """The filter of a query string."""
    return ImageFilter.of(locals(), now=machine_now())


Filter = Annotated[ImageFilter, Depends(read_filter)]


@routes.get(
    "/api/v1/apps/{app}/images", "images.read", response_model=ImagesPage, responses={200: _CSV}
)
def list_images(
    app: AppName,
    caller: Caller,
    services: Backends,
    chosen: Filter,
    offset: Annotated[int, Query(ge=0, description="Images that are left out before them.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="Most images of the answer.")] = 100,
    boxes: Annotated[bool, Query(description="With the boxes of each image.")] = False,
    format: Annotated[
        Literal["json", "csv"], Query(description="`csv` gives all images of the filter.")
    ] = "json",
) -> ImagesPage | StreamingResponse:
    """The images of an application that a filter holds, in its order.

    `label`, `outcome` and the scores speak of one and the same box.
    """
    name = _app(app, services)
    if format == "csv":
        services.access.note(caller.name, "images.read", f"the images of {name} as CSV")
        rows = services.images.rows(name, chosen)
        return csv_answer(f"{name}-images", COLUMNS, map(image_row, rows))
    page = services.images.page(name, chosen, offset=offset, limit=limit, boxes=boxes)
    return {
        "total": page.total,
        "offset": offset,
        "images": [image_card(image) for image in page.images],
    }


@routes.get("/api/v1/apps/{app}/images/facets", "images.read")
def count_facets(app: AppName, caller: Caller, services: Backends, chosen: Filter) -> FacetsAnswer:
    """How many images of a filter there are by each value of each field."""
    return _facets(services.images.facets(_app(app, services), chosen))


@routes.get("/api/v1/apps/{app}/images/{object_id}", "images.read", errors=(404,))
def show_image(
    request: Request, app: AppName, object_id: ObjectId, caller: Caller, services: Backends
) -> ImageChain:
    """One image with its chain: inferences, annotations, reviews, truth, snapshots and models."""
    name = _app(app, services)
    with reading(services.engine) as connection:
        about = visible_object(connection, services.lookup, object_id, caller)
        if about["app"] != name:
            raise NotFound(f"object {object_id} is none of app {name}, but of {about['app']}")
        chain = services.images.chain(connection, about)
    services.access.note(caller.name, "images.read", f"the chain of object {object_id}")
    [image] = services.images.select(
        name, where="object_id = $id::uuid", parameters={"id": object_id}
    )
    snapshots = services.images.snapshots_of(object_id)
    return chain_answer(image, about, chain, snapshots, services.registry.list(name))


def _app(app: str, services: Services) -> str:
    """The application's name as output shows it, once it is known to be there."""
    services.settings.app(app)
    return app_route(app)


def _facets(found: Facets) -> FacetsAnswer:
    return {
        "total": found.total,
        "facets": {
            field: [{"value": value, "count": count} for value, count in counts]
            for field, counts in found.facets.items()
        },
        "scores": found.scores,
        "days": [{"day": day, "count": count} for day, count in found.days],
    }
