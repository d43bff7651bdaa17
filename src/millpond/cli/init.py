"""``millpond init``: a new project folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from millpond.cli.output import answer
from millpond.errors import Invalid, UsageError

if TYPE_CHECKING:
    from rich.console import Console


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("init")(init)


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    app: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the application; default: the folder's name."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="T", help="detection or classification.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="A,B", help="The labels, separated by commas.")
    ] = None,
) -> None:
    """Make a new project folder.

    An application that is installed, such as chest-xray or fruits, needs neither
    --task nor --labels.
    """
    from millpond.demo.declaration import app_name_from, write_project

    folder = folder.resolve()
    name = _checked(app) if app is not None else app_name_from(folder.name)
    section = _section(name, task, labels)
    if section is None and app is not None:
        raise UsageError(
            f"application {name} is none of the installed ones; "
            "say what it is with --task and --labels"
        )
    path = write_project(folder, folder.name, {} if section is None else {name: section})
    apps = [] if section is None else [name]
    answer(
        context,
        {"project": str(folder), "file": str(path), "apps": apps},
        lambda out: _show(out, folder, path, apps),
    )


def _section(name: str, task: str | None, labels: str | None) -> dict[str, Any] | None:
    """What ``[apps.NAME]`` will say, or None where nothing says what the application is."""
    from millpond.demo.declaration import template_of

    installed = template_of(name)
    section = {} if installed is None else dict(installed.section)
    if task is not None:
        section["task"] = task
    if labels is not None:
        section["labels"] = [label.strip() for label in labels.split(",") if label.strip()]
    if not section:
        return None
    if "task" not in section:
        raise UsageError("--labels needs --task: detection or classification")
    if "labels" not in section:
        raise UsageError("--task needs --labels, such as --labels RBC,WBC")
    return section


def _checked(app: str) -> str:
    from millpond.values import check_app_name

    try:
        return check_app_name(app)
    except Invalid as error:
        raise UsageError(str(error)) from error


def _show(out: Console, folder: Path, path: Path, apps: list[str]) -> None:
    out.print(f"A new project in {folder}", markup=False)
    if apps:
        out.print(f"  application  {apps[0]}", markup=False)
        out.print(f"  next         millpond up --project {folder}", markup=False)
    else:
        out.print(f"  next         declare an application in {path}", markup=False)
