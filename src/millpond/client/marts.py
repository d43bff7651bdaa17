"""Pulling a mart from a server into a folder, whole or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from millpond.client.connection import Connection
from millpond.durable import PART
from millpond.errors import Conflict
from millpond.values import app_route


def pull_mart(server: Connection, format: str, app: str, out: Path, **parameters: Any) -> None:
    """Fetch a mart as a ZIP, and unpack it into a new folder.

    Args:
        parameters: of the route: ``labels``, ``as_of``, ``snapshot``, ``include_unreviewed``.

    Raises:
        Conflict: there is something at `out` already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Conflict(f"{out} is there already; choose an empty or a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=PART) as scratch:
        archive, folder = Path(scratch, "mart.zip"), Path(scratch, "mart")
        path = f"/api/v1/apps/{quote(app_route(app), safe='')}/export/{quote(format, safe='')}"
        server.download(path, archive, **parameters)
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
        folder.replace(out)
