"""Progress of long work: a bar on stderr where that is a terminal, and silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for one piece of work.

    Yields:
        What the work calls with the number done and the number in all (0 if unknown).
    """
    with stages() as tell:
        yield lambda done, total: tell(what, done, total)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """A bar that is always about the stage of which was heard last.

    Yields:
        What the work calls with the stage, the number done and the number in all.
    """
    if not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    with _bar() as bar:
        task = bar.add_task("", total=None)
        yield lambda stage, done, total: bar.update(
            task, description=stage, completed=done, total=total or None
        )


def _bar() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from millpond.cli.output import error_console

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=error_console(),
        transient=True,
    )
