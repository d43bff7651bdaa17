"""A package from outside registers as the built-in ones do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from finders import Graph, pixels_input

OUTSIDE = Path(__file__).parent / "outside"


def millpond(site: Path, *arguments: str) -> bytes:
    """What a command prints, with the packages of a folder installed too."""
    return subprocess.run(
        [sys.executable, "-m", "millpond", *arguments],
        env={**os.environ, "PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
    ).stdout


def test_what_another_package_brings_is_known_by_name(tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    shutil.copytree(OUTSIDE, source)
    install = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", *install, str(source)], check=True)
    project = tmp_path / "garden"
    millpond(site, "init", str(project), "--app", "leaves")
    declared = tomllib.loads((project / "millpond.toml").read_text())
    assert declared["apps"]["leaves"]["labels"] == ["oak", "maple"]
    graph = Graph()
    nothing = graph.add("Mul", graph.add("ReduceMax", "images", keepdims=0), graph.constant(0.0))
    label = graph.add("Add", nothing, graph.constant(1.0))
    (tmp_path / "model.onnx").write_bytes(graph.model([pixels_input()], {"label": label}))
    (tmp_path / "model.toml").write_text(
        '[outputs]\nadapter = "one-hot"\nbatch = false\nparameters = { sure = 0.75 }'
    )
    said = ["--description", str(tmp_path / "model.toml"), "--project", str(project), "--json"]
    made = json.loads(millpond(site, "models", "import", str(tmp_path / "model.onnx"), *said))
    assert made["best"] == [{"label": "maple", "score": 0.75, "box": None}]
