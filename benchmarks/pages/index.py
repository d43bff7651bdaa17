"""The index of images: ``python -m benchmarks.pages.index --images 100000``.

What it costs to build, what a row takes of memory, how long filters, facets and pages of the
list take, the first answer after a review, and whether memory grows with reviews. Ten boxes an
image; one image in five is reviewed, one in twenty answered by two models.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.history.measure import measured, show
from benchmarks.pages.generated import APP, LABELS, generate
from millpond.analytics.images.filter import ImageFilter
from millpond.analytics.images.index import ImageIndex
from millpond.project import Project

_TIMES = 5
_REVIEWS = 200

#: What people ask for on the page.
FILTERS = {
    "no filter": ImageFilter(),
    "one label": ImageFilter(label=("WBC",)),
    "label and outcome": ImageFilter(label=("WBC",), outcome=("fp", "fn")),
    "rightly absent": ImageFilter(label=("WBC",), outcome=("tn",)),
    "score from 0.5 to 0.6": ImageFilter(min_score=0.5, max_score=0.6),
    "not reviewed, uncertain first": ImageFilter(reviewed="no", sort="uncertain"),
    "wrong first": ImageFilter(reviewed="yes", sort="wrong"),
    "versions differ": ImageFilter(sort="disagreement"),
    "by reviewer and source": ImageFilter(annotator=("user:rita",), source=("upload",)),
}


def main() -> None:
    """Generate, build, and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2_000)
    parser.add_argument("--dir", type=Path, help="a project of an earlier run, or where to make it")
    arguments = parser.parse_args()
    folder = arguments.dir or Path(tempfile.mkdtemp())
    try:
        if not (folder / "millpond.toml").exists():
            make(folder, arguments.images)
        show(f"index of {arguments.images:,} images", measured(measure, folder).result)
    finally:
        if arguments.dir is None:
            shutil.rmtree(folder)


def make(folder: Path, images: int) -> None:
    """A project of so many images, nearly all of them in the history."""
    named = [APP, "--task", "detection", "--labels", ",".join(LABELS)]
    command = [sys.executable, "-m", "millpond", "init", str(folder), "--app", *named]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    generate(folder, images)


def measure(folder: Path) -> dict[str, Any]:
    """The numbers of a project."""
    with Project.open(folder) as project:
        index = project.images
        before, started = resident_mb(), time.perf_counter()
        total = index.page(APP, ImageFilter(), limit=1).total
        numbers: dict[str, Any] = {
            "images": total,
            "build: seconds": time.perf_counter() - started,
            "build: peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "kept: MB": resident_mb() - before,
        }
        for name, chosen in FILTERS.items():
            numbers[f"{name}: ms (aim: 500 or less)"] = page_ms(index, chosen)
            numbers[f"{name}, facets: ms (aim: 500 or less)"] = ms(
                lambda chosen=chosen: index.facets(APP, chosen)
            )
        numbers["the last page: ms"] = ms(
            lambda: index.page(APP, ImageFilter(), offset=total - 100, limit=100, boxes=True)
        )
        return numbers | after_reviews(project, index)


def after_reviews(project: Project, index: ImageIndex) -> dict[str, float]:
    """What the first answer after a review takes, and what many reviews leave in memory."""
    waiting = index.page(APP, ImageFilter(reviewed="no"), limit=_REVIEWS).images
    before, taken = resident_mb(), []
    for image in waiting:
        said = [{"action": "complete"}]
        project.annotate(said, inference_id=image["inference_id"])
        taken.append(page_ms(index, ImageFilter(reviewed="no"), times=1))
    return {
        "first answer after a review: ms": median(taken),
        f"grown by {len(waiting)} reviews: MB": resident_mb() - before,
    }


def page_ms(index: ImageIndex, chosen: ImageFilter, times: int = _TIMES) -> float:
    return ms(lambda: index.page(APP, chosen, limit=100, boxes=True), times)


def ms(work: Callable[[], Any], times: int = _TIMES) -> float:
    """The middle of some runs, in milliseconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(1_000 * (time.perf_counter() - started))
    return median(taken)


def resident_mb() -> float:
    """Of this process, now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the system does not say how much memory a process has")


if __name__ == "__main__":
    main()
