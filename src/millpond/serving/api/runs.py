"""The routes of runs: the named pipelines, started and listed."""

from __future__ import annotations

from typing import cast

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.pipelines.runs import Run
from millpond.serving.routes import Caller, LayerWork, Routes

routes = Routes("Runs")


class RunBody(BaseModel):
    """A pipeline to run."""

    model_config = ConfigDict(extra="forbid")

    pipeline: str = Field(description="Its name, such as `history`.")


class RunAnswer(TypedDict):
    """A run; `rows` and `seconds` are null until it has ended."""

    run_id: str
    pipeline: str
    status: str
    started_at: str
    requested_by: str
    seconds: float | None
    rows: int | None
    error: str | None


class RunsAnswer(TypedDict):
    """The runs, newest first."""

    runs: list[RunAnswer]


@routes.get("/api/v1/runs", "runs.read")
def list_runs(caller: Caller, layers: LayerWork) -> RunsAnswer:
    """What was run, and how it went."""
    return {"runs": [_answer(run) for run in layers.runs()]}


@routes.post("/api/v1/runs", "runs.start", errors=(507,))
async def start_run(
    request: Request, body: RunBody, caller: Caller, layers: LayerWork
) -> RunAnswer:
    """Run a pipeline, and answer when it has ended."""

    def work() -> Run:
        return layers.run(body.pipeline, by=caller.name)

    limiter = cast(CapacityLimiter, request.app.state.heavy)
    return _answer(await to_thread.run_sync(work, limiter=limiter))


def _answer(run: Run) -> RunAnswer:
    return cast(RunAnswer, run.as_dict())
