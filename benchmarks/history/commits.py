"""A question after many small loads: ``python -m benchmarks.history.commits --commits 10000``.

The same facts are loaded once in so many small loads, followed by maintenance, and once in
one load; the same question as of the middle is asked of both.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.history.filling import Lake, fill, moment_of
from benchmarks.history.measure import measured, show
from millpond.analytics.analytics import Analytics
from millpond.history.load import load
from millpond.history.maintain import maintain
from millpond.settings import QuerySection

_QUESTION = "select label, count(*), avg(score) from predictions group by label"
_TIMES = 7


def main() -> None:
    """Load in two ways, and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--inferences", type=int, default=10, help="in each small load")
    parser.add_argument("--dir", type=Path, help="where to work; a temporary folder by default")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=arguments.dir))
    commits, each = arguments.commits, arguments.inferences
    try:
        loaded = measured(load_small, folder / "small", commits, each)
        kept = measured(maintain_all, folder / "small")
        measured(load_once, folder / "once", commits * each)
        many = measured(ask, folder / "small", commits * each // 2)
        one = measured(ask, folder / "once", commits * each // 2)
        show(
            f"a question after {commits:,} small loads",
            {
                "seconds a small load": loaded.seconds / commits,
                "maintenance: seconds": kept.seconds,
                "files of a table, at most": kept.result,
                "question: seconds": many.result,
                "on a fresh table: seconds": one.result,
                "ratio (aim: 1.2 or less)": many.result / one.result,
            },
        )
    finally:
        shutil.rmtree(folder)


def load_small(folder: Path, commits: int, each: int) -> None:
    folder.mkdir()
    lake = Lake(folder)
    for commit in range(commits):
        fill(lake, each, after=commit * each)
        load(lake.engine, lake.commit, lake.history)
    lake.close()


def load_once(folder: Path, inferences: int) -> None:
    folder.mkdir()
    lake = Lake(folder)
    fill(lake, inferences)
    load(lake.engine, lake.commit, lake.history)
    lake.close()


def maintain_all(folder: Path) -> int:
    lake = Lake(folder)
    maintain(lake.engine, lake.commit, lake.history, grace_seconds=0)
    files = max(len(each.active().parts) for each in lake.history.tables.values())
    lake.close()
    return files


def ask(folder: Path, middle: int) -> float:
    """The median of the seconds of the question as of the middle."""
    lake = Lake(folder)
    analytics = Analytics(lake.engine, lake.history, QuerySection(), {}.get)
    seconds = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        analytics.table(_QUESTION, moment_of(middle))
        seconds.append(time.perf_counter() - started)
    analytics.close()
    lake.close()
    return median(seconds)


if __name__ == "__main__":
    main()
