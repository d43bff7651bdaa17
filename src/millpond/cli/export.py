"""``millpond export``: a mart, in a form that other tools read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer
from millpond.cli.remote import either

if TYPE_CHECKING:
    from millpond.client.connection import Connection
    from millpond.marts.marts import Exported

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
        Literal["truth", "predictions"],
        typer.Option(metavar="L", help="truth, or predictions of the latest inference."),
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
    done = either(
        context,
        lambda project: project.export(
            "coco",
            out,
            app=app,
            labels=labels,
            as_of=as_of,
            snapshot=snapshot,
            include_unreviewed=include_unreviewed,
            by=local_user(),
        ),
        lambda server: _pull(
            server,
            out,
            server.app_name(app),
            labels=labels,
            as_of=as_of,
            snapshot=snapshot,
            include_unreviewed="true" if include_unreviewed else None,
        ),
    )
    _answer(context, done)


@group.command("documents")
def documents(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to make.")],
    app: Annotated[str | None, typer.Option(metavar="NAME", help="Application.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="T", help="Moment; default: now.")] = None,
    snapshot: Annotated[
        str | None, typer.Option(metavar="S", help="Only the images that this snapshot froze.")
    ] = None,
) -> None:
    """Write DIR/documents.jsonl: each image with all that was said of it, a line of JSON each."""
    done = either(
        context,
        lambda project: project.export(
            "documents", out, app=app, as_of=as_of, snapshot=snapshot, by=local_user()
        ),
        lambda server: _pull_documents(
            server, out, server.app_name(app), as_of=as_of, snapshot=snapshot
        ),
    )
    _answer(context, done)


def _answer(context: typer.Context, done: Exported) -> None:
    answer(
        context,
        {"images": done.images, "annotations": done.annotations, "path": str(done.path)},
        lambda out: out.print(
            f"{done.images:,} images and {done.annotations:,} annotations in {done.path}",
            markup=False,
        ),
    )


def _pull_documents(server: Connection, out: Path, app: str, **parameters: Any) -> Exported:
    """Fetch the mart from a server, and count what is in it."""
    from millpond.client.marts import pull_mart
    from millpond.marts.marts import Exported

    pull_mart(server, "documents", app, out, **parameters)
    path = out / "documents.jsonl"
    images = annotations = 0
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            images += 1
            annotations += len(json.loads(line)["annotations"])
    return Exported(images, annotations, path)


def _pull(server: Connection, out: Path, app: str, **parameters: Any) -> Exported:
    """Fetch the mart from a server, and count what is in it."""
    from millpond.client.marts import pull_mart
    from millpond.marts.marts import Exported

    pull_mart(server, "coco", app, out, **parameters)
    path = out / "annotations.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    return Exported(len(written["images"]), len(written["annotations"]), path)
