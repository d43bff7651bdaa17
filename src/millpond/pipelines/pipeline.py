"""Pipelines: a name, the parameters that it takes, and its steps in their order.

A step may be run twice, when the process that ran it was killed before its end was
on record, so each does again what it did without doing it twice. Apart from that
the functions behind the steps know nothing of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from millpond.errors import Invalid

#: What a run was asked for, as texts, such as ``{"older_than": "7d"}``.
Parameters: TypeAlias = Mapping[str, str]
#: Puts a line into the log of the run.
Say: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Step:
    """One step of a run.

    Args:
        name: distinct in its pipeline; a run that is taken up again knows by it what is done.
        work: does it; gives the number of rows that it wrote.
        counted: whether its rows are among those of the run.
    """

    name: str
    work: Callable[[Say], int]
    counted: bool = True


@dataclass(frozen=True)
class Pipeline:
    """What a run of a name does.

    Args:
        steps: gives the steps for some parameters, the same each time.
        takes: the parameters that it takes.
        settled: checks the parameters of a new run and fills in what was left open,
            so that a run that is taken up on another day does what it was asked for.
        pending: whether a run would find anything to do; a schedule asks this first.
        goes_on: after a step that failed the others are done all the same, and the
            run fails at its end.
        schedule: when a server runs it by itself; see `millpond.pipelines.schedule`.
        retries: how often a step is tried again after an error that may pass.
        wait: seconds before the first of these; each next one waits twice as long.
    """

    name: str
    steps: Callable[[Parameters], Sequence[Step]]
    takes: tuple[str, ...] = ()
    settled: Callable[[Parameters], Parameters] = field(default=lambda parameters: parameters)
    pending: Callable[[], bool] = field(default=lambda: True)
    goes_on: bool = False
    schedule: str = "never"
    retries: int = 3
    wait: float = 1.0

    def settle(self, parameters: Parameters) -> dict[str, str]:
        """The parameters with which a new run is kept.

        Raises:
            Invalid: there is one that it does not take, or whose value does not fit.
        """
        unknown = ", ".join(sorted(set(parameters) - set(self.takes)))
        if unknown:
            takes = ", ".join(self.takes) or "none"
            raise Invalid(f"pipeline {self.name} does not take {unknown}; it takes {takes}")
        return dict(self.settled(parameters))
