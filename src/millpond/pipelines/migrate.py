"""The upgrade of a project from an older format to that of this release.

1.  Keep a copy of the operational database, where it is a file.
2.  Take the steps that are still to be taken, each on record when it is done.
3.  Have the database say that it is of the new format.
4.  Have ``millpond.toml`` say so; until then every other command refuses the project.

Killed anywhere, it goes on there when it is run again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from millpond.capture import migrations as capture
from millpond.database.connection import open_database, writing
from millpond.database.migrations import (
    Extent,
    Ground,
    Migration,
    Planned,
    Step,
    begun,
    complete_tables,
    format_of,
    plan,
    renumber,
    take,
)
from millpond.database.rebuild import copy_path, keep_copy, make_shrinkable
from millpond.durable import write_file
from millpond.errors import ProjectError
from millpond.history import migrations as history
from millpond.pipelines import migrations as pipelines
from millpond.settings import FILE, FORMAT, Settings, check_format


@dataclass(frozen=True)
class TakenStep:
    """One step of an upgrade.

    Args:
        status: ``to do`` in a dry run, else ``done``.
        rows: that it reads or writes; so are the bytes, about.
        seconds: that it took; None in a dry run.
    """

    format: int
    name: str
    status: str
    rows: int
    bytes: int
    seconds: float | None = None


@dataclass(frozen=True)
class Migrated:
    """What an upgrade did, or would do.

    Args:
        older: the format before.
        steps: those that were still to be taken.
        copy: the operational database as it was before; None where there is none.
    """

    project: str
    older: int
    format: int
    dry_run: bool
    steps: Sequence[TakenStep]
    copy: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "steps": [asdict(step) for step in self.steps]}


def _complete(ground: Ground) -> None:
    with writing(ground.engine, lock="schema") as connection:
        complete_tables(connection)


def _size(ground: Ground) -> Extent:
    path = Path(str(ground.engine.url.database))
    return Extent(bytes=path.stat().st_size if path.is_file() else 0)


#: Every migration, in order; each package has its own steps.
MIGRATIONS = (
    Migration(
        2,
        (
            Step("tables, columns and indexes", _complete, lambda ground: Extent()),
            *capture.TO_2,
            *pipelines.TO_2,
            *history.TO_2,
            Step(
                "a database that can shrink", lambda ground: make_shrinkable(ground.engine), _size
            ),
        ),
    ),
    Migration(
        3,
        (
            Step("tables, columns and indexes", _complete, lambda ground: Extent()),
            *capture.TO_3,
        ),
    ),
)


def migrate(
    folder: Path,
    settings: Settings,
    lake: Path,
    *,
    dry_run: bool = False,
    on_step: Callable[[str, int, int], None] = lambda name, number, steps: None,
) -> Migrated:
    """Bring a project to the format of this release, or say what that would do.

    Args:
        folder: of the project.
        settings: its settings, of whatever older format.
        dry_run: change nothing.
        on_step: called before each step with its name, its number from 1, and how many there are.

    Raises:
        ProjectError: the project is of a newer format.
        DiskFull: there is no room; run it again when there is.
    """
    with _ground(settings, folder, lake) as ground:
        older = _older(ground, settings)
        planned = plan(ground, MIGRATIONS)
        if dry_run:
            to_do = [_step(one, "to do") for one in planned]
            return Migrated(str(folder), older, FORMAT, True, to_do)
        copy = _keep_copy(ground, older)
        done = []
        for one, seconds in take(ground, _told(planned, on_step)):
            done.append(_step(one, "done", round(seconds, 3)))
        if format_of(ground.engine) is not None:
            renumber(ground.engine)
    renumber_file(folder / FILE)
    return Migrated(str(folder), older, FORMAT, False, done, copy)


def renumber_file(path: Path) -> None:
    """Have ``millpond.toml`` say the format of this release, and change nothing else in it.

    Raises:
        ProjectError: the number cannot be found; the message says what to write.
    """
    path = path.resolve()
    before = path.read_bytes()
    values = tomllib.loads(before.decode())
    if values.get("project", {}).get("format", FORMAT) == FORMAT:
        return
    values["project"]["format"] = FORMAT
    for found in re.finditer(rb"(format[\"']?\s*=\s*)[+\d_]+", before):
        after = b"%s%s%d%s" % (before[: found.start()], found[1], FORMAT, before[found.end() :])
        if _means(after, values):
            write_file(path, after, mode=path.stat().st_mode & 0o777)
            return
    raise ProjectError(f"write format = {FORMAT} under [project] in {path}: all else is done")


def _means(text: bytes, values: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text.decode()) == values
    except tomllib.TOMLDecodeError:
        return False


@contextmanager
def _ground(settings: Settings, folder: Path, lake: Path) -> Iterator[Ground]:
    engine = open_database(settings.database.url, folder)
    try:
        yield Ground(engine, lake)
    finally:
        engine.dispose()


def _older(ground: Ground, settings: Settings) -> int:
    """The format that the project is of; it is that of the lower of its two numbers."""
    found = format_of(ground.engine)
    if found is not None and found > FORMAT:
        check_format(found, "the operational database")
    return min(found or FORMAT, settings.project.format)


def _keep_copy(ground: Ground, older: int) -> str | None:
    """The database as it was: copied now, unless a step was taken since it was."""
    copy = copy_path(ground.engine, f".format-{older}")
    if copy is None or older == FORMAT or format_of(ground.engine) is None:
        return None
    if not begun(ground.engine):
        keep_copy(ground.engine, copy)
    return str(copy) if copy.exists() else None


def _told(
    planned: Sequence[Planned], on_step: Callable[[str, int, int], None]
) -> Iterator[Planned]:
    for number, one in enumerate(planned, start=1):
        on_step(one.step.name, number, len(planned))
        yield one


def _step(one: Planned, status: str, seconds: float | None = None) -> TakenStep:
    extent = one.extent
    return TakenStep(one.format, one.step.name, status, extent.rows, extent.bytes, seconds)
