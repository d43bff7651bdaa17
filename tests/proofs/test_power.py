"""Power loss: whatever was not fsynced is lost, emptied or torn, and nothing acknowledged goes."""

from __future__ import annotations

import json
import os
import random
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from millpond.project import Project, migrate
from proofs.disk import BYTES, NAMES, Disk
from proofs.recording import Kind, Operation, operations, record
from proofs.report import report
from proofs.work import amiss, declare

#: What is amiss with a folder, given what was acknowledged.
Amiss = Callable[[Path, list[dict[str, Any]]], list[str]]


@dataclass(frozen=True)
class Recorded:
    """What was written down of some work on a project.

    Args:
        before: the folder before it; `after` is the folder after it.
    """

    before: Path
    after: Path
    operations: list[Operation]


def recorded(project: Path, aside: Path, module: str, *arguments: str) -> Recorded:
    """Run a module that works on a project, and write down what is done to its files."""
    before, journal = aside / "before", aside / "journal"
    shutil.copytree(project, before)
    record(module, project, journal, *arguments)
    return Recorded(before, project, list(operations(journal)))


def loop(project: Path, aside: Path, rounds: int) -> Recorded:
    """The loop on a new project, for some rounds."""
    return recorded(declare(project), aside, "proofs.power_work", str(rounds))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A project of format 1."""
    packed = Path(__file__).parents[1] / "database" / "data" / "format-1.tar.gz"
    with tarfile.open(packed) as file:
        file.extractall(tmp_path, filter="data")
    return tmp_path / "cells"


def test_no_power_cut_loses_what_was_acknowledged(
    new_project: Callable[..., Path], tmp_path: Path
) -> None:
    work = loop(new_project("--task", "detection", "--labels", "a,b"), tmp_path, rounds=1)
    cut_power(work, tmp_path / "left", amiss, points=15)


@pytest.mark.soak
def test_none_of_many_power_cuts_loses_what_was_acknowledged(
    new_project: Callable[..., Path], tmp_path: Path
) -> None:
    work = loop(new_project("--task", "detection", "--labels", "a,b"), tmp_path, rounds=2)
    cut_power(work, tmp_path / "left", amiss, points=400)


@pytest.mark.parametrize("points", [4, pytest.param(100, marks=pytest.mark.soak)])
def test_an_upgrade_survives_power_cuts(old: Path, tmp_path: Path, points: int) -> None:
    work = recorded(old, tmp_path, "proofs.migrate_work")
    answers = json.loads((old.parent / "answers.json").read_text())["moments"]
    cut_power(
        work,
        tmp_path / "left",
        lambda folder, told: not_upgraded(folder, answers),
        points,
        of="an upgrade",
    )


def test_the_journal_has_every_operation(new_project: Callable[..., Path], tmp_path: Path) -> None:
    work = loop(new_project("--task", "detection", "--labels", "a,b"), tmp_path, rounds=1)
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


def cut_power(work: Recorded, aside: Path, amiss: Amiss, points: int, of: str = "the loop") -> None:
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
        try:
            problems = amiss(aside, told)
        except Exception as error:
            problems = [f"it does not open: {error!r}"]
        if problems:
            found[at, operation.kind.name, names, data] = problems
        shutil.rmtree(aside)
    report(
        f"power cuts in {of}",
        points=len(chosen),
        operations=len(work.operations),
        acknowledged=len(told),
        amiss=len(found),
        seconds=round(time.monotonic() - started, 1),
    )
    assert found == {}, found


def not_upgraded(folder: Path, answers: dict[str, dict[str, list[dict[str, Any]]]]) -> list[str]:
    """What is amiss after an upgrade that was interrupted was begun again."""
    migrate(folder)
    with Project.open(folder) as project:
        found = [f"{each.check}: {each.problem}" for each in project.verify().findings]
        for moment, views in answers.items():
            for view, rows in views.items():
                columns = ", ".join(rows[0]) if rows else "*"
                now = project.analytics.table(f"select {columns} from {view}", int(moment))
                if in_order(now.to_pylist()) != in_order(rows):
                    found.append(f"changed: {view} as of {moment}")
    return found


def in_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)


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
