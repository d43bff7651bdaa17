"""The routes of what is measured while it runs: live windows, Prometheus, and alerts."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, cast

from anyio import CapacityLimiter, sleep, to_thread
from fastapi import Query
from fastapi.responses import Response, StreamingResponse
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.access.principal import Principal
from millpond.database.connection import reading
from millpond.serving.prometheus import CONTENT_TYPE, exposition
from millpond.serving.routes import Backends, Caller, Routes
from millpond.serving.services import Services
from millpond.streaming.alerts import AlertAnswer, list_alerts
from millpond.streaming.live import WINDOWS
from millpond.streaming.live_answers import MetricsAnswer
from millpond.streaming.windows import Kind
from millpond.values import app_route

routes = Routes("Metrics")

#: Seconds between two looks at whether there is anything new to send.
_LOOK = 0.1
#: Seconds after which a stream without news shows that it is still there.
_SIGN = 15.0
#: Seconds after which a stream ends, so that whoever reads it shows credentials again.
_LONGEST = 300.0

_Windows = Annotated[
    list[str], Query(description="Lengths of the windows, from 10s on; may be repeated.")
]
_App = Annotated[str | None, Query(description="Of this application only.")]
_Kind = Annotated[
    Kind, Query(description="Sliding windows end now; tumbling ones have ended last.")
]
_Label = Annotated[str | None, Query(description="Of labels, this one only.")]


class AlertsAnswer(TypedDict):
    """The alerts, those that hold first."""

    alerts: list[AlertAnswer]


@routes.get(
    "/api/v1/metrics/live",
    "metrics.read",
    response_model=MetricsAnswer,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def live(
    request: Request,
    caller: Caller,
    services: Backends,
    window: _Windows = list(WINDOWS),  # noqa: B006
    app: _App = None,
    label: _Label = None,
    kind: _Kind = "sliding",
) -> Response:
    """What the newest windows say of each application.

    With ``Accept: text/event-stream`` it is sent as often as it changes, each time as an
    event ``metrics``. A stream ends after five minutes; browsers then ask again.
    """
    only = _one_app(caller, services, app)
    limiter = cast(CapacityLimiter, request.app.state.live)

    async def read() -> MetricsAnswer:
        return await to_thread.run_sync(
            lambda: services.live.answer(window, only, label, kind), limiter=limiter
        )

    first = await read()
    if "text/event-stream" not in request.headers.get("accept", ""):
        return Response(json.dumps(first), media_type="application/json")
    ending = request.app.state.ending

    async def told() -> AsyncIterator[str]:
        answer, said, began = first, time.monotonic(), time.monotonic()
        yield _event(answer)
        while not ending.is_set() and time.monotonic() - began < _LONGEST:
            started = time.monotonic()
            found = await read()
            took = time.monotonic() - started
            if _news(found) != _news(answer):
                answer, said = found, time.monotonic()
                yield _event(answer)
            elif time.monotonic() - said > _SIGN:
                said = time.monotonic()
                yield ": nothing new\n\n"
            # However many read along, predictions keep most of the machine.
            await sleep(max(_LOOK, 4 * took))

    return StreamingResponse(told(), media_type="text/event-stream")


@routes.get("/api/v1/alerts", "metrics.read")
def alerts(
    caller: Caller,
    services: Backends,
    app: _App = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most alerts.")] = 100,
) -> AlertsAnswer:
    """The alerts that were raised: those that hold first, then the newest."""
    only = _one_app(caller, services, app)
    with reading(services.engine) as connection:
        return {"alerts": list_alerts(connection, only, limit)}


@routes.get("/metrics", "metrics.read", response_class=Response)
def prometheus(request: Request, caller: Caller, services: Backends) -> Response:
    """What is measured, in the text format of Prometheus."""
    text = exposition(services, request.app.state.gate, caller.app)
    return Response(text, media_type=CONTENT_TYPE)


def _one_app(caller: Principal, services: Services, app: str | None) -> str | None:
    """The one application that is asked for, or to which the caller is restricted."""
    only = caller.app if app is None else app_route(app)
    if only is not None:
        services.settings.app(only)
        caller.check_app(only)
    return only


def _event(answer: MetricsAnswer) -> str:
    return f"event: metrics\ndata: {json.dumps(answer)}\n\n"


def _news(answer: MetricsAnswer) -> object:
    """What of an answer is worth to be told anew."""
    return answer["watermark"], answer["dropped"], answer["apps"]
