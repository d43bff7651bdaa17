"""``millpond features``: what a network sees in images, as vectors, scaled and reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from millpond.cli.line import local_user, opened
from millpond.cli.output import answer, error_console
from millpond.cli.progress import progress

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.features.backbone import Precision
    from millpond.features.report import FeaturesReport


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("features")(features)


def features(
    context: typer.Context,
    prefix: Annotated[
        str | None,
        typer.Argument(
            metavar="PREFIX",
            help="Folder or s3://bucket/prefix; without it, the images of the application.",
        ),
    ] = None,
    app: Annotated[str | None, typer.Option(metavar="NAME", help="Application.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Name or folder of a checkpoint of transformers, or a file.onnx; default: "
            "google/efficientnet-b0.",
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(metavar="E", help="local, spark or ray; default: as in millpond.toml."),
    ] = None,
    components: Annotated[
        str,
        typer.Option(metavar="N", help="How many to keep, or the share of the variance to keep."),
    ] = "0.95",
    as_of: Annotated[
        str | None, typer.Option(metavar="T", help="Only images recorded by then.")
    ] = None,
    snapshot: Annotated[
        str | None, typer.Option(metavar="S", help="Only the images of a snapshot.")
    ] = None,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Compute all, whatever there is.")
    ] = False,
    precision: Annotated[
        str,
        typer.Option(metavar="P", help="fp32, or bf16: faster where the processor has it."),
    ] = "fp32",
) -> None:
    """Compute the vectors of images that have none yet, and reduce them."""
    with opened(context) as project, progress("features") as advance:
        report = project.features(
            prefix,
            app=app,
            model=model,
            engine=engine,
            components=components,
            as_of=as_of,
            snapshot=snapshot,
            recompute=recompute,
            precision=cast("Precision", precision),
            by=local_user(),
            on_progress=advance,
        )
    for warning in report.warnings:
        error_console().print(warning, markup=False)
    answer(context, report.as_dict(), lambda out: _show(out, report))


def _show(out: Console, report: FeaturesReport) -> None:
    new = f"{report.computed:,} of them new, {report.images_per_second:,.1f} a second"
    out.print(f"{report.images:,} images have vectors of {report.model}: {new}")
    if report.reduction is not None:
        made = "made anew" if report.refitted else "as before"
        out.print(
            f"  {report.components} components keep {report.explained_variance:.2%} of the "
            f"variance ({made})"
        )
    for refused in report.refused:
        why = "quarantined" if refused.for_good else "not reached"
        out.print(f"  {why}  {refused.object_id}: {refused.reason}", markup=False)
    more = report.quarantined + report.unreachable - len(report.refused)
    if more > 0:
        out.print(f"  and {more:,} more; see the table features_quarantine")
