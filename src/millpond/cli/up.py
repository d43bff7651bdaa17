"""``millpond up``: everything in one process, until it is told to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from millpond.cli.line import line_of, local_user, opened
from millpond.cli.output import console, print_json
from millpond.values import to_micros

if TYPE_CHECKING:
    from millpond.project import Project


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("up")(up)


def up(
    context: typer.Context,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port; 0 takes a free one.")
    ] = 8420,
) -> None:
    """Serve the pages and the API until Ctrl-C or SIGTERM.

    The first time it makes the user admin and prints a one-time password. With
    --json it prints one line, {url, token}, when ready; that token has the role
    admin and lasts as long as a session does.
    """
    with opened(context) as project:
        ready = _ready_for_scripts if line_of(context).json else _ready_for_people
        project.serve(host=host, port=port, on_ready=lambda url: ready(project, url))


def _ready_for_scripts(project: Project, url: str) -> None:
    """Print where the server answers, with a token to ask it with."""
    password = project.access.first_admin(by=local_user())
    hours = timedelta(hours=project.settings.server.session_hours)
    end = to_micros(datetime.now(UTC) + hours)
    token = project.access.create_token("up", "admin", expires_at=end, by=local_user())
    print_json({"url": url, "token": token, "password": password})


def _ready_for_people(project: Project, url: str) -> None:
    """Print where the server answers, and the first time how to sign in."""
    password = project.access.first_admin(by=local_user())
    out = console()
    out.print(f"Millpond serves {project.settings.project.name} at {url}", markup=False)
    if password is not None:
        out.print(
            f"  sign in as admin with the one-time password  {password}\n"
            "  (shown this once; add people with: millpond user add NAME --role R)",
            markup=False,
        )
    out.print("  end it with Ctrl-C", markup=False)
