"""``millpond up``: everything in one process, until it is told to end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from millpond.cli.line import line_of, local_user, opened, project_folder
from millpond.cli.output import console, error_console, print_json
from millpond.cli.progress import stages
from millpond.errors import ProjectError, UsageError
from millpond.values import to_micros

if TYPE_CHECKING:
    from millpond.demo.sample import Person
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
    demo: Annotated[
        bool,
        typer.Option("--demo", help="First fill a new or empty project with a small example."),
    ] = False,
) -> None:
    """Serve the pages and the API until Ctrl-C or SIGTERM.

    The first time it makes the user admin and prints a one-time password. With
    --json it prints one line, {url, token}, when ready; that token has the role
    admin and lasts as long as a session does.

    With --demo the project, by default the folder millpond-demo, which is made, has
    something to show: drawn chest X-rays, a model that learned from some, and reviews.
    A project that has images already is served as it is.
    """
    with _for_demo(context) if demo else opened(context) as project:
        if demo:
            _furnish(project)
        ready = _ready_for_scripts if line_of(context).json else _ready_for_people
        project.serve(host=host, port=port, on_ready=lambda url: ready(project, url, demo))


def _for_demo(context: typer.Context) -> Project:
    """The project to fill: the one that is named or near, or a new one."""
    from millpond.demo.sample import FOLDER, prepare
    from millpond.project import Project

    if line_of(context).url is not None:
        raise UsageError("this command works on a project folder; leave out --url")
    try:
        folder = project_folder(context)
    except ProjectError:
        folder = FOLDER
    prepare(folder.resolve())
    return Project.open(folder)


def _furnish(project: Project) -> None:
    """Fill a project that is empty."""
    from millpond.demo.sample import furnish, is_empty

    if not is_empty(project):
        error_console().print("The project has images already: nothing was added.")
        return
    with stages() as tell:
        furnish(project, by=local_user(), tell=tell)


def _people(project: Project, demo: bool) -> Sequence[Person]:
    """Who may sign in to a demonstration besides admin, who comes first."""
    from millpond.demo.sample import let_in

    return let_in(project, local_user()) if demo else ()


def _ready_for_scripts(project: Project, url: str, demo: bool) -> None:
    """Print where the server answers, with a token to ask it with."""
    password = project.access.first_admin(by=local_user())
    hours = timedelta(hours=project.settings.server.session_hours)
    end = to_micros(datetime.now(UTC) + hours)
    token = project.access.create_token("up", "admin", expires_at=end, by=local_user())
    users = [vars(person) for person in _people(project, demo)]
    print_json({"url": url, "token": token, "password": password, "users": users})


def _ready_for_people(project: Project, url: str, demo: bool) -> None:
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
    for person in _people(project, demo):
        out.print(f"  or as {person.user}, a {person.role}:  {person.password}", markup=False)
    out.print("  end it with Ctrl-C", markup=False)
