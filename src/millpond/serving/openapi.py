"""The OpenAPI document of the interface: what FastAPI knows, and what every route has in common."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from millpond.access.roles import action_of
from millpond.serving.credentials import COOKIE
from millpond.serving.problems import PROTOCOL

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do next."},
        "request_id": {"type": "string", "description": "Also the header `X-Request-Id`."},
    },
}
_PROTOCOL_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong, and what to do next."}
    },
}
_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}
#: What any route that needs credentials may answer.
_COMMON = (401, 403, 404, 422, 503)
#: The same under ``/v2``, where what does not fit is 400.
_PROTOCOL_COMMON = (400, 401, 403, 404, 503)


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an application whose routes are all guarded; made once."""
    known: dict[str, Any] | None = getattr(app.state, "openapi", None)
    if known is None:
        known = app.state.openapi = _complete(app.openapi())
    return known


def _complete(made: dict[str, Any]) -> dict[str, Any]:
    components = made.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    schemas["InferenceError"] = _PROTOCOL_ERROR
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, methods in made["paths"].items():
        for operation in methods.values():
            _complete_operation(operation, protocol=path.startswith(PROTOCOL))
    return made


def _complete_operation(operation: dict[str, Any], *, protocol: bool) -> None:
    anyone = action_of(operation["x-action"]).anyone
    operation["security"] = [] if anyone else [{name: []} for name in _SCHEMES]
    responses = operation["responses"]
    takes_input = responses.pop("422", None) is not None
    signed_in = _PROTOCOL_COMMON if protocol else _COMMON
    common = ((422,) if takes_input else ()) if anyone else signed_in
    content = _PROTOCOL_CONTENT if protocol else _CONTENT
    for status in sorted({*common, *operation.pop("x-errors", ())}):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": content,
        }


_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_PROTOCOL_CONTENT = {
    "application/json": {"schema": {"$ref": "#/components/schemas/InferenceError"}}
}
