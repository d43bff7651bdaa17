"""A package from outside registers as the built-in ones do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

OUTSIDE = Path(__file__).parent / "outside"


def test_an_application_of_another_package_is_known_by_name(tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    shutil.copytree(OUTSIDE, source)
    install = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", *install, str(source)], check=True)
    project = tmp_path / "garden"
    subprocess.run(
        [sys.executable, "-m", "millpond", "init", str(project), "--app", "leaves"],
        env={**os.environ, "PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
    )
    declared = tomllib.loads((project / "millpond.toml").read_text())
    assert declared["apps"]["leaves"]["labels"] == ["oak", "maple"]
