"""Predictions served: ``python -m benchmarks.serving.compare``.

The same ONNX file, the same images, and load from a process of its own. Millpond with everything
captured stands beside itself with nothing captured (the policy `rate` of 0), with signing in and
rights in both, and beside other servers, each in an environment of its own with exact versions.
They run in turn, round after round, every second round backwards, and the median of the rounds
counts. At each number of clients they send the next image when the one before is answered; in the
open loop images are due by the clock. The numbers of one client say what capturing adds to an
answer. ``--fsync-ms 5`` makes every fsync of Millpond take so much longer.

Wants uv on the path, or time for pip.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.features.data import KEPT, sha256
from benchmarks.features.running import Failed
from benchmarks.history.measure import show
from benchmarks.serving import model
from benchmarks.serving.servers import KINDS, Running, serving

#: What is shown of each server and load.
_SHOWN = {
    "per_second": "a second",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "cpu_ms": "ms of processor an answer",
    "megabytes": "MB",
}
#: What was found: by the server's name and the load, what each round says.
Found = dict[tuple[str, str], list[dict[str, Any]]]


def main() -> None:
    """Make what is needed, run all in turn, and compare."""
    # Told to end, what it started ends too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked = _arguments()
    images, network = model.images(asked.keep, asked.images), model.network(asked.keep)
    onnx = network / "model.onnx"
    print(f"{onnx}: sha256 {sha256(onnx)}; load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    slow = slow_disk(asked.keep, asked.fsync_ms) if asked.fsync_ms else {}
    loads = {f"{clients} clients": {"clients": clients} for clients in asked.clients}
    loads |= {f"{rate:g} a second": {"rate": rate} for rate in asked.rates}
    names = [name for name in KINDS if name in (asked.only or KINDS)]
    found: Found = defaultdict(list)
    for number in range(asked.rounds):
        for name in names[:: -1 if number % 2 else 1]:
            with tempfile.TemporaryDirectory(dir=asked.dir) as folder:
                try:
                    with serving(name, network, images, asked.keep, Path(folder), slow) as server:
                        _measure(found, name, server, images, loads, asked)
                except (Failed, subprocess.CalledProcessError) as failure:
                    print(f"  round {number + 1}: {name}: {failure}", file=sys.stderr)
    title = "predictions served"
    if asked.fsync_ms:
        title += f", {asked.fsync_ms} ms in every fsync"
    show(title, numbers(found, names, loads))


def slow_disk(kept: Path, milliseconds: int) -> dict[str, str]:
    """The environment in which every fsync takes so many milliseconds longer."""
    source = Path(__file__).with_name("slow_fsync.c")
    library = kept / "data" / "slow_fsync.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("--fsync-ms wants a C compiler")
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True)
    return {"LD_PRELOAD": str(library), "MILLPOND_FSYNC_MS": str(milliseconds)}


def numbers(
    found: Found, names: Sequence[str], loads: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """The table: each server's numbers, then ratios with what is aimed at."""
    table: dict[str, float] = {}
    for name in names:
        for load in loads:
            if rounds := found.get((name, load)):
                for key, unit in _SHOWN.items():
                    table[f"{name}, {load}: {unit}"] = median(one[key] for one in rounds)
                table[f"{name}, {load}: errors"] = sum(_errors(one) for one in rounds)
    for load, of in loads.items():
        table |= _ratios(found, names, load, of)
    return table


def _ratios(
    found: Found, names: Sequence[str], load: str, of: Mapping[str, float]
) -> dict[str, float]:
    ours = found.get(("millpond", load))
    if not ours:
        return {}
    table = {}
    for name in names:
        theirs = found.get((name, load))
        if name == "millpond" or not theirs:
            continue
        aim = KINDS[name].aim
        said = f" (aim: {aim} or more)" if aim and of.get("clients", 0) >= 16 else ""
        table[f"millpond / {name}, {load}: throughput{said}"] = _paired(ours, theirs, "per_second")
        if name == "millpond-off":
            said = " (aim: 1.15 or less)" if of.get("clients", 0) >= 16 else ""
            table[f"millpond / {name}, {load}: p99{said}"] = _paired(ours, theirs, "p99_ms")
            added = _middle(ours, "p50_ms") - _middle(theirs, "p50_ms")
            table[f"millpond - {name}, {load}: ms added at p50"] = added
    return table


def _paired(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], key: str) -> float:
    """The median of the rounds' ratios: what ran side by side is compared with each other."""
    pairs = zip(ours, theirs, strict=False)
    ratios = [one[key] / other[key] for one, other in pairs if other[key]]
    return median(ratios) if ratios else 0.0


def _middle(rounds: Sequence[dict[str, Any]], key: str) -> float:
    return float(median(one[key] for one in rounds))


def _errors(one: Mapping[str, Any]) -> int:
    return sum(count for status, count in one["statuses"].items() if status != "200")


def _measure(
    found: Found,
    name: str,
    server: Running,
    images: Path,
    loads: Mapping[str, Mapping[str, float]],
    asked: argparse.Namespace,
) -> None:
    for load, of in loads.items():
        spent = server.processor_seconds
        one = server.loaded(images, **of, seconds=asked.seconds, warm=asked.warm)
        spent = server.processor_seconds - spent
        one["cpu_ms"] = 1000 * spent / max(1, one["answered_in_all"])
        one["megabytes"] = server.megabytes
        found[name, load].append(one)
        print(
            f"  {name}, {load}: {one['per_second']:.1f} a second, p50 {one['p50_ms']:.1f} ms, "
            f"p99 {one['p99_ms']:.1f} ms, processor {one['cpu_ms']:.2f} ms, {one['statuses']}, "
            f"{one['megabytes']:.0f} MB",
            file=sys.stderr,
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 4, 16, 64])
    parser.add_argument("--rates", type=float, nargs="*", default=[40.0])
    parser.add_argument("--seconds", type=float, default=10.0, help="that a load is measured for")
    parser.add_argument("--warm", type=float, default=2.0, help="seconds of it before")
    parser.add_argument("--fsync-ms", type=int, default=0, help="that every fsync takes longer")
    parser.add_argument("--only", choices=KINDS, action="append", help="by default all")
    parser.add_argument("--keep", type=Path, default=KEPT, help="for images and environments")
    parser.add_argument("--dir", type=Path, help="where to work; a temporary folder by default")
    return parser.parse_args()


if __name__ == "__main__":
    main()
