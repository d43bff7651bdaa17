"""Workers: how a server runs the pipelines, by their schedules and when it is asked.

The server only puts runs on record; a child for each pipeline does them. So the work
takes neither the server's interpreter nor its memory, and steps back where the processor
is wanted for predictions. When the server ends it waits for nothing: what a child was at
is taken up by the next server, and so is what another process left behind.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from millpond.database.clock import machine_now
from millpond.errors import Busy, MillpondError
from millpond.pipelines.child import Child
from millpond.pipelines.pipeline import Parameters
from millpond.pipelines.runs import Run
from millpond.pipelines.timetable import Timetable
from millpond.pipelines.workflows import Workflows

#: Who asked for a run that a schedule started.
SCHEDULE = "schedule"
#: Seconds between two looks at the schedules.
_TICK = 1.0
#: Seconds between two looks at a run that is waited for.
_LOOK = 0.05
#: Seconds that children may go on when the server ends.
_GRACE = 2.0

_log = logging.getLogger(__name__)


class Workers:
    """Runs pipelines for a server, from when it is entered until it is left.

    Args:
        command: starts the process that works on the pipeline of a name.
    """

    def __init__(
        self, workflows: Workflows, timetable: Timetable, command: Callable[[str], Sequence[str]]
    ) -> None:
        self._workflows = workflows
        self._timetable = timetable
        self._children = {name: Child(command(name)) for name in workflows.pipelines}
        self._asked: set[str] = set()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="millpond-workers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join()
        deadline = time.monotonic() + _GRACE
        for child in self._children.values():
            child.end(deadline)

    def stop(self) -> None:
        """Begin nothing more, and let nobody wait any longer."""
        self._stopping.set()
        self._wake.set()

    def run(self, name: str, parameters: Parameters, by: str) -> Run:
        """Have a pipeline run, and wait until it has.

        Raises:
            Invalid: there is none of that name, or a parameter does not fit.
            Busy: the server ends; the run stays on record, and the next one does it.
            MillpondError: it failed; the error is of the kind that its step raised.
        """
        run = self._request(name, parameters, by)
        while not (found := self._workflows.outcome(run.run_id)).ended:
            if self._stopping.wait(_LOOK):
                raise Busy(f"the server ends; run {run.run_id} goes on when it is started again")
        return found

    def _request(self, name: str, parameters: Parameters, by: str) -> Run:
        run = self._workflows.request(name, parameters, by)
        self._asked.add(run.run_id)
        self._wake.set()
        return run

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except (MillpondError, OSError) as error:
                _log.warning("pipelines wait: %s", error)
            except Exception:
                # Whatever it is, the next look may do well; to stop looking never does.
                _log.exception("pipelines wait")
            self._wake.wait(_TICK)
            self._wake.clear()

    def _look(self) -> None:
        """Ask for what is due, and have children do what nobody else does."""
        for name in self._timetable.due(machine_now()):
            pipeline = self._workflows.pipeline(name)
            if not self._workflows.unfinished(name) and pipeline.pending():
                self._request(name, {}, SCHEDULE)
        asked = self._asked.copy()
        unfinished = self._workflows.unfinished()
        self._asked -= asked - {run.run_id for run in unfinished}
        for run in unfinished:
            if run.pipeline not in self._children:
                continue
            # One that others asked for is theirs to do, as long as anyone does anything.
            if run.run_id in asked or self._workflows.is_free(run.pipeline):
                self._children[run.pipeline].start()
