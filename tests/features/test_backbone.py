from __future__ import annotations

import io
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import numpy as np
import onnx
import pytest
import transformers as hf
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.torch import load_file, save_file

from features.checkpoints import FAMILIES, picture, save, wanted
from millpond.errors import Corrupted, Invalid, MillpondError, NotAnImage, NotFound, NotInstalled
from millpond.features.backbone import Backbone
from millpond.features.find_backbone import MANIFEST, find_backbone
from millpond.features.image_preprocessing import ImagePreprocessing
from millpond.raw.decode import decode, decode_image
from millpond.raw.limits import Limits


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in a folder."""
    return save("resnet", tmp_path_factory.mktemp("published") / "resnet-tiny")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The cache of Hugging Face, empty, on a machine without a network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def as_png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def vector(backbone: Backbone, image: Image.Image) -> NDArray[np.float32]:
    return backbone.open().vector(as_png(image), Limits())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_gives_the_vectors_of_its_own_library(family: str, tmp_path: Path) -> None:
    folder = save(family, tmp_path / family)
    backbone = find_backbone(str(folder), tmp_path / "cache")
    for image in (picture(50, 200, 130), picture(51, 31, 90)):
        expected = wanted(family, folder, image)
        assert backbone.dimension == len(expected)
        assert expected.std() > 1e-3, "the network collapsed, so it could prove nothing"
        np.testing.assert_allclose(vector(backbone, image), expected, rtol=1e-3, atol=1e-4)


def test_a_checkpoint_is_converted_once_and_goes_to_other_processes(
    resnet: Path, tmp_path: Path
) -> None:
    code = (
        "import pickle, sys; from pathlib import Path\n"
        "from millpond.features.find_backbone import find_backbone\n"
        "found = find_backbone(sys.argv[1], Path(sys.argv[2]))\n"
        "print(pickle.dumps(found).hex())"
    )
    line = [sys.executable, "-c", code, str(resnet), str(tmp_path)]
    both = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [pickle.loads(bytes.fromhex(one.communicate()[0].strip())) for one in both]
    again = find_backbone(str(resnet), tmp_path)
    assert answers == [again, again]
    (kept,) = tmp_path.iterdir()
    assert kept.name.startswith("resnet-tiny-")
    assert again.model.startswith("resnet-tiny-")
    modified = again.path.stat().st_mtime_ns
    assert find_backbone(str(resnet), tmp_path).path.stat().st_mtime_ns == modified
    assert vector(again, picture(0)).shape == (32,)


def test_a_process_has_one_session_and_sees_that_a_file_was_changed(
    resnet: Path, tmp_path: Path
) -> None:
    backbone = find_backbone(str(resnet), tmp_path)
    assert backbone.open() is pickle.loads(pickle.dumps(backbone)).open()
    moved = Backbone(
        backbone.name,
        backbone.model,
        tmp_path / "changed.onnx",
        backbone.dimension,
        backbone.preprocessing,
    )
    moved.path.write_bytes(backbone.path.read_bytes()[:-1] + b"\0")
    with pytest.raises(Corrupted, match="was changed"):
        moved.open()
    (backbone.path.parent / MANIFEST).write_text("{}")
    with pytest.raises(Corrupted, match="remove that folder"):
        find_backbone(str(resnet), tmp_path)


def test_other_weights_are_another_model(resnet: Path, tmp_path: Path) -> None:
    other = tmp_path / "resnet-tiny"
    shutil.copytree(resnet, other)
    weights = load_file(other / "model.safetensors")
    name = next(name for name in weights if name.endswith("convolution.weight"))
    save_file({**weights, name: weights[name] * 1.5}, other / "model.safetensors")
    one, two = (find_backbone(str(folder), tmp_path / "cache") for folder in (resnet, other))
    assert one.model != two.model
    assert not np.allclose(vector(one, picture(0)), vector(two, picture(0)))


def test_missing_weights_are_refused_and_never_made_up(resnet: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(resnet, broken)
    weights = load_file(broken / "model.safetensors")
    for end in ("convolution.weight", "running_var"):
        name = next(name for name in weights if name.endswith(end))
        save_file({n: w for n, w in weights.items() if n != name}, broken / "model.safetensors")
        with pytest.raises(Invalid, match="lacks 1 weights") as refused:
            find_backbone(str(broken), tmp_path / "cache")
        assert name in str(refused.value)
    assert not (tmp_path / "cache").exists()


def test_a_head_that_is_cut_off_may_be_missing(tmp_path: Path) -> None:
    folder = save("vit", tmp_path / "vit")
    weights = load_file(folder / "model.safetensors")
    body = {name: weight for name, weight in weights.items() if not name.startswith("pooler.")}
    assert len(body) == len(weights) - 2
    save_file(body, folder / "model.safetensors", {"format": "pt"})
    backbone = find_backbone(str(folder), tmp_path / "cache")
    expected = wanted("vit", folder, picture(0))
    np.testing.assert_allclose(vector(backbone, picture(0)), expected, rtol=1e-3, atol=1e-4)


def test_what_is_no_safe_checkpoint_is_refused(resnet: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(Invalid, match=r"has no model\.safetensors"):
        find_backbone(str(folder), tmp_path / "cache")
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x02.")
    with pytest.raises(Invalid, match="a Python pickle, which can run code"):
        find_backbone(str(folder), tmp_path / "cache")
    shutil.copy(resnet / "model.safetensors", folder)
    with pytest.raises(Invalid, match=r"has no config\.json"):
        find_backbone(str(folder), tmp_path / "cache")
    for name in ("config.json", "preprocessor_config.json"):
        shutil.copy(resnet / name, folder)
    (folder / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(Invalid, match="transformers cannot read the checkpoint"):
        find_backbone(str(folder), tmp_path / "cache")


def test_code_of_a_checkpoint_is_never_run(resnet: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(resnet, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.C", "AutoModel": "own.M"}}
    (folder / "config.json").write_text(json.dumps(config))
    mark = tmp_path / "ran"
    (folder / "own.py").write_text(f"open({str(mark)!r}, 'w')")
    with pytest.raises(Invalid, match="cannot read the checkpoint"):
        find_backbone(str(folder), tmp_path / "cache")
    assert not mark.exists()


def test_weights_that_cannot_be_fetched_say_how_to_bring_them(
    offline: Path, tmp_path: Path
) -> None:
    with pytest.raises(NotInstalled) as refused:
        find_backbone(None, tmp_path / "cache")
    said = str(refused.value)
    assert "hf download google/efficientnet-b0 --local-dir efficientnet-b0" in said
    assert "--model efficientnet-b0" in said
    assert "\n" not in said


def test_a_name_is_found_on_this_machine_and_then_kept(
    offline: Path, resnet: Path, tmp_path: Path
) -> None:
    place = offline / "models--someone--resnet-tiny"
    shutil.copytree(resnet, place / "snapshots" / "0123")
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("0123")
    found = find_backbone("someone/resnet-tiny", tmp_path / "cache")
    assert found.name == "someone/resnet-tiny"
    assert found.model == find_backbone(str(resnet), tmp_path / "other").model
    shutil.rmtree(offline)
    assert find_backbone("someone/resnet-tiny", tmp_path / "cache") == found
    with pytest.raises(NotInstalled):
        find_backbone("another/resnet-tiny", tmp_path / "cache")


@pytest.mark.parametrize("asked", ["nowhere/model.onnx", "../nowhere", "a/b/c", "--x"])
def test_a_path_that_is_not_there_is_no_name(asked: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file or folder"):
        find_backbone(asked, tmp_path)


def bare(path: Path, shape: list[int | str], *, axes: list[int] | None) -> Path:
    """An ONNX file whose vector is the mean of each channel, or the channels themselves."""
    thrice = numpy_helper.from_array(np.array(3.0, np.float32), "three")
    nodes = [helper.make_node("Mul", ["picture", "three"], ["tripled"])]
    if axes:
        nodes.append(helper.make_node("ReduceMean", ["tripled"], ["out"], axes=axes, keepdims=0))
    else:
        nodes.append(helper.make_node("Identity", ["tripled"], ["out"]))
    graph = helper.make_graph(
        nodes,
        "bare",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [thrice],
    )
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


@pytest.mark.parametrize("axes", [[2, 3], None])
@pytest.mark.parametrize("batch", [1, "n"])
def test_a_bare_file_is_fed_as_the_contract_says(
    axes: list[int] | None, batch: int | str, tmp_path: Path
) -> None:
    path = bare(tmp_path / "Mean of 3.onnx", [batch, 3, 20, 30], axes=axes)
    backbone = find_backbone(str(path), tmp_path / "cache")
    image = picture(1)
    small = np.asarray(image.resize((30, 20), Image.Resampling.BILINEAR), np.float64)
    np.testing.assert_allclose(vector(backbone, image), 3 * small.mean((0, 1)) / 255, rtol=1e-5)
    assert backbone.model.startswith("mean-of-3-")
    assert (backbone.dimension, backbone.path) == (3, path)
    assert not (tmp_path / "cache").exists()


def test_a_bare_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    for shape in ([1, 3, "h", "w"], [1, 1, 20, 30], [1, 3, 20]):
        path = bare(tmp_path / "model.onnx", shape, axes=None)
        with pytest.raises(
            Invalid, match=r"a backbone takes 32-bit floats \[1, 3, height, width\]"
        ):
            find_backbone(str(path), tmp_path)
    with pytest.raises(Invalid, match="a backbone gives"):
        find_backbone(str(bare(tmp_path / "model.onnx", [1, 3, 20, 30], axes=[3])), tmp_path)
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04")
    with pytest.raises(Invalid, match="a ZIP archive, such as PyTorch writes"):
        find_backbone(str(tmp_path / "model.pt"), tmp_path)


def test_a_lower_precision_is_another_model_with_almost_the_same_vectors(
    resnet: Path, tmp_path: Path
) -> None:
    openvino = pytest.importorskip("openvino", reason="the extra openvino is not installed")
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bf16")
    full = find_backbone(str(resnet), tmp_path)
    lower = find_backbone(str(resnet), tmp_path, "bf16")
    assert lower.model.startswith("resnet-tiny-bf16-")
    assert lower.path == full.path
    one, other = vector(full, picture(7)), vector(pickle.loads(pickle.dumps(lower)), picture(7))
    assert not np.array_equal(one, other)
    assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.999


def test_an_unknown_precision_is_refused(resnet: Path, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="precision 'int4' is not one of fp32, bf16"):
        find_backbone(str(resnet), tmp_path, "int4")


PROCESSORS = {
    "stretch": hf.ViTImageProcessorPil(size={"height": 48, "width": 64}),
    "shorter side, cropped": hf.CLIPImageProcessorPil(
        size={"shortest_edge": 60}, crop_size={"height": 50, "width": 70}
    ),
    "stretched, cropped": hf.EfficientNetImageProcessorPil(
        size={"height": 61, "width": 62},
        crop_size={"height": 40, "width": 51},
        do_center_crop=True,
        resample=3,
    ),
    "offset": hf.EfficientNetImageProcessorPil(
        size={"height": 40, "width": 40}, rescale_factor=1 / 127.5, rescale_offset=True
    ),
    "not divided again": hf.EfficientNetImageProcessorPil(
        size={"height": 40, "width": 40}, include_top=False, do_normalize=False
    ),
    "share of the picture": hf.ConvNextImageProcessorPil(size={"shortest_edge": 50}, crop_pct=0.8),
    "blue first": hf.MobileViTImageProcessorPil(
        size={"shortest_edge": 60}, crop_size={"height": 50, "width": 50}
    ),
    "large and whole": hf.ConvNextImageProcessorPil(size={"shortest_edge": 384}),
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_preprocessing_is_that_of_the_checkpoint(name: str) -> None:
    processor = PROCESSORS[name]
    ours = ImagePreprocessing.of_processor(processor.to_dict())
    assert ImagePreprocessing.from_json(json.loads(json.dumps(ours.as_json()))) == ours
    for width, height in ((90, 70), (70, 91), (33, 20), (64, 48), (41, 300)):
        image = picture(3, width, height)
        expected = processor(image, return_tensors="np")["pixel_values"]
        tensor = ours.tensor(image)
        assert tensor.dtype == np.float32
        assert tensor.flags.c_contiguous
        np.testing.assert_allclose(tensor, expected, rtol=0, atol=1e-4)


def test_preprocessing_without_one_size_is_refused() -> None:
    for processor in (
        hf.ViTImageProcessorPil(size={"shortest_edge": 50}),
        hf.ViTImageProcessorPil(size={"shortest_edge": 50, "longest_edge": 90}),
        hf.ViTImageProcessorPil(do_resize=False),
    ):
        with pytest.raises(MillpondError):
            ImagePreprocessing.of_processor(processor.to_dict())


def test_pictures_are_those_of_decode() -> None:
    grey = (np.arange(4800).reshape(60, 80) * 13).astype(np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    sources = {
        "JPEG": (picture(1), {"quality": 90, "exif": exif}),
        "PNG": (picture(2).convert("RGBA"), {}),
        "WebP": (picture(3), {"lossless": True}),
        "TIFF": (picture(4).convert("CMYK"), {}),
        "BMP": (picture(5).convert("P"), {}),
        "deep": (Image.fromarray(grey), {}),
    }
    for name, (image, options) in sources.items():
        out = io.BytesIO()
        image.save(out, "PNG" if name == "deep" else name, **options)
        found = decode_image(out.getvalue())
        assert found.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(found), decode(out.getvalue()).pixels)
    with pytest.raises(NotAnImage, match="truncated or damaged"):
        decode_image(out.getvalue()[:200])
