"""``millpond train``: a model version from a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from millpond.cli.line import local_user, opened
from millpond.cli.output import answer, as_text
from millpond.cli.progress import progress

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.models.registry import ModelVersion


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("train")(train)


def train(
    context: typer.Context,
    snapshot: Annotated[str, typer.Option(metavar="S", help="What to learn from.")],
    app: Annotated[str | None, typer.Option(metavar="A", help="Application.")] = None,
    steps: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many batches to learn from.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of everything random.")] = 0,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD",
            help="linear or boosted: learn in seconds on features, made first where missing.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Backbone of the head, as of features --model."),
    ] = None,
) -> None:
    """Train a model on a snapshot's part train, and measure it on its part val."""
    with opened(context) as project, progress("train") as advance:
        made = project.train(
            snapshot,
            app=app,
            steps=steps,
            seed=seed,
            head=head,
            model=model,
            by=local_user(),
            on_progress=lambda now: advance(now.step, now.steps),
        )
    answer(
        context,
        {"model_version": made.version, "metrics": made.metrics, "snapshot": snapshot},
        lambda out: _show(out, made),
    )


def _show(out: Console, made: ModelVersion) -> None:
    out.print(f"Trained {made.version}", markup=False)
    for part, metrics in made.metrics.items():
        numbers = [
            f"{name} {as_text(value)}"
            for name, value in metrics.items()
            if isinstance(value, (int, float))
        ]
        out.print(f"  {part}  {', '.join(numbers)}", markup=False)
    out.print(f"  next  millpond models promote {made.version} --app {made.app}", markup=False)
