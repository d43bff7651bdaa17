"""The numbered steps of the protocols, as instants at which a process can be killed.

The product knows nothing of it: the functions of the steps are wrapped from here.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

#: Where the steps are, and how often each is taken in one round at most.
STEPS = {
    "millpond.raw.folder:FolderStore.put": 9,
    "millpond.database.group_commit:GroupCommit._commit": 9,
    "millpond.history.load:Load.claim": 2,
    "millpond.history.load:Load.write": 1,
    "millpond.history.data_file:NewFile.finish": 17,
    "millpond.history.load:Load.append": 1,
    "millpond.history.delta:VaultFiles.append": 17,
    "millpond.history.load:Load.verify": 1,
    "millpond.history.load:Load.complete": 1,
    "millpond.history.load:Load._complete": 1,
}

#: Each step has two instants.
SIDES = ("before", "after")


def die_at(step: str, side: str, time: int) -> None:
    """Let this process be killed before or after a step, at the n-th time."""
    left = iter(range(time - 1, -1, -1))

    def reached() -> None:
        if next(left, None) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    where, name, function = _find(step)
    before, after = (reached, _pass) if side == "before" else (_pass, reached)
    setattr(where, name, _wrapped(function, before, after))


def _find(step: str) -> tuple[Any, str, Callable[..., Any]]:
    module, _, path = step.partition(":")
    where: Any = import_module(module)
    *outer, name = path.split(".")
    for each in outer:
        where = getattr(where, each)
    return where, name, getattr(where, name)


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
