"""What features are used for, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from features.network import network

Ask = Callable[..., Any]


def _images(folder: Path) -> Path:
    """Six red pictures and six blue ones, each with more green than the one before."""
    for place, label in enumerate(("red", "blue")):
        (folder / label).mkdir(parents=True)
        for number in range(6):
            pixels = np.zeros((40, 40, 3), np.uint8)
            pixels[..., place * 2] = 200
            pixels[..., 1] = 15 * number
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
    return folder


def test_features_find_split_and_teach(
    new_project: Callable[..., Path], tmp_path: Path, run: Ask, ask: Ask
) -> None:
    project = new_project("--task", "classification", "--labels", "red,blue")
    images, model = _images(tmp_path / "images"), network(tmp_path / "net.onnx")
    ask("ingest", images, project=project)
    assert ask("features", "--model", model, project=project)["images"] == 12

    sql = "SELECT object_id, label FROM ground_truth"
    truth = dict(ask("query", sql, project=project)["rows"])
    first = next(iter(truth))
    found = ask("similar", first, "--k", "5", project=project)
    assert [one["label"] for one in found] == [truth[first]] * 5
    assert {truth[one["object_id"]] for one in found} == {truth[first]}
    unknown = run("similar", "0199a000-0000-7000-8000-000000000000", project=project)
    assert unknown.code == 1
    assert "has no vector; millpond features makes them" in unknown.err

    made = ask("snapshot", "create", "s", "--similar", "1e-4", project=project)
    assert made["definition"]["alike"]["diameter"] == 1e-4
    learned = ask("train", "--snapshot", "s", "--head", "linear", "--model", model, project=project)
    assert ask("models", "list", project=project)[0]["version"] == learned["model_version"]
    wrong = run("train", "--snapshot", "s", "--head", "round", project=project)
    assert (wrong.code, "'round' is not one of linear, boosted" in wrong.err) == (2, True)


def test_an_image_of_a_prefix_is_named_by_its_path(
    new_project: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    project = new_project("--task", "classification", "--labels", "red,blue")
    images = _images(tmp_path / "images")
    ask("features", images, "--model", network(tmp_path / "net.onnx"), project=project)
    found = ask("similar", images / "red" / "2.png", "--k", "2", project=project)
    names = {str((images / "red" / f"{number}.png").resolve()) for number in (1, 3)}
    assert {one["object_id"] for one in found} == names
