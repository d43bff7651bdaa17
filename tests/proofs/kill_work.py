"""The loop under load, in a process that will be killed; and a look at what it left.

Both are called in processes of a `Nursery`.
"""

from __future__ import annotations

import json
import os
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deltalake  # noqa: F401 - imported once, before the processes are made
import duckdb  # noqa: F401

from millpond.errors import Busy
from millpond.project import Project
from proofs.steps import die_at
from proofs.work import Tell, Work, amiss

_WRITERS = 2
#: Seconds between two facts of a writer: the projects stay small, so that they are soon verified.
_BREATH = 0.02


def work(folder: str, told: str, seed: int, step: list[Any] | None) -> None:
    """Capture from several threads, and run every pipeline in a row, until killed.

    Args:
        told: the file that takes what was acknowledged, a line of JSON each.
        step: the arguments of `die_at`; none where another process kills this one.
    """
    if step is not None:
        die_at(*step)
    paper = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def tell(about: dict[str, Any]) -> None:
        os.write(paper, json.dumps(about).encode() + b"\n")

    project = Project.open(folder)
    for number in range(_WRITERS):
        writer = Work(project, tell, seed * 10 + number)
        threading.Thread(target=_repeat, args=[writer.capture, tell], daemon=True).start()
    _repeat(Work(project, tell, seed).run, tell)


def check(folder: str, told: str, found: str) -> None:
    """Write what is amiss with a project into the file `found`, as JSON."""
    lines = Path(told).read_text().splitlines() if Path(told).exists() else []
    problems = amiss(Path(folder), [json.loads(line) for line in lines])
    Path(found).write_text(json.dumps(problems))


def _repeat(work: Callable[[], None], tell: Tell) -> None:
    """Do some work again and again; that it was refused is amiss, but not that it must wait."""
    while True:
        try:
            work()
        except Busy:
            pass
        except Exception:
            tell({"refused": traceback.format_exc()})
        time.sleep(_BREATH)
