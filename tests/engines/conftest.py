"""What tests on clusters need; where it is missing they are skipped, and say what brings it."""

from __future__ import annotations

import pytest

from millpond.engines.jvm import find_java
from millpond.errors import NotInstalled


@pytest.fixture(scope="module")
def java() -> None:
    """Spark, and Java."""
    pytest.importorskip("pyspark", reason="Spark is not installed")
    try:
        find_java()
    except NotInstalled as error:
        pytest.skip(str(error))
