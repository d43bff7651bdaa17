"""The OpenAPI document of the interface: what FastAPI knows, and what every route has in common."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from millpond.access.roles import action_of
from millpond.serving.credentials import COOKIE

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
_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}
#: What any route that needs credentials may answer.
_COMMON = (401, 403, 404, 422, 503)


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
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for methods in made["paths"].values():
        for operation in methods.values():
            _complete_operation(operation)
    return made


def _complete_operation(operation: dict[str, Any]) -> None:
    anyone = action_of(operation["x-action"]).anyone
    operation["security"] = [] if anyone else [{name: []} for name in _SCHEMES]
    responses = operation["responses"]
    takes_input = responses.pop("422", None) is not None
    common = ((422,) if takes_input else ()) if anyone else _COMMON
    for status in sorted({*common, *operation.pop("x-errors", ())}):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": _REFERENCE}},
        }


_REFERENCE = {"$ref": "#/components/schemas/Problem"}
