"""The whole loop on a handful of images, with trainings too short to learn anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from millpond.apps.chest_xray import template
from millpond.demo.loop import Options, run_demo
from millpond.demo.report import show
from millpond.errors import Conflict, UsageError
from millpond.project import Project
from valid_events import assert_valid_events

KEYS = {
    "images_ingested",
    "inferences",
    "annotations",
    "history_rows",
    "mart_images",
    "mart_annotations",
    "promoted",
    "verify",
    "stages",
}


@pytest.mark.timeout(600)
def test_detection(tmp_path: Path) -> None:
    assert template.generate is not None
    template.generate(tmp_path / "data", 24, 0)
    test = len((tmp_path / "data" / "val.txt").read_text().split())
    heard: list[str] = []
    options = Options("cells", tmp_path / "data", tmp_path / "p", steps=2)
    outcome = run_demo(options, by="os:test", tell=lambda stage, done, total: heard.append(stage))

    answer = json.loads(json.dumps(outcome.as_dict()))
    assert answer.keys() >= KEYS | {"map50_before", "map50_control", "map50_after"}
    assert answer["verify"] == "ok"
    assert answer["mart_images"] == 24
    assert answer["images_ingested"] + answer["inferences"] == 24
    assert {stage["stage"] for stage in answer["stages"]} >= {"traffic", "history", "verify"}
    assert "traffic" in heard

    with Project.open(tmp_path / "p") as project:
        # The labels that the reviewer sent are those of the data set.
        truth = project.query("select count(*) as n from ground_truth").to_pylist()
        assert truth == [{"n": answer["mart_annotations"]}]
        by = project.query("select distinct annotator as who from annotations order by who")
        assert by.to_pylist() == [{"who": "import"}, {"who": "token:simulated-reviewer"}]
        second = project.snapshots.get("second")
        assert second.parts["test"] == test
        # No image of the test part came in live, and none was learned from.
        tested = {one.object_id for one in project.snapshots.examples("second", "test")}
        seen = project.query("select object_id from inferences")["object_id"].to_pylist()
        assert not tested & set(seen)
        kinds = {kind.split(".")[1] for kind in assert_valid_events(project.engine)}
        assert kinds == {"object", "inference", "annotation", "model"}

    console = Console(record=True, width=200)
    show(console, outcome)
    said = console.export_text()
    assert "the labels come from the data set" in said
    assert "control" in said

    # An earlier demo is replaced; anything else is not.
    (tmp_path / "p" / "demo").rename(tmp_path / "p" / "mine")
    with pytest.raises(Conflict, match="not of an earlier demo"):
        run_demo(options, by="os:test")


@pytest.mark.timeout(600)
def test_classification(classes: Path, tmp_path: Path) -> None:
    options = Options(None, classes, tmp_path / "p", steps=2)
    outcome = run_demo(options, by="os:test")
    answer = outcome.as_dict()
    assert answer["app"] == "things"
    assert answer.keys() >= {"accuracy_before", "accuracy_control", "accuracy_after"}
    assert answer["verify"] == "ok"
    images = outcome.measured["after"]["images"]
    assert sum(map(sum, answer["confusion_after"])) == images
    with Project.open(tmp_path / "p") as project:
        parts = project.snapshots.get("second").parts
        assert sum(parts.values()) == 120
        assert parts["test"] == images
        # What came in live has the part that was decided for it before.
        given = project.snapshots.get("second").manifest()["split"]["given"]
        assert given == 120
    show(Console(record=True), outcome)


def test_what_does_not_go_together_is_refused(classes: Path, tmp_path: Path) -> None:
    for options, says in (
        (Options("chest-xray", classes, tmp_path / "a"), "is a detection"),
        (Options("fruits", classes, tmp_path / "b"), "label 'cup'"),
        (Options("nobody", None, tmp_path / "c"), "has no generator"),
        (Options("Not Good", classes, tmp_path / "d"), "Not Good"),
    ):
        with pytest.raises(UsageError, match=says):
            run_demo(options, by="os:test")
