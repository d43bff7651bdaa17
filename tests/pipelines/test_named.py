"""The named pipelines of a project: what each writes, and that each goes on after a kill."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from backends import section
from millpond.errors import Invalid
from millpond.project import Project
from millpond.settings import AppSection, Settings

_KILLED = """
import os, sys
from pathlib import Path
from millpond.history.archive import Archive
from test_named import opened

Archive.trim = lambda archive: os._exit(9)
opened(Path(sys.argv[1])).run("archive", older_than="0s")
"""


def opened(folder: Path) -> Project:
    cells = AppSection(task="detection", labels=("RBC", "WBC"))
    return Project(folder, Settings(apps={"cells": cells}, database=section(folder)))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with opened(tmp_path) as project:
        yield project


def predict(project: Project, seed: int = 0) -> str:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (seed, 0, 0)).save(out, "PNG")
    return project.predict(out.getvalue())["inference_id"] or ""


def test_history_loads_what_there_is(project: Project) -> None:
    predict(project)
    assert project.workflows.pipeline("history").pending()
    first = project.run("history")
    assert (first.status, first.rows or 0) > ("done", 0)
    assert not project.workflows.pipeline("history").pending()
    assert project.run("history").rows == 0


def test_archive_and_maintain(project: Project) -> None:
    predict(project)
    before = project.query("select * from inferences")
    assert project.run("archive", older_than="7d").rows == 0
    archived = project.run("archive", older_than="0s")
    assert archived.rows
    assert archived.parameters["older_than"] == "0s"
    assert project.run("archive", older_than="0s").rows == 0
    assert project.run("maintain").status == "done"
    assert project.query("select * from inferences") == before
    report = project.run_report(archived.run_id)
    assert [step.name for step in report.steps] == ["load", "verify", "trim", "shrink"]
    with pytest.raises(Invalid, match="'soon' is no age"):
        project.run("archive", older_than="soon")


def test_views_are_made_when_it_is_time(project: Project) -> None:
    predict(project)
    project.run("history")
    before = project.query("select * from documents")
    views = project.workflows.pipeline("views")
    assert views.pending()
    assert project.run("views").rows
    assert not views.pending()
    assert project.query("select * from documents") == before
    moment = project.run("views", as_of="1s ago").parameters["as_of"]
    assert moment.endswith("Z")
    with pytest.raises(Invalid, match="still to come"):
        project.run("views", as_of="2099-01-01")


def test_a_killed_archive_goes_on(project: Project) -> None:
    predict(project)
    environment = {
        **os.environ,
        "PYTHONPATH": f"{Path(__file__).parent}:{Path(__file__).parents[1]}",
    }
    child = subprocess.run(
        [sys.executable, "-c", _KILLED, project.folder], env=environment, check=False
    )
    assert child.returncode == 9
    [killed] = project.runs()
    assert killed.status == "interrupted"
    predict(project, 1)
    project.workflows.work("archive")
    report = project.run_report(killed.run_id)
    assert (report.run.status, report.run.parameters) == ("done", killed.parameters)
    assert [step.attempts for step in report.steps] == [1, 1, 2, 1]
    assert report.run.rows
    # What was recorded after it was asked for has stayed.
    assert project.workflows.pipeline("history").pending()


def test_what_a_pipeline_does_not_take(project: Project) -> None:
    with pytest.raises(Invalid, match="'tune' is not one of history, "):
        project.run("tune")
    with pytest.raises(Invalid, match="history does not take older_than; it takes none"):
        project.run("history", older_than="7d")


def test_the_doctor_tells_how_the_pipelines_are(project: Project) -> None:
    project.run("maintain")
    told = {one["name"]: one for one in project.doctor()}["pipelines"]
    assert told["ok"]
    assert "history: no run yet, " in told["detail"]
    assert "maintain: done 20" in told["detail"]
