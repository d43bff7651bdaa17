"""``millpond demo``: the whole loop once, unattended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer
from millpond.cli.progress import stages


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    app: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Application; default: chest-xray, or the data's name."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Labelled images: VOC, COCO or a folder per class."),
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Project to make.")] = Path(
        "millpond-demo"
    ),
    steps: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Bounds each of the three trainings.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of everything random.")] = 0,
) -> None:
    """Run the whole loop once, on generated chest X-rays or on your own labelled images.

    A model learns from about 30 images and serves; the others come in over HTTP, and
    a simulated reviewer corrects what it answered. A second model learns from that;
    a third, for comparison, from the uncorrected answers. All three are measured on
    the same held-out images.
    """
    from millpond.demo.loop import Options, run_demo
    from millpond.demo.report import show

    with stages() as tell:
        outcome = run_demo(Options(app, data, folder, steps, seed), by=local_user(), tell=tell)
    answer(context, outcome.as_dict(), lambda out: show(out, outcome))
    if outcome.verify != "ok":
        raise typer.Exit(1)
