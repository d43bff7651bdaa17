"""The commands of views: what there is, what is different, what changed, lines of JSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pond import cells
from running import MILLPOND, millpond


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with labelled images, and views of its own, one of them wrong."""
    folder = tmp_path_factory.mktemp("views")
    project = folder / "cells"
    millpond("init", project, "--app", "cells", "--task", "detection", "--labels", "RBC,WBC")
    millpond("ingest", cells(folder / "a", 3), project=project)
    (project / "views").mkdir()
    (project / "views" / "reds.sql").write_text(
        "-- Red cells.\n-- key: app\nselect app, count(*) as n from ground_truth group by app\n"
    )
    (project / "views" / "bad.sql").write_text("-- Wrong.\nselect widht\nfrom images\n")
    return project


def test_views_are_listed_with_what_is_wrong(project: Path) -> None:
    found = {row["name"]: row for row in millpond("views", project=project)}
    assert found["reds"]["columns"] == ["app", "n"]
    assert found["bad"]["problem"].startswith("views/bad.sql, line 2: ")
    assert found["documents"]["refresh"] == "incremental"
    command = [*MILLPOND, "views", "--check", "--project", str(project)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_what_changed_and_when(project: Path, tmp_path: Path) -> None:
    moment = millpond("query", "select * from reds", project=project)["as_of"]
    millpond("ingest", cells(tmp_path / "b", 2, 20), project=project)
    found = millpond("diff", "reds", "--from", moment, project=project)
    [change] = found["changes"]
    assert (change["change"], change["app"]) == ("changed", "cells")
    assert change["before"]["n"] < change["after"]["n"]
    assert found["view"] == "reds"
    added = millpond("history", "images", "--since", moment, project=project)["changes"]
    assert [row["change"] for row in added] == ["added", "added"]
    command = [*MILLPOND, "history", "reds", "--project", str(project)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "n 2 → 3" in shown


def test_documents_as_lines_of_json(project: Path, tmp_path: Path) -> None:
    done = millpond("export", "documents", "--out", tmp_path / "mart", project=project)
    lines = Path(done["path"]).read_text().splitlines()
    assert done["images"] == len(lines)
    sql = "select object_id, document from documents order by object_id"
    command = [*MILLPOND, "query", sql, "--format", "jsonl", "--project", str(project)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [json.loads(row)["document"] for row in shown.splitlines()] == list(
        map(json.loads, lines)
    )


def test_definitions_and_truth_in_the_world(project: Path) -> None:
    for options in (["--definitions", "then"], ["--valid-at", "2020-01-01"]):
        found = millpond("query", "select count(*) as n from images", *options, project=project)
        assert found["rows"][0][0] >= 3
