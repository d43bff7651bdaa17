"""The probes of the Open Inference Protocol v2: is the server alive, and is it ready."""

from __future__ import annotations

import shutil
from importlib.metadata import version

from typing_extensions import TypedDict

from millpond.errors import DiskFull
from millpond.serving.routes import Backends, Routes

routes = Routes("Health")

#: Below so much room in the lake, a capture may fail.
_LEAST_BYTES = 1024 * 1024


#: What is spoken beyond the protocol's core, by the names that Triton gave it.
_EXTENSIONS = ("binary_tensor_data", "parameters")


class ServerAnswer(TypedDict):
    """The server's name, its version, and what it does beyond the protocol's core."""

    name: str
    version: str
    extensions: list[str]


class LiveAnswer(TypedDict):
    """Whether the server runs."""

    live: bool


class ReadyAnswer(TypedDict):
    """Whether captures are possible."""

    ready: bool


@routes.get("/v2", "health.read")
@routes.get("/v2/", "health.read")
async def server() -> ServerAnswer:
    """What this server is."""
    return {"name": "millpond", "version": version("millpond"), "extensions": list(_EXTENSIONS)}


@routes.get("/v2/health/live", "health.read")
async def live() -> LiveAnswer:
    """Whether the server runs."""
    return {"live": True}


@routes.get("/v2/health/ready", "health.read")
def ready(services: Backends) -> ReadyAnswer:
    """Whether captures are possible: the database takes a write, and there is room.

    It is 503 or 507 when they are not.
    """
    services.commit.run(lambda transaction: None)
    if shutil.disk_usage(services.folder).free < _LEAST_BYTES:
        raise DiskFull(f"the disk of {services.settings.project.name} is full; free some space")
    return {"ready": True}
