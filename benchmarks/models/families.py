"""Detectors of several families, from a configuration of `transformers` to right boxes over HTTP.

Each is trained for a minute of one core on drawn pictures, saved as a checkpoint, imported,
promoted, and asked for every picture over the API of a server. Reported are the mean overlap (IoU)
of the true boxes with the best answer of their label, the least, and how many boxes were answered.

    python -m benchmarks.models.families [--families yolos,rt_detr] [--seconds 60]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.models.networks import FAMILIES, train
from benchmarks.models.shapes import LABELS, Drawn, draw
from benchmarks.pages.server import Server, make, serving
from millpond.values import Box

_MILLPOND = [sys.executable, "-m", "millpond"]
#: The overlap that every family has to reach.
_WANTED = 0.7


def main() -> None:
    """Measure the families that are asked for, and fail where one misses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--seconds", type=float, default=60.0, help="of training on one core, each")
    parser.add_argument("--images", type=int, default=16)
    asked = parser.parse_args()
    pictures = [draw(seed) for seed in range(asked.images)]
    missed = []
    for family in asked.families.split(","):
        if family not in FAMILIES:
            parser.error(f"{family} is not one of {', '.join(FAMILIES)}")
        with tempfile.TemporaryDirectory() as folder:
            found = _measure(family, pictures, asked.seconds, Path(folder))
        print(json.dumps(found), flush=True)
        if found["overlap"] < _WANTED:
            missed.append(family)
    if missed:
        sys.exit(f"the overlap is below {_WANTED}: {', '.join(missed)}")


def _measure(
    family: str, pictures: Sequence[Drawn], seconds: float, folder: Path
) -> dict[str, Any]:
    steps = train(family, pictures, seconds, folder / "checkpoint")
    (folder / "first.png").write_bytes(pictures[0].png())
    project = folder / "shapes"
    make(project, "shapes", LABELS)
    to = ["--project", project]
    made = _millpond(
        "models", "import", folder / "checkpoint", "--image", folder / "first.png", *to
    )
    _millpond("models", "promote", made["model_version"], *to)
    with serving(project) as server:
        answers = [_ask(server, picture) for picture in pictures]
    overlaps = [
        _best(label, box, answer)
        for picture, answer in zip(pictures, answers, strict=True)
        for label, box in picture.things
    ]
    answered = sum(len(answer) for answer in answers)
    return {
        "family": family,
        "steps": steps,
        "images": len(pictures),
        "boxes": len(overlaps),
        "answered": answered,
        "overlap": round(sum(overlaps) / len(overlaps), 3),
        "least": round(min(overlaps), 3),
    }


def _ask(server: Server, picture: Drawn) -> list[dict[str, Any]]:
    url = f"{server.url}/api/v1/apps/shapes/predict"
    answer = server.client.post(url, content=picture.png()).raise_for_status()
    found: list[dict[str, Any]] = answer.json()["predictions"]
    return found


def _best(label: str, box: Box, answer: Sequence[dict[str, Any]]) -> float:
    """The overlap of a true box with the answer of its label that fits it best."""
    return max((Box.of(o["box"]).iou(box) for o in answer if o["label"] == label), default=0.0)


def _millpond(*arguments: str | Path) -> Any:
    command = [*_MILLPOND, *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"millpond {' '.join(map(str, arguments[:2]))}: {done.stderr}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
