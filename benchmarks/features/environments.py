"""An environment of its own for each peer, with exact versions, made once and used again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

#: What each of them has, so that they differ in nothing else.
_COMMON = ("numpy==2.4.6", "onnxruntime==1.31.1", "pillow==13.0.0", "pyarrow==26.0.1")

PACKAGES: Mapping[str, Sequence[str]] = {
    "bare": _COMMON,
    "decoders": ("simplejpeg==1.9.0", "opencv-python-headless==5.0.0.93", *_COMMON[:-1]),
    "daft": ("daft==0.7.26", "pyarrow==25.0.1", *_COMMON[:-1]),
    "pixeltable": ("pixeltable==0.7.21", *_COMMON),
    "ray": ("ray[data]==2.60.0", "pandas==3.1.1", *_COMMON),
    "spark": ("pyspark==4.3.0", "pandas==3.1.1", *_COMMON),
    "spark-torch": (
        "pyspark==4.3.0",
        "pandas==3.1.1",
        "torch==2.13.0",
        "transformers==5.23.0",
        *_COMMON,
    ),
}


def python_of(
    peer: str | None, kept: Path, packages: Mapping[str, Sequence[str]] = PACKAGES
) -> Path:
    """The Python of a peer's environment below a folder, made if it is not there.

    Args:
        peer: None is this process's own.
        packages: of each peer.
    """
    if peer is None:
        return Path(sys.executable)
    folder = kept / peer
    python = folder / "bin" / "python"
    wanted = "\n".join(packages[peer])
    made = folder / "packages.txt"
    if not made.exists() or made.read_text() != wanted:
        print(f"installing {peer} ...", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        for command in _commands(folder, python, packages[peer]):
            subprocess.run(command, check=True, stdout=sys.stderr)
        made.write_text(wanted)
    return python


def _commands(folder: Path, python: Path, packages: Sequence[str]) -> list[list[str]]:
    """By uv where there is one: pip takes minutes to resolve some of these."""
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(python), *packages],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", *packages],
    ]
