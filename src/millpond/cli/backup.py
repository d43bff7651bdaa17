"""``millpond backup``: a whole copy of a project, while it is served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from millpond.cli.line import local_user, opened
from millpond.cli.output import answer, error_console, moment
from millpond.cli.progress import stages


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("backup")(backup)


def backup(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    link_from: Annotated[
        Path | None,
        typer.Option(
            metavar="BACKUP",
            help="Earlier backup on the same disk, whose files are not copied again.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Copy the project into a new folder, whole and as of one moment, while it is served.

    Exit 1 if something was not as it was captured; the copy is made all the same.
    """
    with opened(context) as project, stages() as on_progress:
        done = project.backup(out, link_from=link_from, by=local_user(), on_progress=on_progress)
    answer(
        context,
        done.as_dict(),
        lambda out: out.print(
            f"{done.files:,} files with {done.bytes:,} bytes in {done.path}, "
            f"as of {moment(done.moment)}",
            markup=False,
        ),
    )
    for problem in done.amiss:
        error_console().print(problem, markup=False)
    if done.amiss:
        raise typer.Exit(1)
