"""``millpond history``: what changed in a view, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from millpond.cli.changes import show_changes
from millpond.cli.remote import RemoteAnswer, either
from millpond.cli.rows import Rows

if TYPE_CHECKING:
    from millpond.project import Project


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("history")(history)


def history(
    context: typer.Context,
    view: Annotated[str, typer.Argument(help="Name of a view.")],
    key: Annotated[
        str | None,
        typer.Option(metavar="K", help="Only rows with this value in a column of the key."),
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="Only later changes.")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="Only changes up to then.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="Most moments of change, the newest ones.")
    ] = 100,
) -> None:
    """Say what changed in a view and when, the newest first."""
    found = either(
        context,
        lambda project: _here(project, view, key, since, until, limit),
        lambda server: RemoteAnswer(
            server.get(
                f"/api/v1/views/{quote(view, safe='')}/history",
                key=key,
                since=since,
                until=until,
                limit=limit,
            )
        ),
    )
    show_changes(context, found, {"view": view, "as_of": found.as_json()["as_of"]})


def _here(
    project: Project,
    view: str,
    key: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> Rows:
    return project.changes(view, key=key, since=since, until=until, limit=limit)
