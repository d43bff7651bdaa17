"""What holds for a whole command line: ``--project``, ``--json``, ``--url`` and ``--token``.

They may stand anywhere on the line, also last. `globals_first` moves them to the
front before the parser sees the line, so the parser itself knows them in one
place only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from millpond.errors import UsageError

if TYPE_CHECKING:
    from millpond.project import Project

_WITH_VALUE = ("--project", "--url", "--token")
_FLAGS = ("--json",)


@dataclass(frozen=True)
class Line:
    """The options that every command has."""

    project: Path | None = None
    json: bool = False
    url: str | None = None
    token: str | None = None


def globals_first(arguments: Sequence[str]) -> list[str]:
    """The same command line with the options of every command moved to its front.

    >>> globals_first(["snapshot", "list", "--json", "--project=p"])
    ['--json', '--project=p', 'snapshot', 'list']

    What follows ``--`` is left alone.

    Raises:
        UsageError: one of them stands last and lacks its value.
    """
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        name, equals, _ = argument.partition("=")
        if argument == "--":
            rest += [argument, *remaining]
        elif argument in _FLAGS or (equals and name in _WITH_VALUE):
            front.append(argument)
        elif argument in _WITH_VALUE:
            value = next(remaining, None)
            if value is None:
                raise UsageError(f"option {argument} needs a value")
            front += [argument, value]
        else:
            rest.append(argument)
    return front + rest


def line_of(context: typer.Context) -> Line:
    """The options of the whole line, as the root command kept them."""
    line = context.find_root().obj
    assert isinstance(line, Line)
    return line


def project_folder(context: typer.Context) -> Path:
    """The folder of the project that a command works on.

    Raises:
        ProjectError: none was named, and none lies above the current folder.
    """
    from millpond.settings import find_project

    return line_of(context).project or find_project(Path.cwd())


@contextmanager
def opened(context: typer.Context) -> Iterator[Project]:
    """The project of a command, open.

    Raises:
        UsageError: the line names a server, but the command has to be where the project is.
    """
    from millpond.project import Project

    if line_of(context).url is not None:
        raise UsageError("this command works on a project folder; leave out --url")
    project = Project.open(project_folder(context))
    try:
        yield project
    finally:
        project.close()


def local_user() -> str:
    """Who acts, when a command works on a local project: ``os:<user>``."""
    import getpass

    try:
        return f"os:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container may run under a number without a name.
        return f"os:{os.getuid()}"
