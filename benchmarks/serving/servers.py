"""The servers that are compared: how each is started, where it takes images, and when it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.features.environments import python_of
from benchmarks.features.running import Failed
from benchmarks.pages.server import make
from benchmarks.serving.model import APP, LABELS, package
from millpond.project import Project

_HERE = Path(__file__).parent
#: Seconds that a server has to answer its first image.
_PATIENCE = 90.0

_COMMON = ("numpy==2.4.6", "onnxruntime==1.31.1", "pillow==13.0.0")
#: What each peer has; those that can run on uvloop and httptools do, as Millpond does.
PACKAGES: Mapping[str, Sequence[str]] = {
    "serving-fastapi": ("fastapi==0.163.2", "uvicorn[standard]==0.54.0", *_COMMON),
    "serving-flask": ("flask==3.1.3", "torch==2.13.0", "transformers==5.23.0", *_COMMON),
    "serving-litserve": (
        "litserve==0.2.19",
        "python-multipart==0.0.34",
        "uvicorn[standard]==0.54.0",
        *_COMMON,
    ),
    # Its workers do not start on a newer uvloop.
    "serving-mlserver": ("mlserver==1.7.1", "uvloop==0.21.0", *_COMMON),
}


@dataclass(frozen=True)
class Kind:
    """How a server is run.

    Args:
        script: among the peers; None is Millpond.
        environment: among `PACKAGES`.
        arguments: beyond the model and the port.
        path: of the route that predicts.
        form: in which it takes an image.
        captures: whether Millpond keeps what it is sent.
        aim: what Millpond should be at least at 16 clients, as a multiple of its throughput.
    """

    script: str | None = None
    environment: str | None = None
    arguments: tuple[str, ...] = ()
    path: str = "/predict"
    form: str = "raw"
    captures: bool = True
    aim: float | None = None


KINDS: Mapping[str, Kind] = {
    "millpond": Kind(path=f"/api/v1/apps/{APP}/predict"),
    "millpond-off": Kind(path=f"/api/v1/apps/{APP}/predict", captures=False, aim=0.95),
    "fastapi": Kind("in_fastapi.py", "serving-fastapi", aim=1.0),
    "fastapi-one-thread": Kind("in_fastapi.py", "serving-fastapi", ("--threads", "1")),
    "flask-torch": Kind("in_flask.py", "serving-flask", aim=4.0),
    "litserve": Kind("in_litserve.py", "serving-litserve", form="multipart", aim=1.3),
    "mlserver": Kind(
        "in_mlserver.py", "serving-mlserver", path=f"/v2/models/{APP}/infer", form="v2", aim=1.3
    ),
}


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    kind: Kind
    port: int
    token: str
    process: int

    def loaded(self, images: Path, **asked: float) -> dict[str, float]:
        """What the load found, from a process of its own.

        Args:
            asked: ``clients`` or ``rate``, and ``seconds`` and ``warm``.

        Raises:
            Failed: the load could not be made.
        """
        given = {"port": self.port, "path": self.kind.path, "form": self.kind.form}
        given |= {"images": images, "token": self.token, **asked}
        options = [f"--{name}={value}" for name, value in given.items()]
        done = subprocess.run(
            [sys.executable, str(_HERE / "load.py"), *options],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"the load failed: {done.stderr[-2000:]}")
        found: dict[str, float] = json.loads(done.stdout)
        return found

    @property
    def processor_seconds(self) -> float:
        """Time of processors that the server and the processes that it started have taken."""
        return sum(_taken(process) for process in _family(self.process))

    @property
    def megabytes(self) -> float:
        """Memory of the server and of the processes that it started."""
        return sum(_resident(process) for process in _family(self.process)) / 1e6


@contextmanager
def serving(
    name: str,
    network: Path,
    images: Path,
    kept: Path,
    folder: Path,
    extra: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """A server, started in an empty folder and ended with the block.

    Args:
        images: of which it has answered some by then.
        extra: of its environment.

    Raises:
        Failed: it does not start, or does not answer.
    """
    kind, token = KINDS[name], ""
    port = _free_port()
    if kind.script is None:
        token = _project(folder / "project", network, kind.captures)
        command = [sys.executable, "-m", "millpond", "up", "--json"]
        command += ["--project", str(folder / "project")]
    else:
        python = python_of(kind.environment, kept, PACKAGES)
        script = _HERE / "peers" / kind.script
        command = [str(python), str(script), "--model", str(network), *kind.arguments]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            stdout=log,
            stderr=log,
            env={**os.environ, **(extra or {})},
            cwd=folder,
            start_new_session=True,
        )
    try:
        running = Running(kind, port, token, process.pid)
        _wait(running, images, process, folder / "log")
        yield running
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _project(folder: Path, network: Path, captures: bool) -> str:
    """A new project that serves the network; a token for it."""
    make(folder, APP, LABELS, task="classification")
    if not captures:
        with open(folder / "millpond.toml", "a") as settings:
            settings.write(f'\n[apps.{APP}.capture]\npolicy = "rate"\nrate = 0.0\n')
    with Project.open(folder) as project:
        version = project.registry.register(package(network), by="os:benchmark").version
        project.registry.set_champion(APP, version, by="os:benchmark")
        return project.access.create_token("load", "user", app=APP, by="os:benchmark")


def _wait(running: Running, images: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", running.port), 1):
            if running.loaded(images, clients=1, warm=0, seconds=1)["answered_in_all"]:
                return
        time.sleep(0.2)
    raise Failed(f"it does not start: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _family(process: int) -> list[int]:
    """A process and all that it started."""
    found = [process]
    for parent in found:
        children = Path(f"/proc/{parent}/task/{parent}/children")
        with suppress(OSError):
            found += [int(child) for child in children.read_text().split()]
    return found


def _taken(process: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _resident(process: int) -> int:
    with suppress(OSError):
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0
