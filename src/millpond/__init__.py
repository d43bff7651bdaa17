"""Millpond: the whole data loop of an AI application, from upload to the next model.

>>> import millpond
>>> project = millpond.open("cells")                          # doctest: +SKIP
>>> project.query("select count(*) from ground_truth")        # doctest: +SKIP

Everything public is reached from here; what is not named here may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millpond.errors import MillpondError
from millpond.values import Box, Prediction

if TYPE_CHECKING:
    from pathlib import Path

    from millpond.client.client import Client
    from millpond.client.logger import Logger
    from millpond.models.adapters.registered import adapter
    from millpond.models.outputs import Answers, Frame
    from millpond.project import Project
    from millpond.settings import AppTemplate

__version__ = "0.1.0"

__all__ = [
    "Answers",
    "AppTemplate",
    "Box",
    "Client",
    "Frame",
    "Logger",
    "MillpondError",
    "Prediction",
    "Project",
    "adapter",
    "open",
]


def open(address: str | Path, *, token: str | None = None) -> Project | Client:
    """A project: the one in a folder, or the one behind a server's address.

    Args:
        address: a project folder, or ``http://`` or ``https://`` and where it is served.
        token: for a server; made by ``millpond token create``.

    Returns:
        Both kinds have ``predict``, ``log``, ``annotate``, ``query``, ``snapshot``, ``export``
        and ``run``; one in a folder also has ``ingest``, ``train``, ``dataset`` and
        ``verify``, which need its files.

    Raises:
        ProjectError: the folder is no project.
    """
    address = str(address)
    if address.startswith(("http://", "https://")):
        from millpond.client.client import Client

        return Client(address, token=token)
    from pathlib import Path

    from millpond.project import Project

    return Project.open(Path(address))


# Loaded when asked for: importing millpond stays light.
_LATER = {
    "Answers": "millpond.models.outputs",
    "AppTemplate": "millpond.settings",
    "Client": "millpond.client.client",
    "Frame": "millpond.models.outputs",
    "Logger": "millpond.client.logger",
    "Project": "millpond.project",
    "adapter": "millpond.models.adapters.registered",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'millpond' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)
