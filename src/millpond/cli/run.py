"""``millpond run`` and ``millpond runs``: the named pipelines, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer, print_facts, print_rows
from millpond.cli.remote import either

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS = ("run_id", "pipeline", "status", "started_at", "seconds", "rows", "error")
_STEP_COLUMNS = ("number", "name", "status", "seconds", "rows", "attempts", "error")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("run")(run)
    app.command("runs")(runs)


def run(
    context: typer.Context,
    pipeline: Annotated[
        str, typer.Argument(help="history, archive, views, maintain, land or features.")
    ],
    as_of: Annotated[
        str | None,
        typer.Option(metavar="T", help="views: the moment to make them as of.", show_default=False),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="archive: such as 7d; 0s is all.", show_default=False),
    ] = None,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="D", help="land: the first date.", show_default=False),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", metavar="D", help="land: the last date.", show_default=False),
    ] = None,
    feed: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="land: one feed instead of all.", show_default=False),
    ] = None,
    app: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="features: one application.", show_default=False),
    ] = None,
) -> None:
    """Run a pipeline and wait for it: history loads what was captured into the history.

    A run of the same pipeline that is under way is waited for, and one that was
    interrupted is taken up first.
    """
    asked = {"as_of": as_of, "older_than": older_than, "from": first, "to": last}
    asked |= {"feed": feed, "app": app}
    given = {name: value for name, value in asked.items() if value is not None}
    done = either(
        context,
        lambda project: project.run(pipeline, by=local_user(), **given).as_dict(),
        lambda server: dict(server.post("/api/v1/runs", {"pipeline": pipeline, **given})),
    )
    answer(
        context,
        done,
        lambda out: out.print(
            f"{done['pipeline']}: {done['status']}, {done['rows']:,} rows "
            f"in {done['seconds']:.1f} s"
        ),
    )


def runs(
    context: typer.Context,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="One run, with its steps and its log.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most runs to list.")] = 1000,
) -> None:
    """List the runs, newest first; or tell of one, with its steps and its log."""
    if run_id is not None:
        told = either(
            context,
            lambda project: project.run_report(run_id).as_dict(),
            lambda server: dict(server.get(f"/api/v1/runs/{run_id}")),
        )
        answer(context, told, lambda out: _show(out, told))
        return
    rows = either(
        context,
        lambda project: [one.as_dict() for one in project.runs(limit)],
        lambda server: list(server.get("/api/v1/runs", limit=limit)["runs"]),
    )
    answer(
        context,
        rows,
        lambda out: print_rows(out, _COLUMNS, ([row[name] for name in _COLUMNS] for row in rows)),
    )


def _show(out: Console, told: dict[str, Any]) -> None:
    facts = {name: told[name] for name in (*_COLUMNS, "requested_by", "parameters")}
    print_facts(out, {name: value for name, value in facts.items() if value not in (None, {})})
    steps = ([step[name] for name in _STEP_COLUMNS] for step in told["steps"])
    print_rows(out, _STEP_COLUMNS, steps)
    for line in told["log"]:
        out.print(f"{line['at']}  {line['line']}", markup=False)
