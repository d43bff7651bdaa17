"""A pipeline of three steps that each write down that they were done, for children too."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from backends import database_url
from millpond.database.connection import create_schema, open_database
from millpond.database.group_commit import GroupCommit
from millpond.pipelines.pipeline import Parameters, Pipeline, Say, Step
from millpond.pipelines.workflows import Workflows


class Flows:
    """Opens the workflows of a folder, as a project does.

    Args:
        dies: the number of the step in which the process is killed.
        seconds: how long each step takes.
    """

    def __init__(self, folder: Path, *, dies: int = 0, seconds: float = 0.0) -> None:
        self.folder = folder
        self.engine = open_database(database_url(folder), folder)
        create_schema(self.engine)
        self.commit = GroupCommit(self.engine)
        self._dies = dies
        self._seconds = seconds
        pipelines = [Pipeline("threefold", self._steps, takes=("word",))]
        self.workflows = Workflows(self.engine, self.commit, folder / "locks", pipelines)

    def close(self) -> None:
        self.commit.close()
        self.engine.dispose()

    def written(self) -> list[str]:
        """What the steps wrote, in the order in which they did."""
        path = self.folder / "written"
        return path.read_text().split() if path.exists() else []

    def _steps(self, parameters: Parameters) -> list[Step]:
        return [self._step(number, parameters) for number in (1, 2, 3)]

    def _step(self, number: int, parameters: Mapping[str, str]) -> Step:
        def work(say: Say) -> int:
            say(f"step {number} says hello")
            time.sleep(self._seconds)
            if number == self._dies:
                os.kill(os.getpid(), signal.SIGKILL)
            with open(self.folder / "written", "a", encoding="ascii") as file:
                file.write(f"{parameters.get('word', '')}{number}\n")
            return number

        return Step(f"step {number}", work)


if __name__ == "__main__":
    # As in a terminal, also where the tests themselves were started in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    flows = Flows(Path(sys.argv[1]), dies=int(sys.argv[2]), seconds=float(sys.argv[3]))
    flows.workflows.run("threefold", {"word": sys.argv[4]}, "user:child")
    flows.close()
