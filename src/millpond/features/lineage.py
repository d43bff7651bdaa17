"""What goes on from run to run: one reduction after the other of the same images and model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from millpond.durable import make_folder, write_file
from millpond.features.moments import Moments
from millpond.features.reduction import Reduction


@dataclass(frozen=True)
class Lineage:
    """Where a reduction stands.

    Args:
        reduction: the name of the one in use.
        count: the number of vectors whose moments are kept.
        explained: the share of their variance that it keeps.
    """

    reduction: str
    count: int
    explained: float


class Lineages:
    """All of them, in the folder of the features.

    Args:
        folder: of the features in the lake.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "lineages"
        self._reductions = folder / "reductions"

    def find(self, key: str) -> tuple[Lineage, Moments] | None:
        """The one of a key, and the moments of all its vectors; None where there is none."""
        path = self._path(key)
        if not path.exists():
            return None
        facts = json.loads(path.read_text())
        moments = Moments.from_bytes(self._moments(key, facts["count"]).read_bytes())
        return Lineage(facts["reduction"], facts["count"], facts["explained"]), moments

    def keep(self, key: str, lineage: Lineage, moments: Moments) -> None:
        """Replace what is kept of a key, at once."""
        make_folder(self._folder)
        write_file(self._moments(key, lineage.count), moments.as_bytes())
        text = json.dumps({"key": key, **asdict(lineage)}, ensure_ascii=False)
        write_file(self._path(key), text.encode())
        for path in self._folder.glob(f"{_short(key)}-*.npz"):
            if path != self._moments(key, lineage.count):
                path.unlink()

    def reduction(self, name: str) -> Reduction:
        """A reduction by its name.

        Raises:
            Corrupted: it is missing, or not what was written.
        """
        return Reduction.read(self._reductions / name)

    def add(self, reduction: Reduction, facts: dict[str, object]) -> None:
        """Keep a new reduction, for good."""
        reduction.write(self._reductions / reduction.name, facts)

    def _path(self, key: str) -> Path:
        return self._folder / f"{_short(key)}.json"

    def _moments(self, key: str, count: int) -> Path:
        return self._folder / f"{_short(key)}-{count}.npz"


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]
