"""Runs a peer's script as a process of its own, which leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SCRIPTS = Path(__file__).parent / "peers"
#: Seconds after which a peer is given up.
_LONGEST = 1_800


class Failed(Exception):
    """A tool did not do what it was asked to."""


@dataclass(frozen=True)
class Job:
    """What a tool is run with."""

    name: str
    python: Path
    script: str
    images: Path
    model: Path
    workers: int
    threads: int
    engine: str | None

    @property
    def command(self) -> list[str]:
        """The process, but for where it writes."""
        given = {"images": self.images, "model": self.model, "workers": self.workers}
        given |= {"threads": self.threads} if self.engine is None else {"engine": self.engine}
        options = [text for name, value in given.items() for text in (f"--{name}", str(value))]
        return [str(self.python), str(_SCRIPTS / self.script), *options]


@dataclass
class Ran:
    """What a run took.

    Args:
        seconds: by the clock of the comparison.
        process: seconds from the process's start to its end.
        off: how far its vectors are from those of the first, as one minus the cosine.
    """

    seconds: float
    process: float
    off: float = 0.0


def run(job: Job, out: Path) -> Ran:
    """Run a tool into a new folder.

    Raises:
        Failed: with the end of what it said.
    """
    out.mkdir()
    started = time.perf_counter()
    with open(out / "log", "wb") as log:
        process = subprocess.Popen(
            [*job.command, "--out", str(out)],
            env=_environment(job, out),
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=_LONGEST)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{job.name} was given up after {_LONGEST:,} s") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            _stop_database(out / "home" / "pgdata" / "postmaster.pid")
    lines = [line for line in said.decode().splitlines() if line.startswith('{"seconds"')]
    if process.returncode or not lines:
        raise Failed(f"{job.name} failed: {(out / 'log').read_text()[-3000:]}")
    return Ran(json.loads(lines[-1])["seconds"], time.perf_counter() - started)


def _environment(job: Job, out: Path) -> dict[str, str]:
    """Nobody tells anyone of it, and workers are of the same Python as what starts them."""
    aside = {
        "PYTHONPATH": str(_SCRIPTS),
        "PYTHONWARNINGS": "ignore",
        "PYSPARK_PYTHON": str(job.python),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "DAFT_ANALYTICS_ENABLED": "0",
        "DO_NOT_TRACK": "true",
        "PIXELTABLE_HOME": str(out / "home"),
    }
    return {**os.environ, **(aside if job.engine is None else {})}


def _stop_database(pid_file: Path) -> None:
    """Pixeltable leaves its database running."""
    if not pid_file.exists():
        return
    with suppress(ProcessLookupError):
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
    end = time.monotonic() + 30
    while pid_file.exists() and time.monotonic() < end:
        time.sleep(0.1)
