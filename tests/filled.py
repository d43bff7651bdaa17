"""Folders that many tests begin with: filled once, and copied where that is quicker."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from backends import database_url


def filled(folder: Path, template: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder, or copy one that was filled; a server's database cannot be copied."""
    if not database_url(folder).startswith("sqlite"):
        fill(folder)
        return
    if not template.exists():
        fill(template)
    shutil.copytree(template, folder)
