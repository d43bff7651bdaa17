"""``millpond views``: which views there are, how each is kept, and what is wrong with one."""

from __future__ import annotations

from typing import Annotated

import typer

from millpond.cli.output import answer, print_rows
from millpond.cli.remote import either

_COLUMNS = ("name", "origin", "refresh", "key", "problem")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("views")(views)


def views(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 where something is wrong with a view.")
    ] = False,
) -> None:
    """List the views: standard ones, those of feeds, and the project's own (views/*.sql)."""
    rows = either(
        context,
        lambda project: [report.as_dict() for report in project.views()],
        lambda server: list(server.get("/api/v1/views")["views"]),
    )
    answer(
        context,
        rows,
        lambda out: print_rows(
            out,
            _COLUMNS,
            (
                [row[name] or ("virtual" if name == "refresh" else "") for name in _COLUMNS]
                for row in rows
            ),
        ),
    )
    if check and any(row["problem"] for row in rows):
        raise typer.Exit(1)
