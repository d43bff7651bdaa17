"""``millpond export``: a mart, in a form that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from millpond.cli.line import opened
from millpond.cli.output import answer

group = typer.Typer(no_args_is_help=True, help="Images and labels in a form that others read.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(group, name="export")


@group.command("coco")
def coco(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to make.")],
    app: Annotated[str | None, typer.Option(metavar="NAME", help="Application.")] = None,
    labels: Annotated[
        str, typer.Option(metavar="L", help="truth, or predictions of the latest inference.")
    ] = "truth",
    as_of: Annotated[str | None, typer.Option(metavar="T", help="Moment; default: now.")] = None,
    snapshot: Annotated[
        str | None, typer.Option(metavar="S", help="Only what this snapshot froze.")
    ] = None,
    include_unreviewed: Annotated[
        bool, typer.Option("--include-unreviewed", help="Images that nobody reviewed, too.")
    ] = False,
) -> None:
    """Write DIR/annotations.json and DIR/images/, as COCO tools read them."""
    with opened(context) as project:
        done = project.export(
            "coco",
            out,
            app=app,
            labels=labels,
            as_of=as_of,
            snapshot=snapshot,
            include_unreviewed=include_unreviewed,
        )
    answer(
        context,
        {"images": done.images, "annotations": done.annotations, "path": str(done.path)},
        lambda out: out.print(
            f"{done.images:,} images and {done.annotations:,} annotations in {done.path}",
            markup=False,
        ),
    )
