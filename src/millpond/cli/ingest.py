"""``millpond ingest``: images and their labels, or the rows of a feed, into the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from millpond.cli.line import local_user, opened
from millpond.cli.output import answer
from millpond.cli.progress import progress

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.pipelines.ingest import Ingested


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("ingest")(ingest)


def ingest(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="Folder of images, or a CSV file; with --feed its file or files.")
    ],
    app: Annotated[str | None, typer.Option(metavar="NAME", help="Application.")] = None,
    format: Annotated[
        str, typer.Option(metavar="F", help="auto, folder, voc, coco, dicom or csv.")
    ] = "auto",
    labels: Annotated[
        bool, typer.Option("--labels/--no-labels", help="Take the labels, or the images only.")
    ] = True,
    subject_from: Annotated[
        str | None, typer.Option(metavar="RULE", help="Finds whom a file is about.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="RULE", help="Finds a file's group, never split.")
    ] = None,
    order: Annotated[
        str | None, typer.Option(metavar="RULE", help="Finds a file's place in its sequence.")
    ] = None,
    split: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Which part each path is in: path,part.")
    ] = None,
    feed: Annotated[
        str | None, typer.Option(metavar="NAME", help="Land rows of this feed, not images.")
    ] = None,
    date: Annotated[
        str | None, typer.Option(metavar="D", help="Business date of the file: YYYY-MM-DD.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Land a file that has landed before anew.")
    ] = False,
) -> None:
    """Bring in a folder of images with their labels; the same again adds nothing.

    A RULE is a regular expression with one group on the relative path, or
    column:NAME of a CSV file, or dicom:TAG. With --feed, bring in rows of a feed:
    one file, or each file of a folder.
    """
    if feed is not None or date is not None or again:
        from millpond.cli.land import land

        land(context, path, feed, date, again)
        return
    from millpond.pipelines.ingest import IngestOptions

    options = IngestOptions(format, labels, subject_from, group, order, split)
    with opened(context) as project, progress("ingest") as advance:
        done = project.ingest(
            path,
            app=app,
            options=options,
            by=local_user(),
            on_progress=lambda files: advance(files, 0),
        )
    answer(
        context,
        {
            "objects": done.objects,
            "annotations": done.annotations,
            "refused": done.refused,
            "refusals": [
                {"path": one.path, "reason": one.reason, "status": one.status}
                for one in done.refusals
            ],
        },
        lambda out: _show(out, done),
    )


def _show(out: Console, done: Ingested) -> None:
    out.print(
        f"{done.objects:,} objects and {done.annotations:,} annotations are new; "
        f"{done.refused:,} files were refused"
    )
    for one in done.refusals:
        out.print(f"  {one.path}: {one.reason}", markup=False)
    if done.refused > len(done.refusals):
        out.print("  ... all of them: millpond query 'select * from refusals'")
    if done.objects:
        out.print("  next  millpond snapshot create NAME, then millpond train")
