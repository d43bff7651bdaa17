"""``millpond queue``: what to review next, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer, print_rows
from millpond.cli.remote import either

_COLUMNS = ("object_id", "reason", "detail", "predictions", "recorded_at", "leased_by")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("queue")(queue)


def queue(
    context: typer.Context,
    app: Annotated[str | None, typer.Option(metavar="NAME", help="Application.")] = None,
    strategy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What makes an image useful: requested, uncertain, disagree, disputed, random "
            "or oldest.",
        ),
    ] = "uncertain",
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most images.")] = 50,
) -> None:
    """List what to review next, the most useful first, with the reason."""
    found = either(
        context,
        lambda project: project.review_queue(strategy, app=app, limit=limit, by=local_user()),
        lambda server: server.get(
            f"/api/v1/apps/{server.app_name(app)}/queue", strategy=strategy, limit=limit
        ),
    )
    rows = ([item[name] for name in _COLUMNS] for item in found["items"])
    answer(context, dict(found), lambda out: print_rows(out, _COLUMNS, rows))
