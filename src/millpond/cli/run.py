"""``millpond run`` and ``millpond runs``: the named pipelines, and what became of them."""

from __future__ import annotations

from typing import Annotated

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer, print_rows
from millpond.cli.remote import either

_COLUMNS = ("run_id", "pipeline", "status", "started_at", "seconds", "rows", "error")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("run")(run)
    app.command("runs")(runs)


def run(
    context: typer.Context,
    pipeline: Annotated[str, typer.Argument(help="Its name, such as history.")],
) -> None:
    """Run a pipeline and wait for it: history loads what was captured into the history."""
    done = either(
        context,
        lambda project: project.run(pipeline, by=local_user()).as_dict(),
        lambda server: dict(server.post("/api/v1/runs", {"pipeline": pipeline})),
    )
    answer(
        context,
        done,
        lambda out: out.print(
            f"{done['pipeline']}: {done['status']}, {done['rows']:,} rows "
            f"in {done['seconds']:.1f} s"
        ),
    )


def runs(context: typer.Context) -> None:
    """List the runs, newest first."""
    rows = either(
        context,
        lambda project: [one.as_dict() for one in project.runs()],
        lambda server: list(server.get("/api/v1/runs")["runs"]),
    )
    answer(
        context,
        rows,
        lambda out: print_rows(out, _COLUMNS, ([row[name] for name in _COLUMNS] for row in rows)),
    )
