"""A real Millpond in processes of its own: one command, or a server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import backends

MILLPOND = [sys.executable, "-m", "millpond"]


def millpond(*arguments: str | Path, project: Path | None = None) -> Any:
    """What a command prints with ``--json``; a failure shows what it said."""
    command = [*MILLPOND, *map(str, arguments), "--json"]
    if project is not None:
        command += ["--project", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if arguments[0] == "init":
        backends.settle(Path(arguments[1]))
    return json.loads(done.stdout)


@dataclass
class Server:
    """``millpond up`` as a process of its own; port 0 takes a free one."""

    project: Path
    url: str = ""
    token: str = ""
    admin_password: str = ""
    process: subprocess.Popen[str] | None = None
    port: int = 0

    def start(self) -> Server:
        """Start it and wait until it is ready."""
        command = [*MILLPOND, "up", "--json", "--port", str(self.port)]
        # A file, for a pipe that nobody reads fills up and holds the server.
        with TemporaryFile("w+") as said:
            self.process = subprocess.Popen(
                [*command, "--project", str(self.project)],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            if not line:
                said.seek(0)
                raise AssertionError(f"up did not start: {said.read()}")
        ready = json.loads(line)
        self.url, self.token = ready["url"], ready["token"]
        self.admin_password = ready.get("password") or self.admin_password
        return self

    def kill(self) -> None:
        """SIGKILL, as a loss of power would."""
        assert self.process is not None
        self.process.kill()
        self._collect()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._collect()

    def _collect(self) -> int:
        assert self.process is not None
        self.process.communicate(timeout=30)
        return self.process.returncode
