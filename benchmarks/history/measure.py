"""Measures work in processes of its own, and prints what it found as a table and as JSON."""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What some work took.

    Args:
        peak_mb: of its process, or of one that it started if that took more.
        result: what the work gave back.
    """

    seconds: float
    peak_mb: float
    result: Any = None


def measured(work: Callable[..., Any], *arguments: Any) -> Measured:
    """Do some work in a new process, and measure it there."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(theirs, work, arguments))
    process.start()
    theirs.close()
    found = None
    with suppress(EOFError):
        found = ours.recv()
    process.join()
    if found is None:
        raise SystemExit(f"{work.__name__} failed")
    return Measured(**found)


def show(title: str, numbers: Mapping[str, Any]) -> None:
    """A table on stderr, and one line of JSON on stdout."""
    width = max(map(len, numbers))
    print(f"\n{title}", file=sys.stderr)
    for name, number in numbers.items():
        shown = f"{number:,.3f}" if isinstance(number, float) else f"{number:,}"
        print(f"  {name:<{width}}  {shown:>16}", file=sys.stderr)
    print(json.dumps({"benchmark": title, **numbers}), flush=True)


def _measure(pipe: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    started = time.perf_counter()
    result = work(*arguments)
    seconds = time.perf_counter() - started
    peaks = [resource.getrusage(who).ru_maxrss for who in (_SELF, resource.RUSAGE_CHILDREN)]
    pipe.send(asdict(Measured(seconds, max(peaks) / 1024, result)))


_SELF = resource.RUSAGE_SELF
