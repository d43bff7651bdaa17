"""The commands on a real project, each through the program itself."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from millpond.settings import FORMAT

Ask = Callable[..., Any]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A CSV file of four labelled pictures."""
    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"p{number}.png")
    path = tmp_path / "labels.csv"
    path.write_text(
        "path,label,x_min,y_min,x_max,y_max\n"
        "p0.png,a,1,2,10,12\np0.png,b,3,4,20,22\np1.png,a,1,2,10,12\np2.png,b,0,0,9,9\np3.png,,,,,\n"
    )
    return path


@pytest.fixture
def project(new_project: Callable[..., Path], labelled: Path, ask: Ask) -> Path:
    """A detection project of the labels a and b with four reviewed images."""
    folder = new_project("--task", "detection", "--labels", "a,b")
    done = ask("ingest", labelled, "--app", "cells", project=folder)
    assert done == {"objects": 4, "annotations": 4, "refused": 0, "refusals": []}
    return folder


@pytest.mark.parametrize("app", ["fruits", "chest-xray", "chest_xray"])
def test_an_installed_application_needs_no_declaration(tmp_path: Path, app: str, ask: Ask) -> None:
    done = ask("init", tmp_path / "p", "--app", app)
    assert done["apps"] == [app.replace("_", "-")]
    declared = tomllib.loads((tmp_path / "p" / "millpond.toml").read_text())
    (section,) = declared["apps"].values()
    assert section["task"] in ("detection", "classification")
    assert len(section["labels"]) > 1


def test_a_folder_without_application_says_how_to_declare_one(tmp_path: Path, ask: Ask) -> None:
    assert ask("init", tmp_path / "p")["apps"] == []
    text = (tmp_path / "p" / "millpond.toml").read_text()
    assert "# [apps.blood_cells]" in text
    assert tomllib.loads(text)["project"] == {"name": "p", "format": FORMAT}


def test_labels_of_any_letters_are_kept(tmp_path: Path, ask: Ask) -> None:
    labels = 'rot\\"e,Größe,猫'
    ask("init", tmp_path / "p", "--task", "detection", "--labels", labels)
    declared = tomllib.loads((tmp_path / "p" / "millpond.toml").read_text())
    assert declared["apps"]["p"]["labels"] == labels.split(",")


def test_the_same_ingest_again_adds_nothing(project: Path, labelled: Path, ask: Ask) -> None:
    again = ask("ingest", labelled, project=project)
    assert (again["objects"], again["annotations"]) == (0, 0)


def test_query_answers_in_every_form(project: Path, tmp_path: Path, run: Ask, ask: Ask) -> None:
    sql = "select label, count(*) as n from ground_truth group by label order by label"
    answer = ask("query", sql, project=project)
    assert [column["name"] for column in answer["columns"]] == ["label", "n"]
    assert answer["rows"] == [["a", 2], ["b", 2]]
    assert answer["as_of"].endswith("Z")

    def raw(*options: str) -> bytes:
        out: bytes = run("query", sql, *options, project=project).out
        return out

    assert raw("--format", "csv") == b"label,n\na,2\nb,2\n"
    assert json.loads(raw("--format", "json"))["rows"] == answer["rows"]
    parquet = pq.read_table(io.BytesIO(raw("--format", "parquet")))
    assert parquet.to_pylist() == [{"label": "a", "n": 2}, {"label": "b", "n": 2}]
    assert b"label" in raw()
    assert raw("--out", str(tmp_path / "n.parquet")) == b""
    assert pq.read_table(tmp_path / "n.parquet").num_rows == 2


def test_query_honours_the_moment(project: Path, labelled: Path, ask: Ask) -> None:
    count = "select count(*) from images"
    before = ask("query", count, project=project)
    with open(labelled, "a") as file:
        file.write("p4.png,a,1,2,10,12\n")
    noise = np.random.default_rng(9).integers(0, 256, (24, 32, 3), np.uint8)
    Image.fromarray(noise).save(labelled.parent / "p4.png")
    assert ask("ingest", labelled, project=project)["objects"] == 1
    assert ask("query", count, project=project)["rows"] == [[5]]
    for _ in range(2):
        then = ask("query", count, "--as-of", before["as_of"], project=project)
        assert then["rows"] == [[4]]
        assert then["as_of"] == before["as_of"]
        assert ask("run", "history", project=project)["status"] == "done"


