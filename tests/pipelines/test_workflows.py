"""Workflows: never twice at once, and after a kill on from the step that was reached."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import flows as flows_file
from flows import Flows
from millpond.history.lock import exclusive
from millpond.pipelines.runs import list_runs, report_run


@pytest.fixture
def flows(tmp_path: Path) -> Iterator[Flows]:
    flows = Flows(tmp_path)
    yield flows
    flows.close()


def child(folder: Path, word: str, *, dies: int = 0, seconds: float = 0) -> subprocess.Popen[str]:
    """A process that runs the pipeline, and may be killed in a step."""
    command = [sys.executable, flows_file.__file__, folder, str(dies), str(seconds), word]
    return subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> int:
    with process:
        _, said = process.communicate(timeout=60)
    assert process.returncode <= 0, said
    return process.returncode


@pytest.mark.parametrize("dies", [1, 2, 3])
def test_a_killed_run_goes_on_at_the_step_that_it_had_reached(flows: Flows, dies: int) -> None:
    assert ended(child(flows.folder, "a", dies=dies)) == -9
    [killed] = list_runs(flows.engine)
    assert (killed.status, killed.parameters) == ("interrupted", {"word": "a"})
    assert flows.written() == [f"a{number}" for number in range(1, dies)]

    done = flows.workflows.run("threefold", {"word": "b"}, "user:ann")
    assert flows.written() == ["a1", "a2", "a3", "b1", "b2", "b3"]
    assert list_runs(flows.engine)[0] == done
    resumed = report_run(flows.engine, killed.run_id)
    assert (resumed.run.status, resumed.run.rows) == ("done", 6)
    assert resumed.run.started_at == killed.started_at
    assert [step.attempts for step in resumed.steps] == [1 + (dies == n) for n in (1, 2, 3)]
    assert "taken up again" in [line.line for line in resumed.log]


def test_what_was_killed_again_and_again_still_ends(flows: Flows) -> None:
    for dies in (1, 2, 2, 3, 3):
        process = child(flows.folder, "a", dies=dies)
        assert ended(process) == -9
    flows.workflows.work("threefold")
    assert {run.status for run in list_runs(flows.engine)} == {"done"}
    assert sorted(flows.written()) == sorted(5 * ["a1", "a2", "a3"])


def test_a_run_that_always_ends_its_process_is_given_up(flows: Flows) -> None:
    assert ended(child(flows.folder, "a", dies=2)) == -9
    [killed] = list_runs(flows.engine)
    journal = flows.workflows._journal
    for _ in range(9):
        journal.begin_step(killed.run_id, 2, "step 2")
    flows.workflows.work("threefold")
    [given_up] = list_runs(flows.engine)
    assert given_up.status == "failed"
    assert given_up.error == "step step 2 ended its process 10 times"


def test_a_second_caller_waits_for_its_turn(flows: Flows) -> None:
    first = child(flows.folder, "a", seconds=0.4)
    while not flows.workflows.unfinished("threefold"):
        time.sleep(0.01)
    second, third = (child(flows.folder, word, seconds=0.1) for word in "bc")
    flows.workflows.run("threefold", {"word": "d"}, "user:ann")
    assert [ended(process) for process in (first, second, third)] == [0, 0, 0]
    written = flows.written()
    assert written[:3] == ["a1", "a2", "a3"]
    in_threes = [written[at : at + 3] for at in range(0, 12, 3)]
    assert sorted(in_threes) == [[f"{word}{n}" for n in (1, 2, 3)] for word in "abcd"]


def test_one_that_is_ended_while_it_waits_leaves_nothing(flows: Flows) -> None:
    folder = flows.folder / "locks"
    folder.mkdir()
    with exclusive(folder / "threefold.lock"):
        waiting = child(flows.folder, "a")
        while not flows.workflows.unfinished("threefold"):
            time.sleep(0.01)
        waiting.send_signal(signal.SIGINT)
        waiting.communicate(timeout=60)
    assert list_runs(flows.engine) == []
    assert flows.written() == []
