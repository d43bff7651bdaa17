"""The routes that take annotations, on an inference or on an object itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Query, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request

from millpond.access.principal import Principal
from millpond.capture.annotations import NewAnnotation
from millpond.capture.reviews import Place
from millpond.database.connection import reading
from millpond.errors import Invalid, NotFound
from millpond.serving.answers import AnnotationAnswer, annotation_answer
from millpond.serving.api.parameters import InferenceId, ObjectId
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services
from millpond.serving.sight import visible_inference, visible_object
from millpond.values import app_route

routes = Routes("Annotations")


class AnnotationBody(BaseModel):
    """One action of a reviewer."""

    model_config = ConfigDict(extra="forbid")

    annotation_id: str | None = Field(
        None, description="A UUID made by the caller, so that sending again changes nothing."
    )
    action: str = Field(description="confirm, correct, add, reject, reopen or complete.")
    prediction_id: str | None = Field(None, description="What the action is about.")
    target: str | None = Field(None, description="The same: a prediction or an annotation.")
    label: str | None = None
    box: list[float] | None = Field(None, description="[x_min, y_min, x_max, y_max] in pixels.")


def _list_of(body: Any) -> Any:
    """The list of annotations, which may also come as ``{"annotations": [...]}``."""
    if isinstance(body, dict) and set(body) == {"annotations"}:
        return body["annotations"]
    return body


Annotations = Annotated[
    list[AnnotationBody], BeforeValidator(_list_of), Body(description="Kept all or none, in order.")
]


@routes.post(
    "/api/v1/inferences/{inference_id}/annotations", "annotate", status_code=201, errors=(409, 507)
)
def annotate_inference(
    request: Request,
    response: Response,
    inference_id: InferenceId,
    body: Annotations,
    caller: Caller,
    services: Backends,
) -> list[AnnotationAnswer]:
    """Say what is true of an image, starting from what was answered.

    201 when anything is new; 200 when all of it was sent before.
    """
    with reading(services.engine) as connection:
        row = visible_inference(connection, services.lookup, inference_id, caller)
    place = Place(row["object_id"], row["app"], row["width"], row["height"], inference_id)
    return _annotate(request, response, place, body, caller, services)


@routes.post(
    "/api/v1/objects/{object_id}/annotations", "annotate", status_code=201, errors=(409, 507)
)
def annotate_object(
    request: Request,
    response: Response,
    object_id: ObjectId,
    body: Annotations,
    caller: Caller,
    services: Backends,
    app: Annotated[str | None, Query(description="The application of the object.")] = None,
) -> list[AnnotationAnswer]:
    """Say what is true of an image, whatever any model answered."""
    with reading(services.engine) as connection:
        row = visible_object(connection, services.lookup, object_id, caller)
    if app and app_route(app) != row["app"]:
        services.settings.app(app)
        raise NotFound(f"object {object_id} belongs to app {row['app']}, not to {app_route(app)}")
    place = Place(object_id, row["app"], row["width"], row["height"])
    return _annotate(request, response, place, body, caller, services)


def _annotate(
    request: Request,
    response: Response,
    place: Place,
    body: list[AnnotationBody],
    caller: Principal,
    services: Services,
) -> list[AnnotationAnswer]:
    request.state.app = place.app
    if not body:
        raise Invalid("the list of annotations is empty")
    sent = [NewAnnotation.of(annotation.model_dump()) for annotation in body]
    declared = services.settings.app(place.app)
    kept = services.annotate.annotate(place, sent, declared, caller.name)
    if not kept.created:
        response.status_code = 200
    return [annotation_answer(row) for row in kept.rows]
