"""The route that predicts: an image in, an answer out that is on disk by then."""

from __future__ import annotations

import time
from typing import Annotated, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Header
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from millpond.serving.answers import InferenceAnswer
from millpond.serving.api.parameters import AppName, Candidates, Nms, Subject, Threshold
from millpond.serving.bodies import declared_length, image_of, read_body
from millpond.serving.gate import Gate
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services

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
    "/api/v1/apps/{app}/predict",
    "predict",
    openapi_extra=_BODY,
    errors=(400, 409, 413, 415, 503, 507),
    response_model=InferenceAnswer,
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
    x_request_timeout_ms: Annotated[
        int | None,
        Header(
            ge=1,
            description="Milliseconds that the answer is waited for: where they have passed "
            "before its turn came, nothing is computed or kept, and the answer is 503.",
        ),
    ] = None,
) -> Response:
    """Predict an image and keep it.

    The body is the image itself, or a multipart form with the part `file`. JPEG,
    PNG, WebP, TIFF, BMP and DICOM are taken; the bytes decide which it is. Without
    a champion the image is kept, and the answer has no model and no predictions.
    """
    services.settings.app(app)
    deadline = time.monotonic() + patience(services, x_request_timeout_ms)
    most = services.settings.limits.upload_mb * 1024 * 1024 + _AROUND
    gate = cast(Gate, request.app.state.gate)
    with gate.admitted(declared_length(request, most)):
        body = await read_body(request, most)

        def work() -> Response:
            upload = services.predict.upload(
                app,
                image_of(request.headers.get("content-type", ""), body),
                requested_by=caller.name,
                threshold=threshold,
                nms=nms,
                subject=subject,
                key=idempotency_key,
                deadline=deadline,
            )
            # Made here, so that the thread that serves all has as little to do as may be.
            return JSONResponse(services.predict.predict(upload, candidates=candidates))

        limiter = cast(CapacityLimiter, request.app.state.predictions)
        return await to_thread.run_sync(work, limiter=limiter)


def patience(services: Services, asked_ms: int | None) -> float:
    """Seconds that an answer is waited for."""
    most = services.settings.server.deadline_seconds
    return most if asked_ms is None else min(most * 1000, asked_ms) / 1000
