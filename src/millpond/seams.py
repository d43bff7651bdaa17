"""How a backend of a seam is found: by its name among the installed entry points.

Built-in backends are declared in ``pyproject.toml`` the way an outside package
would declare its own, so neither has a privilege over the other.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from millpond.errors import Invalid


def backend_names(seam: str) -> list[str]:
    """The sorted names that are installed for a seam, such as ``millpond.object_stores``."""
    return sorted(entry.name for entry in entry_points(group=seam))


def load_backend(seam: str, name: str) -> Any:
    """What the entry point `name` of a seam points at.

    Raises:
        Invalid: nothing of that name is installed; the message lists what is.
    """
    for entry in entry_points(group=seam, name=name):
        return entry.load()
    raise Invalid(f"{name!r} is not one of {', '.join(backend_names(seam))} ({seam})")
