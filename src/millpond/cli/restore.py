"""``millpond restore``: a project made of a backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from millpond.cli.line import line_of, local_user
from millpond.cli.output import answer, error_console, moment
from millpond.cli.progress import stages
from millpond.cli.verify import show_verified
from millpond.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.pipelines.restore import Restored


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("restore")(restore)


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Backup to restore.")],
    to: Annotated[
        Path | None,
        typer.Option(metavar="NEW", help="Folder to make; --project does the same."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where the operational database goes; default: as it was."
        ),
    ] = None,
) -> None:
    """Make a project of a backup in a new folder, and verify it."""
    from millpond.project import Project

    folder = to or line_of(context).project
    if folder is None:
        raise UsageError("name the folder of the new project: millpond restore DIR --to NEW")
    with stages() as on_progress:
        done = Project.restore(
            source,
            folder,
            database=database,
            by=local_user(),
            on_damaged=lambda problem: error_console().print(problem, markup=False),
            on_progress=on_progress,
        )
    answer(context, done.as_dict(), lambda out: _show(out, done))
    if done.verified.findings:
        raise typer.Exit(1)


def _show(out: Console, done: Restored) -> None:
    out.print(f"{done.folder} is as of {moment(done.moment)}", markup=False)
    show_verified(out, done.verified)
