"""What engines need and is not there: nothing is imported before it is used, and errors name it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from millpond.engines.engine import open_engine
from millpond.errors import NotInstalled
from millpond.pipelines.doctor import checked, reach_engine
from millpond.settings import EngineSection

_IMPORT = """
import sys
import millpond.engines.engine, millpond.engines.local, millpond.engines.ray
import millpond.engines.spark, millpond.engines.jvm
assert not {"pyspark", "ray", "py4j", "pandas"} & set(sys.modules)
"""


def test_importing_the_engines_imports_no_cluster() -> None:
    subprocess.run([sys.executable, "-c", _IMPORT], check=True)


@pytest.mark.parametrize(("name", "library"), [("spark", "pyspark"), ("ray", "ray")])
def test_a_library_that_is_missing_is_named(
    name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(NotInstalled, match=rf"pip install 'millpond\[{name}\]'"):
        open_engine(EngineSection(name=name))


@pytest.mark.parametrize("home", [True, False])
def test_the_doctor_names_the_package_that_brings_java(
    home: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if home:
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    found = checked("engine", lambda: reach_engine(EngineSection(name="spark")))
    assert not found["ok"]
    assert found["detail"].endswith("install the package openjdk-17-jre-headless")


def test_the_doctor_runs_something_on_the_engine() -> None:
    found = checked("engine", lambda: reach_engine(EngineSection(workers=3)))
    assert found == {"name": "engine", "ok": True, "detail": "local, 3 workers"}
