"""The route of the layers: what a project holds, and how fresh it is."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import Query
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.serving.csv_answer import csv_answer
from millpond.serving.layers import Layer, LayerName, LayerReports, State, StepName
from millpond.serving.routes import Backends, Caller, Routes

routes = Routes("Layers")

_CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}}
_COLUMNS = ("layer", "what", "count", "newest", "state", "note")


class LayerAnswer(TypedDict):
    """A layer: `counts` by what is counted; `note` says what to do where `state` is not `ok`."""

    name: LayerName
    counts: dict[str, int]
    newest: str | None
    state: State
    note: str | None


class StepAnswer(TypedDict):
    """One of the first steps with a new project."""

    name: StepName
    done: bool


class LayersAnswer(TypedDict):
    """The layers of a project, from what comes in to what serves."""

    project: str
    layers: list[LayerAnswer]
    steps: list[StepAnswer]


@routes.get("/api/v1/layers", "layers.read", response_model=LayersAnswer, responses={200: _CSV})
def get_layers(
    request: Request,
    caller: Caller,
    services: Backends,
    format: Annotated[
        Literal["json", "csv"], Query(description="`csv` gives a line for each count.")
    ] = "json",
) -> LayersAnswer | StreamingResponse:
    """What each layer holds, how fresh it is, and what to do where one is amiss."""
    reports = cast(LayerReports, request.app.state.layers)
    found = reports.report()
    if format == "csv":
        return csv_answer("layers", _COLUMNS, [row for each in found.layers for row in _rows(each)])
    return {
        "project": services.settings.project.name,
        "layers": [cast(LayerAnswer, vars(layer)) for layer in found.layers],
        "steps": [{"name": name, "done": done} for name, done in found.steps.items()],
    }


def _rows(layer: Layer) -> list[dict[str, object]]:
    about = {"layer": layer.name, "newest": layer.newest, "state": layer.state, "note": layer.note}
    return [{**about, "what": what, "count": count} for what, count in layer.counts.items()]
