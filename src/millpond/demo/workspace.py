"""The folder of the demo: a project like any other, with the demo's own files beside it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from millpond.demo.data import Data
from millpond.demo.declaration import app_name_from, template_of, write_project
from millpond.errors import Conflict, Invalid, UsageError
from millpond.settings import FILE
from millpond.values import check_app_name

#: Holds what the demo copies and draws, and tells a folder of the demo from others.
OWN = "demo"
#: The application that is shown when nothing is asked for.
DEFAULT_APP = "chest-xray"


def app_of(app: str | None, data: Path | None) -> str:
    """The name of the application: as given, or after the data's folder.

    Raises:
        UsageError: the name is no name of an application.
    """
    if app is None:
        return DEFAULT_APP if data is None else app_name_from(data.resolve().name)
    try:
        return check_app_name(app)
    except Invalid as error:
        raise UsageError(str(error)) from error


def clear(folder: Path) -> Path:
    """Make room for a demo: an earlier one in the same folder is replaced.

    Returns:
        The folder of the demo's own files, which is there and empty.

    Raises:
        Conflict: the folder holds something else.
    """
    if folder.exists():
        if not (folder / OWN).is_dir() and any(folder.iterdir()):
            raise Conflict(
                f"{folder} is not empty and not of an earlier demo; choose another with --dir"
            )
        for name in (OWN, "lake", "export"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / FILE).unlink(missing_ok=True)
    (folder / OWN).mkdir(parents=True)
    return folder / OWN


def draw(app: str, folder: Path, images: int, seed: int) -> Path:
    """Generate the data of an installed application.

    Raises:
        UsageError: there is none of that name that can.
    """
    template = template_of(app)
    if template is None or template.generate is None:
        raise UsageError(f"application {app} has no generator; name a folder with --data")
    template.generate(folder, images, seed)
    return folder


def declare(app: str, data: Data, folder: Path) -> None:
    """Write the project's settings; an application that is not installed is declared from the data.

    Raises:
        UsageError: the data is for another task, or has labels that the application does not know.
    """
    template = template_of(app)
    section: Mapping[str, Any] = (
        {"task": data.task, "labels": list(data.labels)} if template is None else template.section
    )
    if section["task"] != data.task:
        raise UsageError(
            f"{data.folder} is for {data.task}, but application {app} is a {section['task']}; "
            "name another application with --app"
        )
    unknown = [label for label in data.labels if label not in section["labels"]]
    if unknown:
        raise UsageError(
            f"label {unknown[0]!r} of {data.folder} is not one of "
            f"{', '.join(section['labels'])} (app {app}); name another application with --app"
        )
    write_project(folder, folder.name, {app: section})
