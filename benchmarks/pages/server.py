"""``millpond up`` on a project of its own, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext

from millpond.project import Project

_MILLPOND = [sys.executable, "-m", "millpond"]


@dataclass
class Server:
    """Where it answers, and an administrator's way in."""

    url: str
    client: httpx.Client
    process: int
    folder: Path

    def sign_in(self, context: BrowserContext, name: str, role: str) -> None:
        """Make a person, and let a browser be theirs."""
        with Project.open(self.folder) as project:
            password = project.access.add_user(name, role, by="os:benchmark")
        body = {"user": name, "password": password}
        answer = httpx.post(f"{self.url}/api/v1/login", json=body).raise_for_status()
        for key, value in answer.cookies.items():
            context.add_cookies([{"name": key, "value": value, "url": self.url}])

    def get(self, path: str) -> httpx.Response:
        """What a route answers an administrator."""
        return self.client.get(self.url + path).raise_for_status()


def make(folder: Path, app: str, labels: tuple[str, ...], task: str = "detection") -> None:
    """A new project for boxes of these labels, or for another task."""
    arguments = ["init", folder, "--app", app, "--task", task, "--labels", ",".join(labels)]
    subprocess.run([*_MILLPOND, *arguments, "--json"], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server of the project in a folder; it ends with the block."""
    command = [*_MILLPOND, "up", "--json", "--port", "0", "--project", str(folder)]
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {ready['token']}"}
        with httpx.Client(headers=headers, timeout=120) as client:
            yield Server(ready["url"], client, process.pid, folder)
    finally:
        process.terminate()
        process.communicate(timeout=30)
