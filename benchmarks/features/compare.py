"""Vectors of the same images by the same network: ``python -m benchmarks.features.compare``.

A bare loop, other tools and Millpond's engines, each in a process of its own and the peers in
environments of their own, with exact versions. They run in turn, round after round, every
second round backwards, and the median of the rounds counts. All are given two workers, and a
session of one thread to each: one image at a time on several threads is what is fastest here.
The clock runs from the first worker that could take an image to the last vector written, so
that imports, a cluster's start and reading the network are nobody's cost (see
`peers/network.py`; Millpond says it of itself, as `images_per_second`). Afterwards the vectors
of each are held against those of the first. Wants uv on the path, or time for pip.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.features import data
from benchmarks.features.environments import python_of
from benchmarks.features.running import Failed, Job, Ran, run
from benchmarks.features.written import far_from, read_vectors
from benchmarks.history.measure import show


@dataclass(frozen=True)
class Tool:
    """How one is run.

    Args:
        script: among the peers.
        environment: its packages; None is the Python of this process.
        engine: of Millpond.
        aim: what Millpond on local threads should be at least, as a multiple of its speed.
        checkpoint: whether it takes that instead of the ONNX file.
    """

    script: str
    environment: str | None = None
    engine: str | None = None
    aim: float | None = None
    checkpoint: bool = False


TOOLS: Mapping[str, Tool] = {
    "bare": Tool("bare.py", "bare", aim=0.95),
    "millpond-local": Tool("in_millpond.py", engine="local"),
    "daft": Tool("in_daft.py", "daft", aim=1.15),
    "pixeltable": Tool("in_pixeltable.py", "pixeltable", aim=1.15),
    "ray": Tool("in_ray.py", "ray", aim=1.5),
    "millpond-ray": Tool("in_millpond.py", engine="ray"),
    "spark": Tool("in_spark.py", "spark", aim=2.5),
    "millpond-spark": Tool("in_millpond.py", engine="spark"),
    "spark-torch": Tool("in_spark_torch.py", "spark-torch", aim=10.0, checkpoint=True),
}
#: Millpond's engines against what people write for the same ones.
_SAME_ENGINE = {"millpond-ray": "ray", "millpond-spark": "spark"}


def main() -> None:
    """Make what is needed, run all in turn, and compare."""
    # Told to end, what it started ends too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments = _arguments()
    kept: Path = arguments.keep
    photographs = data.images(kept / "data", arguments.images)
    model, checkpoint = data.network(kept / "data", photographs)
    print(f"{model}: sha256 {data.sha256(model)}; load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    jobs = {
        name: Job(
            name=name,
            python=python_of(TOOLS[name].environment, kept),
            script=TOOLS[name].script,
            images=photographs,
            model=checkpoint if TOOLS[name].checkpoint else model,
            workers=arguments.workers,
            threads=arguments.threads,
            engine=TOOLS[name].engine,
        )
        for name in arguments.only or TOOLS
    }
    for path in photographs.iterdir():
        path.read_bytes()
    with tempfile.TemporaryDirectory(dir=arguments.dir) as folder:
        found = rounds(jobs, arguments.runs, Path(folder))
    show(f"features of {arguments.images:,} images", numbers(found, arguments.images))
    if missing := jobs.keys() - found.keys():
        raise SystemExit(f"failed in every round: {', '.join(sorted(missing))}")


def rounds(jobs: Mapping[str, Job], count: int, folder: Path) -> dict[str, list[Ran]]:
    """Run each job so many times, in turn: the runs that went well, by the tool's name."""
    found: dict[str, list[Ran]] = defaultdict(list)
    first = None
    for number in range(count):
        for job in list(jobs.values())[:: -1 if number % 2 else 1]:
            out = folder / job.name
            try:
                ran = run(job, out)
                vectors = read_vectors(out / "vectors")
                first = vectors if first is None else first
                ran.off = far_from(first, vectors, job.name)
            except Failed as failure:
                print(f"  round {number + 1}: {failure}", file=sys.stderr)
            else:
                found[job.name].append(ran)
                print(f"  round {number + 1}: {job.name} {ran.seconds:.2f} s", file=sys.stderr)
            shutil.rmtree(out, ignore_errors=True)
    return {name: found[name] for name in jobs if found[name]}


def numbers(found: Mapping[str, list[Ran]], images: int) -> dict[str, float]:
    """The table: speeds, then ratios with what is aimed at, then how equal the vectors are."""
    seconds = {name: median(ran.seconds for ran in runs) for name, runs in found.items()}
    table: dict[str, float] = {"images": images}
    for name, runs in found.items():
        table[f"{name}: rounds"] = len(runs)
        table[f"{name}: images a second"] = images / seconds[name]
        table[f"{name}: slowest round"] = images / max(ran.seconds for ran in runs)
        table[f"{name}: fastest round"] = images / min(ran.seconds for ran in runs)
        table[f"{name}: seconds with its start"] = median(ran.process for ran in runs)
    for name, tool in TOOLS.items():
        if tool.aim is not None and {name, "millpond-local"} <= seconds.keys():
            ratio = seconds[name] / seconds["millpond-local"]
            table[f"millpond-local / {name} (aim: {tool.aim} or more)"] = ratio
    for ours, theirs in _SAME_ENGINE.items():
        if {ours, theirs} <= seconds.keys():
            table[f"{ours} / {theirs} (aim: 1 or more)"] = seconds[theirs] / seconds[ours]
    off = [ran.off for runs in found.values() for ran in runs]
    table["furthest vector, 1 - cosine"] = max(off, default=0.0)
    return table


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=3_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=TOOLS, action="append", help="by default all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="of a peer's session; 0: its way")
    parser.add_argument("--keep", type=Path, default=data.KEPT, help="for images and environments")
    parser.add_argument("--dir", type=Path, help="where to work; a temporary folder by default")
    return parser.parse_args()


if __name__ == "__main__":
    main()
