"""``millpond migrate``: bring a project to the format of this release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from millpond.cli.line import line_of, project_folder
from millpond.cli.output import answer, print_rows
from millpond.cli.progress import stages
from millpond.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.pipelines.migrate import Migrated


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("migrate")(migrate)


def migrate(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
) -> None:
    """Bring a project that an older release made to the format of this one.

    No server may run meanwhile. Broken off at any instant, it goes on when it is run again.
    """
    from millpond.project import migrate as migrated

    if line_of(context).url is not None:
        raise UsageError("this command works on a project folder; leave out --url")
    with stages() as on_step:
        done = migrated(project_folder(context), dry_run=dry_run, on_step=on_step)
    answer(context, done.as_dict(), lambda out: _show(out, done))


def _show(out: Console, done: Migrated) -> None:
    if done.older == done.format:
        out.print(f"The project is of format {done.format}: there is nothing to do.")
        return
    steps = [
        (number, step.name, step.status, step.rows, step.bytes)
        for number, step in enumerate(done.steps, start=1)
    ]
    print_rows(out, ["step", "what", "", "rows", "bytes"], steps)
    would = "would be" if done.dry_run else "is now"
    out.print(f"The project {would} of format {done.format}, after {done.older}.")
    if done.copy is not None:
        out.print(f"The database as it was is kept: {done.copy}", markup=False)
        out.print("Delete it once you have seen that all is well.")
