from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from millpond.errors import Conflict, Corrupted, DiskFull, Invalid, NotFound
from millpond.models.onnx_format import check_onnx
from millpond.models.package import MANIFEST, MODEL, ModelPackage, Outputs

Make = Callable[..., ModelPackage]


def test_what_is_written_is_read(tmp_path: Path, make_package: Make) -> None:
    package = make_package()
    package.write(tmp_path / "new" / "model")
    assert ModelPackage.read(tmp_path / "new" / "model") == package
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["model"]


def test_a_package_without_snapshot(tmp_path: Path, make_package: Make) -> None:
    make_package(snapshot=None).write(tmp_path / "model")
    assert ModelPackage.read(tmp_path / "model").snapshot is None


@pytest.mark.parametrize("name", [MODEL, MANIFEST])
def test_a_changed_byte_is_found_and_the_file_named(
    tmp_path: Path, make_package: Make, name: str
) -> None:
    make_package().write(tmp_path / "model")
    path = tmp_path / "model" / name
    data = path.read_bytes()
    changed = data.replace(b"green", b"groen") if name == MANIFEST else data[:-1] + b"\x00"
    assert changed != data
    path.write_bytes(changed)
    with pytest.raises(Corrupted, match=name):
        ModelPackage.read(tmp_path / "model")


def test_a_missing_file_is_named(tmp_path: Path, make_package: Make) -> None:
    make_package().write(tmp_path / "model")
    (tmp_path / "model" / MODEL).unlink()
    with pytest.raises(Corrupted, match=f"{MODEL} is missing"):
        ModelPackage.read(tmp_path / "model")


def test_a_folder_without_manifest_is_no_package(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is no model package"):
        ModelPackage.read(tmp_path)


def test_a_file_that_is_not_listed_is_refused(tmp_path: Path, make_package: Make) -> None:
    make_package().write(tmp_path / "model")
    (tmp_path / "model" / "weights.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(Invalid, match=r"weights\.pkl"):
        ModelPackage.read(tmp_path / "model")


def test_a_link_is_no_file_of_a_package(tmp_path: Path, make_package: Make) -> None:
    make_package().write(tmp_path / "model")
    shutil.move(tmp_path / "model" / MODEL, tmp_path / "elsewhere")
    (tmp_path / "model" / MODEL).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Invalid, match=MODEL):
        ModelPackage.read(tmp_path / "model")


def test_a_newer_format_is_refused(tmp_path: Path, make_package: Make) -> None:
    make_package().write(tmp_path / "model")
    path = tmp_path / "model" / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(Invalid, match="format 2"):
        ModelPackage.read(tmp_path / "model")


def test_a_package_is_never_overwritten(tmp_path: Path, make_package: Make) -> None:
    make_package().write(tmp_path / "model")
    with pytest.raises(Conflict, match="exists already"):
        make_package().write(tmp_path / "model")


def test_nothing_is_left_when_the_disk_is_full(
    tmp_path: Path, make_package: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="no room"):
        make_package().write(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "regression"}, "'regression' is not one of detection, classification"),
        ({"labels": ()}, "empty or not distinct"),
        ({"labels": ("a", "a")}, "empty or not distinct"),
        ({"outputs": Outputs("magic")}, "'magic' is not one of detections, detr, .*logits, retina"),
        ({"model": b""}, "is empty"),
        ({"model": pickle.dumps({"weights": 1})}, "Python pickle"),
        ({"model": b"PK\x03\x04rest"}, "ZIP archive"),
        ({"model": b"hello, this is no model"}, "not an ONNX model"),
        ({"model": b"\x3a\xff\xff\xff\xff\x0f"}, "not an ONNX model"),
    ],
)
def test_what_is_no_model_is_refused(
    make_package: Make, change: dict[str, object], message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        make_package(**change)


def external() -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def test_weights_in_another_file_are_refused(onnx_model: onnx.ModelProto) -> None:
    onnx_model.graph.initializer.append(external())
    with pytest.raises(Invalid, match="in another file"):
        check_onnx(onnx_model.SerializeToString())


def test_weights_in_another_file_are_found_in_the_depth(onnx_model: onnx.ModelProto) -> None:
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=external())], "inner", [], []
    )
    onnx_model.graph.node.append(
        helper.make_node("If", ["yes"], ["c"], then_branch=inner, else_branch=inner)
    )
    with pytest.raises(Invalid, match="in another file"):
        check_onnx(onnx_model.SerializeToString())


def test_a_whole_model_passes(onnx_model: onnx.ModelProto) -> None:
    check_onnx(onnx_model.SerializeToString())
