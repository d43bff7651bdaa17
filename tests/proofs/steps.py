"""The numbered steps of the protocols, as instants at which a process can be killed.

The product knows nothing of it: the functions of the steps are wrapped from here.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

#: The steps of each protocol, and how often each is taken in a round, at most.
STEPS = {
    # Capture.
    "millpond.raw.folder:FolderStore.put": 9,
    "millpond.database.group_commit:GroupCommit._commit": 30,
    # Landing.
    "millpond.pipelines.land_steps:Land.copy": 2,
    "millpond.pipelines.land_steps:Land.stage": 2,
    "millpond.pipelines.land_steps:Land.keep": 2,
    "millpond.pipelines.land_steps:Land.keys": 2,
    "millpond.pipelines.land_steps:Land.versions": 2,
    "millpond.pipelines.land_steps:Land.sightings": 2,
    "millpond.pipelines.land_steps:Land.complete": 2,
    # Load.
    "millpond.history.load:Load.claim": 2,
    "millpond.history.load:Load.write": 1,
    "millpond.history.load:Load.append": 1,
    "millpond.history.delta:VaultFiles.append": 17,
    "millpond.history.load:Load.verify": 1,
    "millpond.history.load:Load.complete": 1,
    # Sweep.
    "millpond.history.sweep:_remove_files": 1,
    "millpond.history.sweep:_let_go": 5,
    # Archive.
    "millpond.history.archive:Archive.load": 1,
    "millpond.history.archive:Archive.verify": 1,
    "millpond.history.archive:_note_verified": 2,
    "millpond.history.archive:_trim": 1,
    "millpond.history.archive:Archive.trim": 1,
    "millpond.history.archive:Archive.shrink": 1,
    # Refresh.
    "millpond.analytics.refresh:Refresh._write": 2,
    "millpond.analytics.refresh:Refresh._complete": 2,
    "millpond.analytics.refresh:Refresh.tidy": 1,
    # Maintenance.
    "millpond.history.compact:_merge": 9,
    "millpond.history.log:DeltaLog.commit": 40,
    "millpond.history.log:DeltaLog.checkpoint": 17,
    "millpond.history.log:DeltaLog.clean": 17,
    "millpond.history.maintain:_vacuum": 17,
    # Every pipeline.
    "millpond.pipelines.journal:Journal.begin_step": 9,
    "millpond.pipelines.journal:Journal.end_step": 9,
    "millpond.pipelines.journal:Journal.end": 4,
}

#: Each step has two instants.
SIDES = ("before", "after")


def die_at(step: str, side: str, time: int) -> None:
    """Let this process be killed before or after a step, at the n-th time."""
    left = iter(range(time - 1, -1, -1))

    def reached() -> None:
        if next(left, None) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    before, after = (reached, _pass) if side == "before" else (_pass, reached)
    function = _find(step)
    _replace(step, function, _wrapped(function, before, after))


def _find(step: str) -> Callable[..., Any]:
    module, _, path = step.partition(":")
    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def _replace(step: str, function: Callable[..., Any], by: Callable[..., Any]) -> None:
    """Put a function in the place of another, wherever that was imported to."""
    module, _, path = step.partition(":")
    holder, _, name = path.rpartition(".")
    if holder:
        setattr(getattr(import_module(module), holder), name, by)
        return
    for each in [module for key, module in sys.modules.items() if key.startswith("millpond")]:
        if getattr(each, name, None) is function:
            setattr(each, name, by)


def _wrapped(
    function: Callable[..., Any], before: Callable[[], None], after: Callable[[], None]
) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        before()
        result = function(*arguments, **named)
        after()
        return result

    return wrapped


def _pass() -> None:
    """Nothing happens on this side."""
