"""``up --demo``: a project that has something to show, served by the real command."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from millpond.demo import sample
from millpond.errors import Conflict
from millpond.project import Project
from running import MILLPOND, millpond


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, list[str]]]:
    """A small demonstration, and the stages that it told of."""
    patch = pytest.MonkeyPatch()
    patch.setattr(sample, "IMAGES", 12)
    patch.setattr(sample, "STEPS", 2)
    folder = tmp_path_factory.mktemp("demo") / "shown"
    sample.prepare(folder)
    stages: list[str] = []
    with Project.open(folder) as project:
        assert sample.is_empty(project)
        sample.furnish(project, by="os:test", tell=lambda stage, done, total: stages.append(stage))
        yield project, stages
    patch.undo()


def test_every_layer_has_something_in_it(filled: tuple[Project, list[str]]) -> None:
    project, stages = filled
    assert not sample.is_empty(project)
    count = project.query(
        "select (select count(*) from images) as images,"
        " (select count(*) from inferences) as inferences,"
        " (select count(*) from reviews where annotator = 'user:reviewer') as reviewed"
    ).to_pylist()[0]
    assert count["images"] == 12
    assert 0 < count["reviewed"] < count["inferences"] < 12
    assert project.registry.champion("chest-xray") == "chest-xray-1"
    assert project.snapshots.get("first").images > 0
    assert "drawing images" in stages


def test_whom_it_let_in_may_sign_in(filled: tuple[Project, list[str]]) -> None:
    project, _ = filled
    people = sample.let_in(project, "os:test")
    assert {person.user: person.role for person in people} == sample.PEOPLE
    assert sample.let_in(project, "os:test") == [], "they are there already"
    assert {user.name for user in project.access.list_users()} == set(sample.PEOPLE)


def test_a_project_of_other_applications_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "cells"
    millpond("init", folder, "--app", "cells", "--task", "detection", "--labels", "a,b")
    sample.prepare(folder)
    with Project.open(folder) as project, pytest.raises(Conflict, match="--project"):
        sample.furnish(project, by="os:test", tell=lambda stage, done, total: None)


def test_the_command_says_so_and_serves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "cells"
    millpond("init", folder, "--app", "cells", "--task", "detection", "--labels", "a,b")
    command = [*MILLPOND, "up", "--demo", "--json", "--project", str(folder), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "leave out --demo" in done.stderr
