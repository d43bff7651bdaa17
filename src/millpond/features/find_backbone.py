"""Where a backbone comes from: an ONNX file, a folder with a checkpoint, or a published name."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from PIL import Image

from millpond.durable import write_folder
from millpond.errors import Conflict, Corrupted, Invalid, NotFound, NotInstalled
from millpond.features.backbone import Backbone, Precision, identity, short
from millpond.features.extractor import Extractor
from millpond.features.image_preprocessing import ImagePreprocessing
from millpond.features.weights import CONFIG, check_checkpoint, fetch, weight_files
from millpond.models.onnx import OnnxRuntime
from millpond.models.onnx_format import check_onnx
from millpond.models.runtime import TensorInfo

#: The backbone where none is named; its vectors have 1,280 numbers.
DEFAULT: Final = "google/efficientnet-b0"
MODEL: Final = "model.onnx"
MANIFEST: Final = "backbone.json"

#: The number of the form in which conversions are kept.
_FORMAT: Final = 1
#: How far one's own preprocessing may be from the checkpoint's, in the tensor.
_TOLERANCE: Final = 1e-4
#: The least cosine of a vector in lower precision to the same in 32 bits.
_COSINE: Final = 0.999
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def find_backbone(asked: str | None, cache: Path, precision: Precision = "fp32") -> Backbone:
    """The backbone of a name, a folder or a file.

    Args:
        asked: ``FILE.onnx``, which is taken as it is: fed RGB, resized bilinearly to its
            input, divided by 255; a folder with a checkpoint of `transformers`
            (``config.json``, ``preprocessor_config.json``, ``model.safetensors``); or the
            name of one, looked for among those kept in `cache`, then in the cache of
            Hugging Face on this machine, then fetched. None is `DEFAULT`.
        cache: the folder where converted checkpoints are kept.
        precision: ``bf16`` is faster on processors that have it, and its vectors differ a
            little, so they count as those of another model.

    Raises:
        NotFound: there is no such file or folder.
        NotInstalled: the weights are not on this machine and cannot be fetched, or what
            converts them is not installed; the message says how to bring them.
        Invalid: the file or the checkpoint cannot be used; the message says why.
    """
    if precision not in get_args(Precision):
        raise Invalid(f"precision {precision!r} is not one of {', '.join(get_args(Precision))}")
    backbone = _find(asked or DEFAULT, cache)
    return backbone if precision == "fp32" else _lower(backbone, precision)


def _find(name: str, cache: Path) -> Backbone:
    path = Path(name).expanduser()
    if path.is_file():
        return _of_file(name, path.resolve())
    if path.is_dir():
        return _of_folder(name, path.resolve(), cache)
    if name.endswith(".onnx") or _NAME.fullmatch(name) is None:
        raise NotFound(f"there is no file or folder {name}; name one, or a model such as {DEFAULT}")
    return _kept(name, cache) or _of_folder(name, fetch(name), cache)


def _lower(backbone: Backbone, precision: Precision) -> Backbone:
    """The same network in a lower precision, if its vectors stay close to those it had.

    Raises:
        Invalid: they do not, or this machine cannot.
    """
    name, _, digits = backbone.model.rpartition("-")
    lower = replace(backbone, model=f"{name}-{precision}-{digits}", precision=precision)
    one, other = backbone.open().of_picture(_picture()), lower.open().of_picture(_picture())
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    cosine = float(one @ other) / lengths if lengths else 0.0
    if cosine < _COSINE:
        raise Invalid(
            f"in {precision} the vectors of {backbone.name} have a cosine of {cosine:.4f} to those "
            f"in fp32, less than {_COSINE}; use fp32"
        )
    return lower


def _of_file(name: str, path: Path) -> Backbone:
    """An ONNX file as it is."""
    model = path.read_bytes()
    check_onnx(model)
    taken = OnnxRuntime(model).inputs
    sides = _sides(taken[0]) if len(taken) == 1 else None
    if sides is None:
        raise Invalid(
            f"{name} takes {'; '.join(map(str, taken))}; "
            "a backbone takes 32-bit floats [1, 3, height, width] of a fixed height and width"
        )
    return _made(name, path, model, ImagePreprocessing(*sides))


def _sides(taken: TensorInfo) -> tuple[int, int] | None:
    """Height and width of an input for one picture, where they are fixed."""
    match taken.datatype, taken.shape:
        case "float32", (_, 3, int(height), int(width)):
            return height, width
    return None


def _made(name: str, path: Path, model: bytes, preprocessing: ImagePreprocessing) -> Backbone:
    """The backbone of a file, which shows on a picture what it gives."""
    vector = Extractor(model, preprocessing).of_picture(_picture())
    if not np.isfinite(vector).all():
        raise Invalid(f"{name} gives a vector with numbers that are not finite")
    return Backbone(name, identity(name, model, preprocessing), path, len(vector), preprocessing)


def _of_folder(name: str, folder: Path, cache: Path) -> Backbone:
    """A checkpoint, converted unless it was before."""
    check_checkpoint(folder)
    kept = cache / f"{short(name)}-{_fingerprint(folder)}"
    if not kept.exists():
        _convert(name, folder, kept)
    return replace(_read(kept), name=name)


def _fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits of all that a conversion depends on."""
    digest = hashlib.sha256(str(_FORMAT).encode())
    for path in (folder / CONFIG, folder / "preprocessor_config.json", *weight_files(folder)):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def _convert(name: str, folder: Path, kept: Path) -> None:
    try:
        from millpond.models.checkpoint import convert
    except ImportError as error:
        raise NotInstalled(
            f"converting a checkpoint needs {error.name}: pip install 'millpond[train]'"
        ) from error
    picture = _picture()
    converted = convert(folder, picture)
    preprocessing = ImagePreprocessing.of_processor(converted.processor)
    ours = preprocessing.tensor(picture)
    if ours.shape != converted.tensor.shape or not np.allclose(
        ours, converted.tensor, rtol=0, atol=_TOLERANCE
    ):
        raise Invalid(
            f"the pictures of {name} are prepared in a way that is not known here "
            f"({converted.processor.get('image_processor_type')}); "
            "export the network to ONNX with its preprocessing, and name that file"
        )
    made = _made(name, kept / MODEL, converted.model, preprocessing)
    manifest = {
        "format": _FORMAT,
        "name": made.name,
        "model": made.model,
        "dimension": made.dimension,
        "preprocessing": preprocessing.as_json(),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n"
    try:
        write_folder(kept, {MODEL: converted.model, MANIFEST: text})
    except Conflict:
        # Another process converted the same files meanwhile.
        return


def _kept(name: str, cache: Path) -> Backbone | None:
    """The newest conversion of what was asked for by that name."""
    folders = sorted(cache.glob(f"{short(name)}-*/{MANIFEST}"), key=lambda p: p.stat().st_mtime)
    found = (_read(path.parent) for path in reversed(folders))
    return next((backbone for backbone in found if backbone.name == name), None)


def _read(kept: Path) -> Backbone:
    try:
        manifest: dict[str, Any] = json.loads((kept / MANIFEST).read_bytes())
        preprocessing = ImagePreprocessing.from_json(manifest["preprocessing"])
        name, model, dimension = (manifest[key] for key in ("name", "model", "dimension"))
    except (OSError, ValueError, KeyError) as error:
        raise Corrupted(f"{kept} is no backbone: {error!r}; remove that folder") from error
    return Backbone(name, model, kept / MODEL, dimension, preprocessing)


def _picture() -> Image.Image:
    """A picture of waves in three colours, wider than high; always the same."""
    down, across, period = np.mgrid[0:360, 0:480, 0:3]
    waves = 128 + 100 * np.sin(across / 17) * np.cos(down / (11 + 9 * period))
    return Image.fromarray(waves.astype(np.uint8))
