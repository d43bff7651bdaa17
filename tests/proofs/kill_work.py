"""The loop under load, in a process that will be killed; and a look at what it left.

Both are called in processes of a `Nursery`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import deltalake  # noqa: F401 - imported once, before the processes are made
import duckdb  # noqa: F401

from millpond.project import Project
from proofs.steps import die_at
from proofs.work import Work, amiss

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
        threading.Thread(target=_capture, args=[writer], daemon=True).start()
    asker = Work(project, tell, seed)
    while True:
        asker.run()


def check(folder: str, told: str, found: str) -> None:
    """Write what is amiss with a project into the file `found`, as JSON."""
    lines = Path(told).read_text().splitlines() if Path(told).exists() else []
    problems = amiss(Path(folder), [json.loads(line) for line in lines])
    Path(found).write_text(json.dumps(problems))


def _capture(writer: Work) -> None:
    while True:
        writer.capture()
        time.sleep(_BREATH)
