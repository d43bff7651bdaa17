"""``backup``, ``restore`` and ``verify`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from millpond.pipelines.checks.journal import JOURNAL
from millpond.project import Project
from pond import cells

Run = Callable[..., Any]


@pytest.fixture
def project(new_project: Callable[..., Path], tmp_path: Path, run: Run) -> Path:
    """A detection project with three reviewed images."""
    folder = new_project("--task", "detection", "--labels", "RBC,WBC")
    assert run("ingest", cells(tmp_path / "a", 3), project=folder).code == 0
    return folder


def test_there_and_back(project: Path, tmp_path: Path, run: Run) -> None:
    copy, new = tmp_path / "copy", tmp_path / "new"
    done = run("backup", copy, "--json", project=project).json
    assert set(done) == {"path", "moment", "files", "bytes", "amiss"}
    assert done["path"] == str(copy)
    again = run("restore", copy, "--json", project=new).json
    assert (again["project"], again["verify"], again["findings"]) == (str(new), "ok", [])
    assert again["moment"] == done["moment"]
    as_before = run("query", "select count(*) from ground_truth", "--json", project=new).json
    assert as_before["rows"] == [[2]]
    told = run("restore", copy, "--to", tmp_path / "third")
    assert (told.code, "Everything is as it should be" in told.out.decode()) == (0, True)
    refused = run("restore", copy, "--to", new)
    assert (refused.code, "restore into a new folder" in refused.err) == (1, True)
    assert run("restore", copy).code == 2


def test_requests_come_back_and_leases_do_not(project: Path, tmp_path: Path, run: Run) -> None:
    with Project.open(project) as here:
        [object_id, *_] = here.query("select object_id from images")["object_id"].to_pylist()
        assert here.request_review([object_id]) == 1
        taken = here.leasing.take("cells", "requested", 1, "user:rita")
        assert [item["object_id"] for item in taken["items"]] == [object_id]
    assert run("backup", tmp_path / "copy", project=project).code == 0
    assert run("restore", tmp_path / "copy", project=tmp_path / "new").code == 0
    with Project.open(tmp_path / "new") as there:
        [item] = there.review_queue("requested")["items"]
    assert (item["object_id"], item["leased_by"]) == (object_id, None)


def test_what_is_amiss_ends_with_1(project: Path, tmp_path: Path, run: Run) -> None:
    [lost, *_] = (path for path in project.glob("lake/objects/*/*") if path.is_file())
    lost.unlink()
    done = run("backup", tmp_path / "copy", project=project)
    assert (done.code, f"object {lost.name}: its bytes are missing" in done.err) == (1, True)
    found = run("verify", "--json", project=project)
    assert found.code == 1
    assert [one["subject"] for one in found.json["findings"]] == [lost.name]
    assert found.json["findings"][0]["what_to_do"] == (
        f"cp -rT BACKUP/{lost.relative_to(project)} {lost}"
    )
    [damaged, *_] = (tmp_path / "copy" / "lake" / "history").glob("*/_delta_log/*.json")
    damaged.write_text("{}")
    refused = run("restore", tmp_path / "copy", "--to", tmp_path / "new")
    assert refused.code == 1
    assert f"{damaged.relative_to(tmp_path / 'copy')}: it is not as it was written" in refused.err
    assert not (tmp_path / "new").exists()


def test_resume(project: Path, run: Run) -> None:
    kept = {"found": [], "amiss": {}, "checked": {"objects": 7}}
    line = {"check": "database", "part": "all", "findings": kept}
    moment = {"moment": 4_000_000_000_000_000}
    (project / "lake" / JOURNAL).write_text(json.dumps(moment) + "\n" + json.dumps(line) + "\n")
    done = run("verify", "--resume", "--json", project=project).json
    assert (done["verify"], done["checked"]["objects"]) == ("ok", 10)
    assert run("verify", "--json", project=project).json["checked"]["objects"] == 3
