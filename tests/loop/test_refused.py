"""What a project refuses as a whole, each with one line that says what to do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from backends import change, opened
from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing
from running import MILLPOND, Server


def refused(*arguments: str | Path) -> str:
    """What a command that fails says; it is one line."""
    done = subprocess.run(
        [*MILLPOND, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_two_servers_of_one_project(server: Server) -> None:
    assert "is served already, by process" in refused("up", "--project", server.project)


@pytest.mark.parametrize("where", ["file", "database"])
def test_a_project_of_a_newer_format(new_project: Callable[..., Path], where: str) -> None:
    project = new_project("--task", "detection", "--labels", "a")
    if where == "file":
        toml = project / "millpond.toml"
        toml.write_text(toml.read_text().replace("format = 3", "format = 99"))
    else:
        subprocess.run([*MILLPOND, "runs", "--project", str(project)], check=True)
        with opened(project) as engine:
            change(engine, "update project_facts set value = '99' where name = 'format'")
    for command in (["up"], ["query", "select 1"]):
        assert "install a newer millpond" in refused(*command, "--project", project)


def test_a_package_whose_checksum_is_wrong(new_project: Callable[..., Path]) -> None:
    project = new_project("--task", "classification", "--labels", "a,b")
    folder = project / "package"
    a_package().write(folder)
    model = bytearray((folder / "model.onnx").read_bytes())
    model[-1] ^= 1
    (folder / "model.onnx").write_bytes(model)
    said = refused("models", "import", folder, "--project", project)
    assert "model.onnx" in said
    listed = subprocess.run(
        [*MILLPOND, "models", "list", "--json", "--project", str(project)],
        capture_output=True,
        check=True,
    )
    assert listed.stdout.strip() == b"[]"


def a_package() -> ModelPackage:
    """A model that averages the picture into two scores."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
            helper.make_node("MatMul", ["mean", "weights"], ["scores"]),
        ],
        "mean",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 2])],
        [
            helper.make_tensor(
                "weights", TensorProto.FLOAT, [3, 2], np.ones((3, 2), np.float32).tobytes(), True
            )
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return ModelPackage(
        app="cells",
        task="classification",
        labels=("a", "b"),
        preprocessing=Preprocessing(width=8, height=8, channels="RGB", fit="stretch"),
        outputs=Outputs("logits"),
        model=model.SerializeToString(),
    )
