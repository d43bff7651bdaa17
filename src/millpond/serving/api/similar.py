"""The route of images that are like one."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Query
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.database.connection import reading
from millpond.serving.api.parameters import ObjectId
from millpond.serving.routes import Backends, Caller, LayerWork, Routes
from millpond.serving.sight import visible_object

routes = Routes("Objects")


class SimilarImage(TypedDict):
    """An image like another; `similarity` is the cosine of their vectors, at most 1."""

    object_id: str
    label: str | None
    similarity: float


class SimilarAnswer(TypedDict):
    """The images most like one, the most alike first."""

    object_id: str
    similar: list[SimilarImage]


@routes.get("/api/v1/objects/{object_id}/similar", "images.read", errors=(404,))
def list_similar(
    request: Request,
    object_id: ObjectId,
    caller: Caller,
    services: Backends,
    layers: LayerWork,
    k: Annotated[int, Query(ge=1, le=1000, description="Most images of the answer.")] = 10,
    model: Annotated[
        str | None, Query(description="Whose vectors; the newest of the image by default.")
    ] = None,
) -> SimilarAnswer:
    """The images of the same application most like one, by the features of both.

    An image has features once `millpond features` has been run.
    """
    with reading(services.engine) as connection:
        row = visible_object(connection, services.lookup, object_id, caller)
    request.state.app = row["app"]
    found = layers.similar(object_id, k, model=model, by=caller.name)
    return {"object_id": object_id, "similar": [cast(SimilarImage, one) for one in found]}