def test_runs_are_listed(project: Path, ask: Ask) -> None:
    ran = ask("run", "history", project=project)
    assert ran["pipeline"] == "history"
    assert ran["rows"] > 0
    assert ran["seconds"] > 0
    assert [run["run_id"] for run in ask("runs", project=project)] == [ran["run_id"]]
    told = ask("runs", ran["run_id"], project=project)
    assert [(step["number"], step["name"], step["rows"]) for step in told["steps"]] == [
        (1, "load", ran["rows"])
    ]
    assert told["log"][-1]["line"].startswith(f"load: done, {ran['rows']:,} rows in ")
    assert {**ran, "steps": told["steps"], "log": told["log"]} == told


def test_the_queue_says_what_to_review_next_and_why(project: Path, run: Ask, ask: Ask) -> None:
    found = ask("queue", "--app", "cells", "--strategy", "oldest", project=project)
    assert found["strategy"] == "oldest"
    assert found["total"] == found["progress"]["remaining"] == len(found["items"])
    wrong = run("queue", "--app", "cells", "--strategy", "best", project=project)
    assert wrong.code == 1
    assert "strategy 'best' is not one of requested, uncertain" in wrong.err


def test_snapshots_freeze_and_are_found(project: Path, ask: Ask) -> None:
    made = ask("snapshot", "create", "first", "--app", "cells", project=project)
    assert made["images"] == 4
    assert sum(made["parts"].values()) == 4
    assert [one["name"] for one in ask("snapshot", "list", project=project)] == ["first"]
    assert ask("snapshot", "show", "first", project=project)["sha256"] == made["sha256"]
    query = "snapshot=first&reviewed=yes&source=ingest"
    chosen = ask(
        "snapshot", "create", "chosen", "--app", "cells", "--filter", query, project=project
    )
    assert chosen["images"] == made["images"]
    assert chosen["definition"]["selection"]["filter"]["reviewed"] == "yes"


def test_coco_holds_every_reviewed_image(project: Path, tmp_path: Path, ask: Ask) -> None:
    done = ask("export", "coco", "--out", tmp_path / "coco", project=project)
    assert (done["images"], done["annotations"]) == (4, 4)
    assert Path(done["path"]) == tmp_path / "coco" / "annotations.json"
    written = json.loads(Path(done["path"]).read_text())
    assert len(written["images"]) == 4
    assert len(list((tmp_path / "coco" / "images").iterdir())) == 4


def test_verify_is_ok_until_bytes_are_gone(project: Path, run: Ask, ask: Ask) -> None:
    assert ask("verify", project=project)["verify"] == "ok"
    objects = project / "lake" / "objects"
    victim = next(path for path in objects.rglob("*") if path.is_file())
    victim.write_bytes(b"something else")
    done = run("verify", "--json", project=project)
    assert done.code == 1
    found = done.json
    assert found["verify"] == "amiss"
    assert found["findings"][0]["subject"] == victim.name


def test_doctor_reaches_every_backend(project: Path, ask: Ask) -> None:
    found = ask("doctor", project=project)
    assert found["ok"] is True
    assert {check["name"] for check in found["checks"]} >= {"operational database", "object store"}


def test_users_and_tokens_come_and_go(project: Path, ask: Ask) -> None:
    added = ask("user", "add", "ada", "--role", "reviewer", project=project)
    assert added["password"]
    assert ask("user", "list", project=project)[0]["role"] == "reviewer"
    assert ask("user", "disable", "ada", project=project)["disabled_at"]
    made = ask(
        "token", "create", "ci", "--role", "user", "--app", "cells", "--expires", "90d",
        project=project,
    )  # fmt: skip
    assert made["token"].startswith("mp_")
    (kept,) = ask("token", "list", project=project)
    assert (kept["name"], kept["app"], kept["revoked_at"]) == ("ci", "cells", None)
    assert made["token"] not in json.dumps(kept)
    assert ask("token", "revoke", "ci", project=project) == {"revoked": 1}


def test_local_commands_are_audited_under_the_users_name(project: Path, ask: Ask) -> None:
    made = ask("snapshot", "create", "first", project=project)
    assert made["created_by"].startswith("os:")
