"""A server process with a model that takes the processor a while, and load from another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing
from millpond.project import Project
from running import Server
from serving.helpers import picture

_LOAD = Path(__file__).parents[2] / "benchmarks" / "serving" / "load.py"
APP = "cells"
LABELS = ("a", "b")
PREDICT = f"/api/v1/apps/{APP}/predict"
#: A model of about ten milliseconds: products of matrices of this side, so many.
_SIDE, _TIMES = 512, 8


def package(score: float = 2.0, times: int = _TIMES) -> ModelPackage:
    """A model that thinks for a while, and then always says the same.

    Args:
        score: the first logit; so two models can be told apart by what they answer.
    """
    return ModelPackage(
        app=APP,
        task="classification",
        labels=LABELS,
        preprocessing=Preprocessing(64, 48),
        outputs=Outputs("logits"),
        model=_model(score, times),
    )


def _model(score: float, times: int) -> bytes:
    products = [
        helper.make_node("MatMul", [f"x{number}", "matrix"], [f"x{number + 1}"])
        for number in range(times)
    ]
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["matrix", "mean"], ["x0"]),
        *products,
        helper.make_node("ReduceMean", [f"x{times}"], ["all"], axes=[0, 1], keepdims=0),
        helper.make_node("Mul", ["all", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "answer"], ["logits"]),
    ]
    chance = np.random.default_rng(3)
    matrix = (chance.standard_normal((_SIDE, _SIDE)) / _SIDE**0.5).astype(np.float32)
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, 48, 64])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 2])],
        [
            numpy_helper.from_array(matrix, "matrix"),
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(np.array([[score, 0]], np.float32), "answer"),
        ],
    )
    opset = [helper.make_opsetid("", 13)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return bytes(made.SerializeToString())


def started(folder: Path) -> Server:
    """A server of a project's folder, with the model as the champion of its application."""
    with Project.open(folder) as project:
        version = project.registry.register(package(), by="os:test").version
        project.registry.set_champion(APP, version, by="os:test")
    return Server(folder).start()


@dataclass(frozen=True)
class Load:
    """What is sent to a server by ``benchmarks/serving/load.py``, in a process of its own."""

    server: Server
    images: Path

    @classmethod
    def of(cls, server: Server, folder: Path) -> Load:
        """With some images that are made in a new folder."""
        folder.mkdir()
        for seed in range(8):
            (folder / f"{seed}.jpg").write_bytes(picture(seed, "JPEG"))
        return cls(server, folder)

    def start(self, **asked: float) -> subprocess.Popen[str]:
        """Begin it; see `found`."""
        given = {"port": urlsplit(self.server.url).port, "path": PREDICT}
        given |= {"token": self.server.token, "images": self.images, **asked}
        options = [f"--{name}={value}" for name, value in given.items()]
        return subprocess.Popen(
            [sys.executable, str(_LOAD), *options], stdout=subprocess.PIPE, text=True
        )

    def run(self, **asked: float) -> dict[str, Any]:
        """What it found.

        Args:
            asked: ``clients`` or ``rate``; ``seconds``, and ``warm`` before they count.
        """
        return found(self.start(**asked))


def found(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a load found, once it has ended."""
    said, _ = process.communicate()
    assert process.returncode == 0
    result: dict[str, Any] = json.loads(said)
    return result


@dataclass(frozen=True)
class Held:
    """What a process holds: megabytes of memory, and open files."""

    megabytes: float
    files: int

    @classmethod
    def by(cls, server: Server) -> Held:
        assert server.process is not None
        process = Path("/proc", str(server.process.pid))
        pages = int((process / "statm").read_text().split()[1])
        files = sum(1 for _ in (process / "fd").iterdir())
        return cls(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, files)
