"""Large pictures, where decoding dominates: ``python -m benchmarks.features.decoding``.

On the chest X-rays of `MILLPOND_TEST_DATA` (about 1024 x 1024, JPEG and PNG): what reading a
JPEG at a reduced scale and what other decoders give against plain Pillow, and how far that
moves the vectors. Reduced pictures keep at least twice the side of the network (Millpond's
along the longer side). The others are in an environment of their own, and each is compared
with Pillow in its own process, from the bytes of a file to a picture that can be resized.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.features import data
from benchmarks.features.environments import python_of
from benchmarks.features.peers.rounds import Decode, cosines, in_turn
from benchmarks.history.measure import show
from millpond.features.find_backbone import find_backbone
from millpond.raw.decode import decode_image

_SCRIPT = Path(__file__).parent / "peers" / "in_decoders.py"


def main() -> None:
    """Decode in all ways, and compare."""
    arguments = _arguments()
    kept: Path = arguments.keep
    model = arguments.model or data.network(kept / "data", data.images(kept / "data", 96))[0]
    source = Path(os.environ.get("MILLPOND_TEST_DATA", ""), "xray")
    if not source.is_dir():
        raise SystemExit("set MILLPOND_TEST_DATA to the folder that has the chest X-rays, xray/")
    with tempfile.TemporaryDirectory() as folder:
        pictures = by_kind(source, Path(folder))
        found = here(pictures, arguments.backbone or model, arguments.rounds, kept)
        others = beside(python_of("decoders", kept), pictures, model, arguments.rounds)
    table: dict[str, float] = {}
    for kind in ("jpg", "png"):
        table[f"{kind}: files"] = found[kind].pop("files")
        for ways in (found[kind], others[kind]):
            plain = ways["pillow"][0]
            for name, (milliseconds, cosine) in ways.items():
                table[f"{kind}: {name}, ms a file"] = milliseconds
                table[f"{kind}: {name}, times as fast as Pillow"] = plain / milliseconds
                table[f"{kind}: {name}, least cosine"] = cosine
    show("decoding large pictures", table)


def by_kind(source: Path, folder: Path) -> Path:
    """The X-rays in one folder, with an ending that says what they are."""
    for number, path in enumerate(sorted(source.glob("*/*"))):
        kind = "png" if path.read_bytes().startswith(b"\x89PNG") else "jpg"
        shutil.copy(path, folder / f"{number:04}.{kind}")
    return folder


def here(pictures: Path, model: Path | str, rounds: int, kept: Path) -> dict[str, dict]:
    """Plain Pillow, and the decoder of Millpond."""
    backbone = find_backbone(str(model), kept / "data" / "backbones")
    extractor = backbone.open()
    least = 2 * min(backbone.preprocessing.height, backbone.preprocessing.width)
    ways: dict[str, Decode] = {
        "pillow": lambda image: Image.open(io.BytesIO(image)).convert("RGB"),
        "millpond": decode_image,
        "millpond, reduced": lambda image: decode_image(image, near=least),
    }
    found: dict[str, dict] = {}
    for kind in ("jpg", "png"):
        files = [path.read_bytes() for path in sorted(pictures.glob(f"*.{kind}"))]
        taken = in_turn(ways, files, rounds)
        close = cosines(ways, files, extractor.of_picture)
        found[kind] = {name: (taken[name], close[name]) for name in ways} | {"files": len(files)}
    return found


def beside(python: Path, pictures: Path, model: Path | str, rounds: int) -> dict[str, dict]:
    """The other decoders, in their environment."""
    line = [python, _SCRIPT, "--images", pictures, "--model", model, "--rounds", rounds]
    environment = {**os.environ, "PYTHONPATH": str(_SCRIPT.parent)}
    done = subprocess.run(
        list(map(str, line)), env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, dict] = json.loads(done.stdout)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", type=Path, help="an ONNX file; by default one by chance")
    parser.add_argument("--backbone", type=Path, help="one that was trained, for our vectors")
    parser.add_argument("--keep", type=Path, default=data.KEPT, help="for environments")
    return parser.parse_args()


if __name__ == "__main__":
    main()
