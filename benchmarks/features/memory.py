"""Memory and time that grow, or do not: ``python -m benchmarks.features.memory --images 20000``.

The peak memory of a run over many small images against one over few; what it costs when one
image in a hundred is new; and which share of the time goes to scaling and PCA: of the workers
the processor time of adding up means and covariances, done again by itself and divided among
them, and the whole of what follows the last vector, fitting, reducing and keeping it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.features import data
from benchmarks.history.measure import Measured, measured, show
from millpond.demo.declaration import write_project
from millpond.features.moments import Gathered, Moments, merged
from millpond.features.reducing import Reduced, Reducing
from millpond.features.tables import matrix_of
from millpond.project import Project


def main() -> None:
    """Few, many, and one in a hundred more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--keep", type=Path, default=data.KEPT, help="for the network")
    parser.add_argument("--dir", type=Path, help="where to work; a temporary folder by default")
    arguments = parser.parse_args()
    images, few = arguments.images, arguments.few
    model, _ = data.network(arguments.keep / "data", data.images(arguments.keep / "data", 96))
    folder = Path(tempfile.mkdtemp(dir=arguments.dir))
    try:
        data.small_images(folder / "few", 0, few)
        data.small_images(folder / "many", 0, images)
        small = measured(features, folder / "of-few", folder / "few", model)
        full = measured(features, folder / "of-many", folder / "many", model)
        adding = measured(add_up, folder / "of-many")
        none = measured(features, folder / "of-many", folder / "many", model)
        data.small_images(folder / "many", images, images // 100)
        more = measured(features, folder / "of-many", folder / "many", model)
        show(f"features of {images:,} small images", numbers(images, small, full, adding))
        show(f"features of {images // 100:,} new ones of them", again(full, none, more))
    finally:
        shutil.rmtree(folder)


def features(folder: Path, images: Path, model: Path) -> dict[str, Any]:
    """What a run says, and the seconds that it took to fit and reduce."""
    if not folder.exists():
        write_project(folder, "memory", {})
    clocked: list[float] = []
    _clock_reducing(clocked)
    with Project.open(folder) as project:
        report = project.features(str(images), model=str(model), engine="local")
    assert report.quarantined == report.unreachable == 0, report
    return {**report.as_dict(), "reducing": sum(clocked)}


def add_up(folder: Path) -> float:
    """Processor seconds of adding up the mean and covariance of all vectors again."""
    with Project.open(folder) as project:
        tables = project.features_on(project.settings.engine).tables
        [model] = tables.features.keys()
        [*matrices] = (matrix_of(batch["vector"]) for batch in tables.features.batches(model))
    started = time.process_time()
    gathered = Gathered(matrices[0].shape[1])
    for matrix in matrices:
        gathered.add(matrix)
    merged([gathered.moments()], matrices[0].shape[1])
    return time.process_time() - started


def numbers(images: int, small: Measured, full: Measured, adding: Measured) -> dict[str, float]:
    """The table of few against many."""
    seconds = full.result["seconds"]
    added = adding.result / len(os.sched_getaffinity(0)) + full.result["reducing"]
    return {
        "images": images,
        "images a second": full.result["images_per_second"],
        "components": full.result["components"],
        "seconds": seconds,
        "MB": full.peak_mb,
        f"MB for {small.result['images']:,}": small.peak_mb,
        "memory, many / few (aim: 1.1 or less)": full.peak_mb / small.peak_mb,
        "adding up: processor seconds": adding.result,
        "fitting and reducing: seconds": full.result["reducing"],
        "share of scaling and PCA (aim: 0.02 or less)": added / (seconds - added),
    }


def again(full: Measured, none: Measured, more: Measured) -> dict[str, float]:
    """The table of runs after the first; their seconds are from opening the project on."""
    assert none.result["computed"] == 0, none.result
    return {
        "new": more.result["computed"],
        "seconds": more.seconds,
        "seconds where none is new": none.seconds,
        "reduction made again": int(more.result["refitted"]),
        "MB": more.peak_mb,
        "time, new / full (aim: 0.02 or less)": more.seconds / full.seconds,
    }


def _clock_reducing(clocked: list[float]) -> None:
    reduce = Reducing.reduce

    def timed(self: Reducing, computed: Moments | None) -> Reduced:
        started = time.perf_counter()
        try:
            return reduce(self, computed)
        finally:
            clocked.append(time.perf_counter() - started)

    Reducing.reduce = timed


if __name__ == "__main__":
    main()
