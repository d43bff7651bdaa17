"""SIGKILL at every step and at random moments: nothing acknowledged is lost, nothing doubled."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from proofs.nursery import Nursery
from proofs.report import report
from proofs.steps import SIDES, STEPS
from proofs.work import declare

#: A project takes this many kills, then comes a new one: so each stays small.
_KILLS_EACH = 10
#: Seconds that a process is given to reach the step at which it dies.
_PATIENCE = 20.0
#: Seconds after which a process is killed that dies at no step, at most.
_LIFE = 1.2


Make = Callable[[str], Path]


@pytest.fixture
def make(new_project: Callable[..., Path]) -> Make:
    """Makes a project of that name."""
    options = ("--app", "cells", "--task", "detection", "--labels", "a,b")
    return lambda name: declare(new_project(*options, name=name))


@pytest.mark.timeout(900)
def test_no_kill_loses_what_was_acknowledged(make: Make, tmp_path: Path) -> None:
    kill(make, tmp_path, kills=20)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("database", "kills", "seed"),
    [("sqlite", 500, 1), ("sqlite", 500, 2), ("postgresql", 200, 3)],
    indirect=["database"],
)
def test_none_of_many_kills_loses_what_was_acknowledged(
    make: Make, tmp_path: Path, database: str, kills: int, seed: int
) -> None:
    kill(make, tmp_path, kills, seed, on=database)


def kill(make: Make, aside: Path, kills: int, seed: int = 5, on: str = "sqlite") -> None:
    """Kill the loop again and again, and look each time for what is amiss.

    Args:
        seed: of the order of the steps, and of the moments in between.
    """
    started, found = time.monotonic(), {}
    told, problems = aside / "told", aside / "problems"
    folder = Path()
    acknowledged = at_steps = 0
    with Nursery("proofs.kill_work") as nursery:
        for number, step in zip(range(kills), plan(random.Random(seed)), strict=False):
            if number % _KILLS_EACH == 0:
                acknowledged += forget(folder, told)
                folder = make(f"cells-{number}")
            at_steps += live_and_die(nursery, folder, told, 1_000 * seed + number, step)
            nursery.start("check", str(folder), str(told), str(problems))
            code = nursery.wait()
            if code or (amiss := json.loads(problems.read_text())):
                found[number, str(step)] = amiss if code == 0 else "it does not open"
    acknowledged += forget(folder, told)
    report(
        f"kills on {on}",
        kills=kills,
        at_steps=at_steps,
        acknowledged=acknowledged,
        amiss=len(found),
        seconds=round(time.monotonic() - started, 1),
    )
    assert found == {}, found


def plan(chance: random.Random) -> Any:
    """Where each process dies: by turns at a step, all one after the other, and anywhere."""
    steps = list(itertools.product(STEPS.items(), SIDES))
    chance.shuffle(steps)
    for (step, times), side in itertools.cycle(steps):
        yield [step, side, chance.randint(1, times)]
        yield None


def live_and_die(
    nursery: Nursery, folder: Path, told: Path, seed: int, step: list[Any] | None
) -> bool:
    """Let a process work until it is killed; whether it died at the step meant for it."""
    chance = random.Random(seed)
    process = nursery.start("work", str(folder), str(told), seed, step)
    life = _PATIENCE if step else chance.uniform(0.05, _LIFE)
    killer = threading.Timer(life, end, args=[process])
    killer.start()
    code = nursery.wait()
    in_time = killer.is_alive()
    killer.cancel()
    assert code == -signal.SIGKILL, "the work ended by itself"
    return step is not None and in_time


def end(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def forget(folder: Path, told: Path) -> int:
    """Remove a project, if there was one; how much it had acknowledged."""
    if folder != Path():
        shutil.rmtree(folder)
    lines = told.read_text().splitlines() if told.exists() else []
    told.unlink(missing_ok=True)
    return len(lines)
