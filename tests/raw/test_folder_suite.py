"""The folder store does what every object store must."""

from __future__ import annotations

from pathlib import Path

import pytest

from millpond.raw.folder import FolderStore
from millpond.testing.object_store import ObjectStoreSuite


class TestFolderStore(ObjectStoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderStore:
        return FolderStore(tmp_path / "lake")
