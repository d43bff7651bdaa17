"""Ingest, killed at any instant and started again: everything once, nothing half."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from pond import Pond, cells

_INGEST = """
import sys
from pathlib import Path
from pond import Pond

pond = Pond(Path(sys.argv[1]))
print("begun", flush=True)
pond.ingest(Path(sys.argv[2]))
"""


def test_killed_and_started_again(tmp_path: Path) -> None:
    folder = cells(tmp_path / "a", 300)
    Pond(tmp_path).close()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    for seconds in (0.05, 0.3, 0.8):
        child = subprocess.Popen(
            [sys.executable, "-c", _INGEST, tmp_path, folder],
            env=environment,
            stdout=subprocess.PIPE,
        )
        with child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(seconds)
            child.kill()
    pond = Pond(tmp_path)
    before = pond.rows("SELECT count(*) AS objects FROM images")[0]["objects"]
    done = pond.ingest(folder)
    assert done.objects == 300 - before
    assert pond.rows("SELECT count(*) AS n FROM reviews") == [{"n": 300}]
    assert pond.rows("SELECT count(*) AS n FROM ground_truth") == [{"n": 240}]
    assert pond.ingest(folder).annotations == 0
    found = pond.verify()
    assert found.verify == "ok"
    pond.close()
