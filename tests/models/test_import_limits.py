"""A model that hangs, takes all memory or runs code is ended or refused, and hurts nobody."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from finders import Graph, finder, pixels_input
from millpond.errors import Invalid
from millpond.models.trial import Trial

FEED = {"images": np.zeros((1, 3, 64, 64), np.float32)}


def endless() -> bytes:
    """A model that adds one, for ages."""
    inside = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["number", "number"], ["more"]),
        ],
        "inside",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("number", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("more", TensorProto.FLOAT, None),
        ],
    )
    graph = Graph()
    turns = graph.constant(1 << 60, np.int64)
    start = graph.add("ReduceMax", "images")
    looped = graph.add("Loop", turns, graph.constant(True, np.bool_), start, body=inside)
    return graph.model([pixels_input()], {"out": looped})


def test_a_model_that_hangs_is_ended() -> None:
    started = time.monotonic()
    with (
        pytest.raises(Invalid, match="trying the model took more than 2 seconds"),
        Trial(endless(), seconds=2) as trial,
    ):
        trial.compute(FEED)
    assert time.monotonic() - started < 10


def test_a_model_that_wants_all_memory_does_not_get_it() -> None:
    graph = Graph()
    sides = graph.constant([64, 1024, 1024, 64], np.int64)
    wide = graph.add("Expand", graph.add("ReduceMax", "images", keepdims=0), sides)
    model = graph.model([pixels_input()], {"out": wide})
    with pytest.raises(Invalid, match=r"memory|alloc"), Trial(model, memory_mb=1024) as trial:
        trial.compute(FEED)


def test_an_answer_that_is_too_long_is_refused() -> None:
    graph = Graph()
    sides = graph.constant([600, 512, 512], np.int64)
    wide = graph.add("Expand", graph.add("ReduceMax", "images", keepdims=0), sides)
    model = graph.model([pixels_input()], {"out": wide})
    with pytest.raises(Invalid, match="gives 600 MB for one picture"), Trial(model) as trial:
        trial.compute(FEED)


def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(finder("v8"))
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom millpond.models.trial import Trial\n"
        "trial = Trial(Path(sys.argv[1]).read_bytes())\n"
        "print(trial._child._process.pid, flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "model.onnx")], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(child)


def _runs(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/millpond-was-run",)


def test_what_could_run_code_or_read_files_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Python pickle"):
        Trial(pickle.dumps(Evil()))
    model = onnx.load_from_string(finder("v8"))
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    tensor.ClearField("raw_data")
    with pytest.raises(Invalid, match="weights in another file"):
        Trial(model.SerializeToString())


def test_an_operator_of_someone_else_is_refused() -> None:
    graph = Graph()
    own = graph.add("EfficientNMS_TRT", "images", domain="TRT")
    model = onnx.load_from_string(graph.model([pixels_input()], {"out": own}))
    model.opset_import.append(helper.make_opsetid("TRT", 1))
    with pytest.raises(Invalid, match=r"does not take this model.*EfficientNMS_TRT"):
        Trial(model.SerializeToString())
