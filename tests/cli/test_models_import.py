"""``millpond models import``: from a file to a model that serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

import millpond
from finders import DESCRIPTIONS, SCORE, as_png, finder, picture
from running import Server

Ask = Callable[..., Any]
BOX = [20, 8, 60, 40]


@pytest.fixture
def shapes(new_project: Callable[..., Path]) -> Path:
    """A project that finds red and blue things."""
    return new_project("--task", "detection", "--labels", "red,blue", name="shapes")


@pytest.fixture
def brought(tmp_path: Path) -> Callable[[str], list[str | Path]]:
    """Writes a model of a family and its description; gives the arguments of the command."""

    def bring(family: str) -> list[str | Path]:
        (tmp_path / "model.onnx").write_bytes(finder(family))
        (tmp_path / "model.toml").write_text(DESCRIPTIONS[family])
        return [tmp_path / "model.onnx", "--description", tmp_path / "model.toml"]

    return bring


def test_a_file_is_tried_registered_promoted_and_serves(
    shapes: Path, ask: Ask, brought: Callable[[str], list[str | Path]], tmp_path: Path
) -> None:
    (tmp_path / "one.png").write_bytes(as_png(picture(BOX, "blue")))
    made = ask(
        "models",
        "import",
        *brought("sigmoid_detr"),
        "--image",
        tmp_path / "one.png",
        project=shapes,
    )
    assert made.pop("best") == [
        {"label": "blue", "score": pytest.approx(SCORE), "box": pytest.approx(BOX)}
    ]
    assert made == {
        "model_version": "shapes-1",
        "app": "shapes",
        "tried_on": str(tmp_path / "one.png"),
        "found": 1,
        "metrics": {},
    }
    assert ask("models", "show", "shapes-1", project=shapes)["aliases"] == []
    ask("models", "promote", "shapes-1", project=shapes)
    with millpond.open(shapes) as project:
        assert isinstance(project, millpond.Project)
        answer = project.predict(as_png(picture([4, 4, 30, 60])))
    assert answer["model_version"] == "shapes-1"
    assert [one["label"] for one in answer["predictions"]] == ["red"]
    assert answer["predictions"][0]["box"] == pytest.approx([4, 4, 30, 60])


def test_without_an_image_it_is_tried_on_the_newest(
    shapes: Path, ask: Ask, brought: Callable[[str], list[str | Path]]
) -> None:
    made = ask("models", "import", *brought("v8"), project=shapes)
    assert made["tried_on"] == "a picture made for it"
    with millpond.open(shapes) as project:
        assert isinstance(project, millpond.Project)
        project.predict(as_png(picture([0, 0, 8, 8])))
        project.predict(as_png(picture(BOX)))
    made = ask("models", "import", *brought("v8"), project=shapes)
    assert made["tried_on"] == "the newest image of shapes"
    assert made["best"][0]["box"] == pytest.approx(BOX)


def test_what_people_are_told(
    shapes: Path, run: Callable[..., Any], brought: Callable[[str], list[str | Path]]
) -> None:
    file = brought("v8")[0]
    refused = run("models", "import", file, project=shapes)
    assert refused.code == 1
    assert "say what that means: --adapter NAME" in refused.err
    done = run("models", "import", file, "--adapter", "yolo", project=shapes)
    assert done.code == 0, done.err
    assert done.out.decode().startswith("Registered as shapes-1; it found ")
    assert "millpond models promote shapes-1 --app shapes" in done.out.decode()


def test_a_package_of_another_project_keeps_all_that_it_says(
    shapes: Path,
    ask: Ask,
    run: Callable[..., Any],
    brought: Callable[[str], list[str | Path]],
    tmp_path: Path,
) -> None:
    ask("models", "import", *brought("detections"), project=shapes)
    ask("models", "export", "shapes-1", "--out", tmp_path / "package", project=shapes)
    assert ask("models", "import", tmp_path / "package", project=shapes)["found"] >= 0
    with millpond.open(shapes) as project:
        assert isinstance(project, millpond.Project)
        first, second = (project.registry.package(f"shapes-{number}") for number in (1, 2))
    assert (second.outputs, second.preprocessing) == (first.outputs, first.preprocessing)
    assert second.outputs.classes == ("", "red", "blue")
    for extra in (["--adapter", "yolo"], ["--description", tmp_path / "model.toml"]):
        refused = run("models", "import", tmp_path / "package", *extra, project=shapes)
        assert "has all that a description says" in refused.err


def test_what_is_no_model(shapes: Path, run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "weights.pt").write_bytes(b"PK\x03\x04rest")
    for name, message in (
        ("none.onnx", "there is no file or folder"),
        ("folder", "holds no model: a package has package.json"),
        ("weights.pt", "a ZIP archive, such as PyTorch writes"),
    ):
        refused = run("models", "import", tmp_path / name, project=shapes)
        assert refused.code == 1
        assert message in refused.err
    with millpond.open(shapes) as project:
        assert isinstance(project, millpond.Project)
        assert project.registry.list() == []


def test_measured_on_a_snapshot_it_is_compared_and_its_drift_can_be_told(
    shapes: Path, ask: Ask, run: Ask, brought: Callable[[str], list[str | Path]], tmp_path: Path
) -> None:
    reviewed = tmp_path / "reviewed"
    reviewed.mkdir()
    lines = ["path,label,x_min,y_min,x_max,y_max"]
    for number in range(40):
        box, label = [2 * number, 4, 2 * number + 40, 36], ("red", "blue")[number % 2]
        (reviewed / f"{number}.png").write_bytes(as_png(picture(box, label)))
        lines.append(f"{number}.png,{label},{','.join(map(str, box))}")
    (reviewed / "labels.csv").write_text("\n".join(lines))
    ask("ingest", reviewed, project=shapes)
    parts = ask("snapshot", "create", "first", project=shapes)["parts"]
    assert parts["val"] > 0

    assert ask("models", "import", *brought("v8"), project=shapes)["metrics"] == {}
    ask("models", "promote", "shapes-1", project=shapes)
    made = ask("models", "import", *brought("sigmoid_detr"), "--snapshot", "first", project=shapes)
    assert made["metrics"]["val"]["map50"] == pytest.approx(1)
    told = ask("models", "show", "shapes-2", project=shapes)
    assert told["snapshot_id"] is None
    assert told["profile"]["looks"]["images"] == parts["train"]
    assert told["profile"]["answers"]["images"] == parts["val"]
    assert sum(told["profile"]["answers"]["labels"].values()) == parts["val"]

    # Both find everything, so the new one is not better; and one without a snapshot says so.
    refused = run("models", "promote", "shapes-2", project=shapes)
    assert refused.code == 1
    assert f"not better than shapes-1 on the {parts['val']} validation images" in refused.err
    ask("models", "import", *brought("v8"), project=shapes)
    refused = run("models", "promote", "shapes-3", project=shapes)
    assert "import it with --snapshot NAME" in refused.err
    refused = run("models", "import", *brought("v8"), "--snapshot", "second", project=shapes)
    assert "no snapshot 'second'" in refused.err


def test_an_adapter_of_ones_own(shapes: Path, tmp_path: Path) -> None:
    @millpond.adapter("first-place")
    def first_place(
        outputs: list[NDArray[Any]], frame: millpond.Frame, *, lift: float = 0.0
    ) -> millpond.Answers:
        boxes, _, scores = outputs
        named = np.zeros((1, frame.classes), np.float32)
        named[0, 0] = scores[0] + lift
        return millpond.Answers(named, boxes)

    (tmp_path / "model.onnx").write_bytes(finder("detections"))
    (tmp_path / "model.toml").write_text(
        '[outputs]\nadapter = "first-place"\nbatch = false\nparameters = { lift = 0.05 }'
    )
    (tmp_path / "one.png").write_bytes(as_png(picture(BOX)))
    with millpond.open(shapes) as project:
        assert isinstance(project, millpond.Project)
        made = project.import_model(
            tmp_path / "model.onnx",
            description=tmp_path / "model.toml",
            image=tmp_path / "one.png",
        )
    assert made.found[0].score == pytest.approx(SCORE + 0.05)
    with pytest.raises(millpond.MillpondError, match="'yolo' is built in"):
        millpond.adapter("yolo")


def test_families_take_turns_on_a_server_that_runs(
    shapes: Path, ask: Ask, brought: Callable[[str], list[str | Path]]
) -> None:
    server = Server(shapes).start()
    try:
        headers = {"Authorization": f"Bearer {server.token}"}
        for number, family in enumerate(("v8", "flat_retinanet", "sigmoid_detr"), 1):
            version = f"shapes-{number}"
            made = ask("models", "import", *brought(family), project=shapes)
            assert made["model_version"] == version
            ask("models", "promote", version, "--force", "--reason", "a turn", project=shapes)
            box = [8 * number, 4, 60 + number * 4, 40]
            answer = httpx.post(
                f"{server.url}/api/v1/apps/shapes/predict",
                content=as_png(picture(box, "blue")),
                headers=headers,
            ).json()
            assert answer["model_version"] == version
            [found] = answer["predictions"]
            assert found["label"] == "blue"
            assert found["box"] == pytest.approx(box, abs=1e-2)
    finally:
        server.stop()
