"""``millpond diff``: what is different in a view as of two moments."""

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
    app.command("diff")(diff)


def diff(
    context: typer.Context,
    view: Annotated[str, typer.Argument(help="Name of a view.")],
    before: Annotated[str, typer.Option("--from", metavar="T", help="The earlier moment.")],
    after: Annotated[
        str | None, typer.Option("--to", metavar="T", help="The later one; default: now.")
    ] = None,
) -> None:
    """Say what is different in a view as of two moments: added, removed or changed rows."""
    found = either(
        context,
        lambda project: _here(project, view, before, after),
        lambda server: RemoteAnswer(
            server.get(
                f"/api/v1/views/{quote(view, safe='')}/diff", **{"from": before, "to": after}
            )
        ),
    )
    show_changes(context, found, {"view": view, "from": before, "to": found.as_json()["as_of"]})


def _here(project: Project, view: str, before: str, after: str | None) -> Rows:
    return project.diff(view, before, after)
