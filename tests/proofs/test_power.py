"""Power loss: whatever was not fsynced is lost, emptied or torn, and nothing acknowledged goes."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from proofs.disk import BYTES, NAMES, Disk
from proofs.recording import Kind, Operation, operations, record
from proofs.report import report
from proofs.work import amiss, declare


@dataclass(frozen=True)
class Recorded:
    """What was written down of some work on a project.

    Args:
        before: the folder before it; `after` is the folder after it.
    """

    before: Path
    after: Path
    operations: list[Operation]


def recorded(project: Path, aside: Path, rounds: int) -> Recorded:
    """Work on a project for some rounds, and write down what is done to its files."""
    before, journal = aside / "before", aside / "journal"
    shutil.copytree(project, before)
    record("proofs.power_work", project, journal, str(rounds))
    return Recorded(before, project, list(operations(journal)))


def test_no_power_cut_loses_what_was_acknowledged(
    new_project: Callable[..., Path], tmp_path: Path
) -> None:
    project = declare(new_project("--task", "detection", "--labels", "a,b"))
    cut_power(recorded(project, tmp_path, rounds=2), tmp_path / "left", points=15)


@pytest.mark.soak
def test_none_of_many_power_cuts_loses_what_was_acknowledged(
    new_project: Callable[..., Path], tmp_path: Path
) -> None:
    project = declare(new_project("--task", "detection", "--labels", "a,b"))
    cut_power(recorded(project, tmp_path, rounds=4), tmp_path / "left", points=600)


def test_the_journal_has_every_operation(new_project: Callable[..., Path], tmp_path: Path) -> None:
    work = recorded(
        declare(new_project("--task", "detection", "--labels", "a,b")), tmp_path, rounds=1
    )
    disk = Disk(work.before)
    for operation in work.operations:
        disk.follow(operation)
    disk.now(tmp_path / "followed")
    assert contents(tmp_path / "followed") == contents(work.after)


def test_a_write_that_was_not_fsynced_is_lost(tmp_path: Path) -> None:
    """The model itself can tell: the same commit of a database without its fsync is lost."""
    (tmp_path / "before").mkdir()
    disk = Disk(tmp_path / "before")
    disk.follow(Operation(Kind.OPEN, 7, 1, b"file", b""))
    disk.follow(Operation(Kind.WRITE, 7, 0, b"kept", b""))
    assert left(disk, tmp_path, "old", "kept") == {}
    disk.follow(Operation(Kind.SYNC_FOLDER, 0, 0, b"", b""))
    assert left(disk, tmp_path, "old", "lost") == {"file": b""}
    disk.follow(Operation(Kind.SYNC, 7, 0, b"", b""))
    disk.follow(Operation(Kind.WRITE, 7, 4, b" not", b""))
    disk.follow(Operation(Kind.RENAME, 1, 1, b"file", b"renamed"))
    assert left(disk, tmp_path, "old", "lost") == {"file": b"kept"}
    assert left(disk, tmp_path, "new", "zeroed") == {"renamed": b"kept\0\0\0\0"}
    disk.follow(Operation(Kind.SYNC_FOLDER, 0, 0, b"", b""))
    assert left(disk, tmp_path, "old", "lost") == {"renamed": b"kept"}


def cut_power(work: Recorded, aside: Path, points: int) -> None:
    """Cut the power at many instants of the work, and look each time for what is amiss."""
    started, chance = time.monotonic(), random.Random(11)
    disk, told, found = Disk(work.before), [], {}
    chosen = set(instants(work.operations, points, chance))
    for at, operation in enumerate(work.operations):
        disk.follow(operation)
        if operation.kind is Kind.MARK:
            told.append(json.loads(operation.one))
        if at not in chosen:
            continue
        names, data = chance.choice(NAMES), chance.choice(BYTES)
        disk.leave(aside, names, data, chance)
        if problems := problems_of(aside, told):
            found[at, operation.kind.name, names, data] = problems
        shutil.rmtree(aside)
    report(
        "power loss",
        points=len(chosen),
        operations=len(work.operations),
        acknowledged=len(told),
        amiss=len(found),
        seconds=round(time.monotonic() - started, 1),
    )
    assert found == {}, found


def problems_of(folder: Path, told: list[dict[str, object]]) -> list[str]:
    try:
        return amiss(folder, told)
    except Exception as error:
        return [f"it does not open: {error!r}"]


def instants(work: list[Operation], points: int, chance: random.Random) -> Iterator[int]:
    """Instants spread over the work, each somewhere in its own share of the operations."""
    share = len(work) / points
    for point in range(points):
        yield min(len(work) - 1, int((point + chance.random()) * share))


def left(disk: Disk, folder: Path, names: str, data: str) -> dict[str, bytes]:
    disk.leave(folder / "left", names, data, random.Random(0))
    found = contents(folder / "left")
    shutil.rmtree(folder / "left")
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file, by its path in the folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in map(Path, walk(folder))
        if not path.name.endswith("-shm")
    }


def walk(folder: Path) -> Iterator[str]:
    for above, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(above, name)
