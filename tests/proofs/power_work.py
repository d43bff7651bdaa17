"""The work whose file operations are recorded: capture, and every pipeline, a few rounds.

Run as a module by `recording.record`, with the folder of a project and the number of rounds.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

from millpond.project import Project
from proofs.work import Work


def main() -> None:
    """Work on a project, and mark in the journal what it acknowledges."""
    # Whatever is started from here writes no files below the folder.
    del os.environ["LD_PRELOAD"]
    mark = ctypes.CDLL(None).journal_mark
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
    with Project.open(folder) as project:
        work = Work(project, lambda told: mark(json.dumps(told).encode()), seed=1)
        for _ in range(rounds):
            for _ in range(6):
                work.capture()
            work.land()
            work.answer()
            work.run()


if __name__ == "__main__":
    main()
