"""Label Studio in an environment of its own: installed, started, and given images with answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.pages.cells import HEIGHT, LABELS, WIDTH, Finding, Task
from millpond.values import Box

VERSION = "1.23.2"

USER, PASSWORD = "rita@example.org", "rita-reviews-cells"

#: Keys 1 to 3 choose a label, as Label Studio gives them by itself.
_CONFIG = (
    '<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">'
    + "".join(f'<Label value="{label}"/>' for label in LABELS)
    + "</RectangleLabels></View>"
)


@dataclass
class LabelStudio:
    """A running one, with a project of the images."""

    url: str
    client: httpx.Client
    project: int = 0
    #: The names of the images, by the numbers that Label Studio gave them.
    names: dict[int, str] = field(default_factory=dict)

    def fill(self, tasks: Sequence[Task]) -> None:
        """Make a project whose images carry the answers, which come up as a person's own."""
        made = self._call(
            "POST",
            "/api/projects",
            json={
                "title": "Cells",
                "label_config": _CONFIG,
                "show_collab_predictions": True,
                "model_version": "cells-1",
                "sampling": "Sequential sampling",
            },
        )
        self.project = made["id"]
        files = [(task.name, (task.name, task.jpeg, "image/jpeg")) for task in tasks]
        self._call("POST", f"/api/projects/{self.project}/import", files=files)
        query = {"project": self.project, "page_size": 1000, "fields": "all"}
        kept = self._call("GET", "/api/tasks", params=query)["tasks"]
        self.names = {task["id"]: _name(task) for task in kept}
        ids = {name: number for number, name in self.names.items()}
        for task in tasks:
            self._call(
                "POST",
                "/api/predictions",
                json={
                    "task": ids[task.name],
                    "model_version": "cells-1",
                    "score": 0.9,
                    "result": [_region(one) for one in task.answer],
                },
            )

    def results(self) -> dict[str, list[Finding]]:
        """What was submitted, by the name of the image."""
        query = {"exportType": "JSON"}
        tasks = self._call("GET", f"/api/projects/{self.project}/export", params=query)
        return {
            _name(task): [_finding(region) for region in task["annotations"][-1]["result"]]
            for task in tasks
        }

    def _call(self, method: str, path: str, **sent: Any) -> Any:
        answer = self.client.request(method, self.url + path, timeout=120, **sent)
        if answer.is_error:
            raise SystemExit(f"Label Studio: {method} {path}: {answer.text[:500]}")
        return answer.json()


def install(folder: Path) -> Path:
    """Label Studio's own environment below a folder; its command."""
    command = folder / "label-studio" / "bin" / "label-studio"
    if not command.exists():
        print("installing Label Studio ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder / "label-studio"], check=True)
        pip = folder / "label-studio" / "bin" / "pip"
        subprocess.run([pip, "install", "--quiet", f"label-studio=={VERSION}"], check=True)
    return command


@contextmanager
def running(command: Path, data: Path) -> Iterator[LabelStudio]:
    """A server of its own on a free port, which ends with the block."""
    port, token = _free_port(), "0123456789abcdef0123456789abcdef01234567"
    environment = dict(
        os.environ,
        COLLECT_ANALYTICS="false",
        LATEST_VERSION_CHECK="false",
        LABEL_STUDIO_BASE_DATA_DIR=str(data),
    )
    arguments = ["start", "--no-browser", "--data-dir", data, "--internal-host", "127.0.0.1"]
    arguments += ["--port", str(port), "--username", USER, "--password", PASSWORD]
    arguments += ["--user-token", token, "--enable-legacy-api-token", "--log-level", "ERROR"]
    with open(data / "server.log", "wb") as log:
        server = subprocess.Popen(
            [command, *arguments], env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, server, data / "server.log")
            with httpx.Client(headers={"Authorization": f"Token {token}"}) as client:
                yield LabelStudio(url, client)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until it answers; the first time it makes its database, which takes a while."""
    end = time.monotonic() + 300
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"Label Studio did not start: {log.read_text()[-2000:]}")


def _region(one: Finding) -> dict[str, Any]:
    box = one.box
    return {
        "from_name": "label",
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "value": {
            "x": 100 * box.x_min / WIDTH,
            "y": 100 * box.y_min / HEIGHT,
            "width": 100 * (box.x_max - box.x_min) / WIDTH,
            "height": 100 * (box.y_max - box.y_min) / HEIGHT,
            "rotation": 0,
            "rectanglelabels": [one.label],
        },
    }


def _finding(region: dict[str, Any]) -> Finding:
    value = region["value"]
    left, top = value["x"] * WIDTH / 100, value["y"] * HEIGHT / 100
    right = left + value["width"] * WIDTH / 100
    bottom = top + value["height"] * HEIGHT / 100
    return Finding(value["rectanglelabels"][0], Box(left, top, right, bottom))


def _name(task: dict[str, Any]) -> str:
    """The name that its file had; Label Studio puts some letters before it."""
    return str(task["data"]["image"]).rsplit("/", 1)[1].split("-", 1)[1]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
