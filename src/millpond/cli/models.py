"""``millpond models``: versions, what they came from, and which one serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from millpond.cli.line import local_user, opened
from millpond.cli.output import answer, moment, print_facts, print_rows
from millpond.cli.progress import progress
from millpond.cli.remote import either

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.models.registry import ModelVersion
    from millpond.pipelines.import_model import ImportedModel
    from millpond.project import Project

group = typer.Typer(no_args_is_help=True, help="Model versions, and which one serves.")

App = Annotated[str | None, typer.Option("--app", metavar="A", help="Application.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Such as blood-cells-2.")]

_COLUMNS = ("version", "app", "task", "aliases", "metrics", "recorded_at")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(group, name="models")


@group.command("list")
def list_(context: typer.Context, app: App = None) -> None:
    """List the model versions, oldest first."""
    rows = either(
        context,
        lambda project: _list(project, app),
        lambda server: list(server.get("/api/v1/models", app=app)["models"]),
    )
    answer(
        context,
        rows,
        lambda out: print_rows(
            out, _COLUMNS, ([_cell(row, name) for name in _COLUMNS] for row in rows)
        ),
    )


@group.command("show")
def show(context: typer.Context, version: Version) -> None:
    """Show one model version, with what it was trained on."""
    found = either(
        context,
        lambda project: _in_full(project, version),
        lambda server: dict(server.get(f"/api/v1/models/{quote(version, safe='')}")),
    )
    answer(context, found, lambda out: print_facts(out, found))


@group.command("promote")
def promote(
    context: typer.Context,
    version: Version,
    app: App = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where the validation part does not say better.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why; --force needs it.")
    ] = None,
) -> None:
    """Let a version serve, if it is better than the champion on the validation part."""
    done = either(
        context,
        lambda project: project.promote(
            version, app=app, force=force, reason=reason, by=local_user()
        ),
        lambda server: dict(
            server.post(
                f"/api/v1/models/{quote(version, safe='')}/promote",
                {"force": force, "reason": reason},
            )
        ),
    )
    answer(context, done, lambda out: out.print(f"{version} is the champion now", markup=False))


@group.command("rollback")
def rollback(context: typer.Context, app: App = None) -> None:
    """Let the champion before this one serve again."""
    done = either(
        context,
        lambda project: _roll_back(project, app),
        lambda server: dict(server.post("/api/v1/models/rollback", {"app": server.app_name(app)})),
    )
    answer(
        context,
        done,
        lambda out: out.print(
            f"{done['version']} is the champion of {done['app']} again", markup=False
        ),
    )


@group.command("import")
def import_(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="An ONNX file, a checkpoint of transformers, or a model package."
        ),
    ],
    app: App = None,
    description: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="What an ONNX file alone does not say."),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Image to try it on; else the newest of the app."),
    ] = None,
    adapter: Annotated[
        str | None, typer.Option(metavar="NAME", help="What understands its outputs, such as yolo.")
    ] = None,
    snapshot: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Measure it on the validation part of this snapshot."),
    ] = None,
) -> None:
    """Try a model that was made elsewhere on an image, and register it."""
    with opened(context) as project, progress("Trying the model") as tell:
        tell(0, 0)
        made = project.import_model(
            path,
            app=app,
            description=description,
            image=image,
            adapter=adapter,
            snapshot=snapshot,
            by=local_user(),
        )
    answer(context, made.as_dict(), lambda out: _print_import(out, made))


@group.command("export")
def export(
    context: typer.Context,
    version: Version,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to make.")],
) -> None:
    """Write a version as a package: the ONNX file with its labels and preprocessing."""
    with opened(context) as project:
        project.registry.package(version).write(out)
    answer(
        context,
        {"version": version, "path": str(out)},
        lambda console: console.print(f"{version} is in {out}", markup=False),
    )


def _list(project: Project, app: str | None) -> list[dict[str, Any]]:
    only = None if app is None else project.app_name(app)
    return [_as_dict(model) for model in project.registry.list(only)]


def _in_full(project: Project, version: str) -> dict[str, Any]:
    package = project.registry.package(version)
    return {
        **_as_dict(project.registry.show(version)),
        "labels": list(package.labels),
        "training": dict(package.training),
        "profile": dict(package.profile),
    }


def _print_import(out: Console, made: ImportedModel) -> None:
    found = f"found {len(made.found)} in {made.tried_on}"
    if made.found:
        found += "; the best:"
    out.print(f"Registered as {made.version}; it {found}", markup=False)
    for one in made.as_dict()["best"]:
        box = "" if one["box"] is None else " ".join(f"{side:.0f}" for side in one["box"])
        out.print(f"  {one['label']}  {one['score']:.2f}  {box}".rstrip(), markup=False)
    for part, reached in made.model.metrics.items():
        numbers = ", ".join(
            f"{name} {value:.3f}" for name, value in reached.items() if isinstance(value, float)
        )
        out.print(f"On the part {part}: {numbers}", markup=False)
    out.print(
        f"It does not serve yet: millpond models promote {made.version} --app {made.model.app}",
        markup=False,
    )


def _roll_back(project: Project, app: str | None) -> dict[str, Any]:
    name = project.app_name(app)
    return {"app": name, "version": project.registry.rollback(name, by=local_user())}


def _as_dict(model: ModelVersion) -> dict[str, Any]:
    return {**model.as_dict(), "recorded_at": moment(model.recorded_at)}


def _cell(row: dict[str, Any], name: str) -> Any:
    """A cell of the list; of the metrics, the one number that decides."""
    if name != "metrics":
        return row[name]
    return {
        f"{part} {metric}": metrics[metric]
        for part, metrics in row["metrics"].items()
        for metric in ("map50", "accuracy")
        if isinstance(metrics, dict) and metrics.get(metric) is not None
    }
