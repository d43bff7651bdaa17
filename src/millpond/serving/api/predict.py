"""The route that predicts: an image in, an answer out that is on disk by then."""

from __future__ import annotations

from typing import Annotated, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Header
from starlette.requests import Request

from millpond.serving.answers import InferenceAnswer
from millpond.serving.api.parameters import AppName, Candidates, Nms, Subject, Threshold
from millpond.serving.bodies import declared_length, image_of, read_body
from millpond.serving.gate import Gate
from millpond.serving.routes import Backends, Caller, Routes

routes = Routes("Predict")

#: What a multipart body may hold besides the image.
_AROUND = 64 * 1024

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@routes.post(
    "/api/v1/apps/{app}/predict", "predict", openapi_extra=_BODY, errors=(400, 409, 413, 415, 507)
)
async def predict(
    request: Request,
    app: AppName,
    caller: Caller,
    services: Backends,
    threshold: Threshold = None,
    nms: Nms = None,
    subject: Subject = None,
    candidates: Candidates = False,
    idempotency_key: Annotated[
        str | None,
        Header(description="Requests with the same key are one request."),
    ] = None,
) -> InferenceAnswer:
    """Predict an image and keep it.

    The body is the image itself, or a multipart form with the part `file`. JPEG,
    PNG, WebP, TIFF, BMP and DICOM are taken; the bytes decide which it is. Without
    a champion the image is kept, and the answer has no model and no predictions.
    """
    services.settings.app(app)
    most = services.settings.limits.upload_mb * 1024 * 1024 + _AROUND
    gate = cast(Gate, request.app.state.gate)
    with gate.admitted(declared_length(request, most)):
        body = await read_body(request, most)

        def work() -> InferenceAnswer:
            upload = services.predict.upload(
                app,
                image_of(request.headers.get("content-type", ""), body),
                requested_by=caller.name,
                threshold=threshold,
                nms=nms,
                subject=subject,
                key=idempotency_key,
            )
            return services.predict.predict(upload, candidates=candidates)

        limiter = cast(CapacityLimiter, request.app.state.predictions)
        return await to_thread.run_sync(work, limiter=limiter)
