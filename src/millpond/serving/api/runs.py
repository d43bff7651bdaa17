"""The routes of runs: the named pipelines, started, listed and told of in full."""

from __future__ import annotations

from typing import Annotated, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.pipelines.runs import MOST, Run
from millpond.serving.routes import Caller, LayerWork, Routes

routes = Routes("Runs")


class RunBody(BaseModel):
    """A pipeline to run, with what it is asked for."""

    model_config = ConfigDict(extra="forbid")

    pipeline: str = Field(description="Its name, such as `history`.")
    as_of: str | None = Field(None, description="Of `views`: the moment to make them as of.")
    older_than: str | None = Field(None, description="Of `archive`: an age, such as `7d`.")
    from_: str | None = Field(None, alias="from", description="Of `land`: the first date.")
    to: str | None = Field(None, description="Of `land`: the last date.")
    feed: str | None = Field(None, description="Of `land`: one feed instead of all.")


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
    parameters: dict[str, str]


class RunsAnswer(TypedDict):
    """The runs, newest first."""

    runs: list[RunAnswer]


class StepAnswer(TypedDict):
    """A step of a run: `status` is running, done or failed."""

    number: int
    name: str
    status: str
    started_at: str
    seconds: float | None
    rows: int | None
    attempts: int
    error: str | None


class LineAnswer(TypedDict):
    """A line of a run's log."""

    at: str
    line: str


class RunReportAnswer(RunAnswer):
    """A run with its steps and its log."""

    steps: list[StepAnswer]
    log: list[LineAnswer]


@routes.get("/api/v1/runs", "runs.read")
def list_runs(
    caller: Caller, layers: LayerWork, limit: Annotated[int, Query(ge=1, le=MOST)] = MOST
) -> RunsAnswer:
    """What was run, and how it went."""
    return {"runs": [_answer(run) for run in layers.runs(limit)]}


@routes.get("/api/v1/runs/{run_id}", "runs.read", errors=(404,))
def show_run(caller: Caller, layers: LayerWork, run_id: str) -> RunReportAnswer:
    """A run with its steps and its log."""
    return cast(RunReportAnswer, layers.run_report(run_id).as_dict())


@routes.post("/api/v1/runs", "runs.start", errors=(503, 507))
async def start_run(
    request: Request, body: RunBody, caller: Caller, layers: LayerWork
) -> RunAnswer:
    """Run a pipeline, and answer when it has ended."""

    def work() -> Run:
        return layers.run(by=caller.name, **body.model_dump())

    limiter = cast(CapacityLimiter, request.app.state.runs)
    return _answer(await to_thread.run_sync(work, limiter=limiter))


def _answer(run: Run) -> RunAnswer:
    return cast(RunAnswer, run.as_dict())
