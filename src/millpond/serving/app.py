"""The application that answers over HTTP, made of its routes and the backends."""

from __future__ import annotations

import threading
from importlib.metadata import version

from anyio import CapacityLimiter
from fastapi import FastAPI

from millpond.capture.refusals import record_refusals
from millpond.database.write_behind import WriteBehind
from millpond.serving import problems
from millpond.serving.api import (
    annotate,
    apps,
    documentation,
    events,
    export,
    feeds,
    filters,
    health,
    images,
    inferences,
    layers,
    metrics,
    models,
    objects,
    predict,
    query,
    queue,
    runs,
    serving_models,
    session,
    similar,
    snapshots,
    thumbnails,
    tokens,
    users,
    views,
)
from millpond.serving.envelope import Envelope
from millpond.serving.gate import Gate
from millpond.serving.layers import LayerReports
from millpond.serving.pages import Pages
from millpond.serving.services import Services
from millpond.serving.thumbnails import Thumbnails

_PARTS = (
    session,
    apps,
    layers,
    predict,
    inferences,
    annotate,
    images,
    filters,
    queue,
    objects,
    similar,
    thumbnails,
    export,
    feeds,
    query,
    views,
    snapshots,
    models,
    runs,
    metrics,
    users,
    tokens,
    serving_models,
    events,
    health,
    documentation,
)

#: Passwords that are checked at once.
_SIGN_INS = 4
#: Queries that run at once, each in a process of its own.
_QUERIES = 4
#: Evaluations and the like that run at once; each takes all cores.
_HEAVY = 1
#: Files that are landed at once: they wait for each other anyway.
_LANDINGS = 1
#: Runs that are waited for at once.
_RUNS = 16
#: Looks at the live metrics at once.
_LIVE = 2
#: Predictions that are written at once, so that many share one fsync.
_WRITERS = 48
#: Bytes of uploads that may lie in memory together.
_MOST_BYTES = 512 * 1024 * 1024


def create_app(services: Services) -> FastAPI:
    """The application over the backends of one project."""
    app = FastAPI(
        title="Millpond",
        version=version("millpond"),
        description="Predict, correct, keep, query: the data loop of an AI application.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    server = services.settings.server
    app.state.services = services
    app.state.gate = Gate(
        server.turns,
        server.waiting,
        _MOST_BYTES,
        server.longest_wait_seconds,
        lambda: services.predict.seconds_each,
    )
    app.state.refusals = WriteBehind(
        lambda refused: services.commit.run(lambda each: record_refusals(each, refused))
    )
    app.state.predictions = CapacityLimiter(_WRITERS)
    app.state.sign_ins = CapacityLimiter(_SIGN_INS)
    app.state.queries = CapacityLimiter(_QUERIES)
    app.state.heavy = CapacityLimiter(_HEAVY)
    app.state.landings = CapacityLimiter(_LANDINGS)
    app.state.runs = CapacityLimiter(_RUNS)
    app.state.live = CapacityLimiter(_LIVE)
    app.state.ending = threading.Event()
    # Pictures for the eye leave at least half of the threads to predictions.
    app.state.pictures = CapacityLimiter(max(1, server.turns // 2))
    app.state.thumbnails = Thumbnails(services.predict.view)
    app.state.layers = LayerReports(services)
    for part in _PARTS:
        # Not `include_router`: the routes stay what they are, for the tests to walk.
        app.router.routes.extend(part.routes.all)
    app.router.default = Pages()
    problems.install(app)
    app.add_middleware(Envelope)
    return app
