"""The routes of the Open Inference Protocol v2 about models: what serves, and inference."""

from __future__ import annotations

import time
from typing import Annotated, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Header, Path
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from millpond.serving.api.predict import patience
from millpond.serving.bodies import declared_length, read_body
from millpond.serving.gate import Gate
from millpond.serving.inference_protocol.find import Asking, find, named
from millpond.serving.inference_protocol.metadata import ModelMetadata
from millpond.serving.inference_protocol.requests import JSON_LENGTH, inflated
from millpond.serving.inference_protocol.served import infer, metadata
from millpond.serving.routes import Backends, Caller, Routes

routes = Routes("Open Inference Protocol")

Model = Annotated[
    str, Path(description="An application for its pictures, or `NAME.tensors` for its graph.")
]
Version = Annotated[str, Path(description="A version of the application's models.")]
Key = Annotated[str | None, Header(description="Requests with the same key are one request.")]

Wait = Annotated[
    int | None, Header(ge=1, description="Milliseconds that the answer is waited for.")
]

_BODY = {
    "requestBody": {
        "required": True,
        "description": f"JSON; or JSON of `{JSON_LENGTH}` bytes with binary data behind it.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "id": {"type": "string"},
                        "parameters": {"type": "object"},
                        "inputs": {"type": "array", "items": {"type": "object"}},
                        "outputs": {"type": "array", "items": {"type": "object"}},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
#: What a body may hold besides its images.
_AROUND = 64 * 1024
_REFUSALS = (400, 409, 413, 415, 507)


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


@routes.get("/v2/models/{model}", "serving.read")
def model_metadata(model: Model, caller: Caller, services: Backends) -> ModelMetadata:
    """What a model takes and gives, and the versions that may be asked for."""
    return metadata(services, find(services, caller, model, None))


@routes.get("/v2/models/{model}/versions/{version}", "serving.read")
def version_metadata(
    model: Model, version: Version, caller: Caller, services: Backends
) -> ModelMetadata:
    """What a version of a model takes and gives."""
    return metadata(services, find(services, caller, model, version))


@routes.get("/v2/models/{model}/ready", "serving.read")
def is_ready(model: Model, caller: Caller, services: Backends) -> ModelReady:
    """Whether an application's champion answers; 404 where it has none."""
    return _ready(model, None, caller, services)


@routes.get("/v2/models/{model}/versions/{version}/ready", "serving.read")
def is_version_ready(
    model: Model, version: Version, caller: Caller, services: Backends
) -> ModelReady:
    """Whether a version of a model can be loaded."""
    return _ready(model, version, caller, services)


@routes.post("/v2/models/{model}/infer", "predict", openapi_extra=_BODY, errors=_REFUSALS)
async def infer_champion(
    request: Request,
    model: Model,
    caller: Caller,
    services: Backends,
    idempotency_key: Key = None,
    x_request_timeout_ms: Wait = None,
) -> Response:
    """Ask an application's champion.

    Pictures, as `image` or `pixels`, are captured as any prediction is; tensors of the
    graph itself are computed and not kept.
    """
    wait = x_request_timeout_ms
    return await _infer(request, model, None, caller, services, idempotency_key, wait)


@routes.post(
    "/v2/models/{model}/versions/{version}/infer",
    "predict",
    openapi_extra=_BODY,
    errors=_REFUSALS,
)
async def infer_version(
    request: Request,
    model: Model,
    version: Version,
    caller: Caller,
    services: Backends,
    idempotency_key: Key = None,
    x_request_timeout_ms: Wait = None,
) -> Response:
    """Ask a version of an application's models, whether it serves or not."""
    wait = x_request_timeout_ms
    return await _infer(request, model, version, caller, services, idempotency_key, wait)


def _ready(model: str, version: str | None, caller: Caller, services: Backends) -> ModelReady:
    found = find(services, caller, model, version)
    services.registry.predictor(found.version)
    return {"name": found.name, "ready": True}


async def _infer(
    request: Request,
    model: str,
    version: str | None,
    caller: Caller,
    services: Backends,
    key: str | None,
    timeout_ms: int | None,
) -> Response:
    arrived = time.monotonic()
    asking = Asking(caller.name, key, arrived, arrived + patience(services, timeout_ms))
    request.state.app = named(services, caller, model)
    most = services.settings.limits.upload_mb * 1024 * 1024 + _AROUND
    gate = cast(Gate, request.app.state.gate)
    encoding = request.headers.get("content-encoding", "")
    # Of a body that is packed, it is not yet known how much comes out of it.
    with gate.admitted(most if encoding else declared_length(request, most)):
        packed = await read_body(request, most)

        def work() -> Response:
            found = find(services, caller, model, version)
            body = inflated(packed, encoding, most)
            return infer(services, found, asking, body, request.headers.get(JSON_LENGTH))

        limiter = cast(CapacityLimiter, request.app.state.predictions)
        return await to_thread.run_sync(work, limiter=limiter)
