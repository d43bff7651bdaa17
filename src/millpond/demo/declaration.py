"""How a new project is declared: the commented ``millpond.toml`` that it begins with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from millpond.errors import Conflict, UsageError
from millpond.seams import backend_names, load_backend
from millpond.settings import (
    FILE,
    FORMAT,
    AppSection,
    AppTemplate,
    DatabaseSection,
    StorageSection,
)
from millpond.settings.section import Section
from millpond.values import app_key, app_route

_TEMPLATES = "millpond.apps"

_HEAD = """\
# A Millpond project. All settings, their defaults and where each came from:
#     millpond config show
# The environment overrides this file: MILLPOND_SERVER__THREADS=4

[project]
name = {name}
format = {format}
"""

_APP = """
[apps.{key}]{shown}
{values}
# Further settings of an application, with their defaults:
{others}
"""

_EXAMPLE = """
# An application is a few lines. Take these, with your own labels:
# [apps.blood_cells]          # shown and addressed as blood-cells
# task = "detection"          # detection or classification
# labels = ["RBC", "WBC", "Platelets"]
"""

_BACKENDS = """
[storage]
url = {storage}

[database]
url = {database}
"""


def template_of(app: str) -> AppTemplate | None:
    """The installed application of that name, if there is one."""
    name = app_route(app)
    if name not in backend_names(_TEMPLATES):
        return None
    found = load_backend(_TEMPLATES, name)
    assert isinstance(found, AppTemplate)
    return found


def app_name_from(folder_name: str) -> str:
    """A valid application name from the name of a folder.

    >>> app_name_from("My Cells (2)")
    'my-cells-2'
    """
    words = re.findall(r"[a-z0-9]+", folder_name.lower())
    name = "-".join(words).lstrip("0123456789-")[:64].rstrip("-")
    return name or "app"


def write_project(folder: Path, name: str, apps: Mapping[str, Mapping[str, Any]]) -> Path:
    """Make a project folder with its ``millpond.toml``; everything else comes at first use.

    Args:
        apps: what ``[apps.NAME]`` says, by the applications' names.

    Raises:
        Conflict: the folder is a project already.
        UsageError: a declaration does not fit; the message says what would.
    """
    text = _HEAD.format(name=_toml(name), format=FORMAT)
    for app, section in apps.items():
        text += _app_text(app, section)
    text += "" if apps else _EXAMPLE
    text += _BACKENDS.format(
        storage=_toml(StorageSection().url), database=_toml(DatabaseSection().url)
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Conflict(
            f"{folder} is a Millpond project already; edit {path}, or choose another folder"
        ) from None
    return path


def _app_text(app: str, section: Mapping[str, Any]) -> str:
    try:
        declared = AppSection.model_validate(section)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise UsageError(f"{where} of application {app}: {problem['msg']}") from error
    key, shown = app_key(app), app_route(app)
    values = {name: getattr(declared, name) for name in ("task", "labels", *section)}
    # A table of its own cannot stand among the lines of this one.
    others = [
        name
        for name, info in AppSection.model_fields.items()
        if name not in values and not isinstance(info.default, Section)
    ]
    return _APP.format(
        key=key,
        shown="" if key == shown else f"  # shown and addressed as {shown}",
        values="\n".join(f"{name} = {_toml(value)}" for name, value in values.items()),
        others="\n".join(_commented(name) for name in others),
    )


def _commented(name: str) -> str:
    """A setting that was left at its default, as a comment with its help."""
    info = AppSection.model_fields[name]
    value = "RULE" if info.default is None else info.default
    return f"# {name} = {_toml(value)}  # {info.description}"


def _toml(value: object) -> str:
    """A text, number or list of texts as TOML, whose forms JSON shares."""
    return json.dumps(value, ensure_ascii=False)
