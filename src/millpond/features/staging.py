"""A run that is under way: what it has to do, and what is done of it, on disk.

The folder of a run outlives a kill. Whoever finds one finishes it: the shards that have
a file are not computed again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from millpond.durable import make_folder, write_file
from millpond.features.shards import Cut, cut
from millpond.values import new_id

_FACTS = "run.json"
#: The images that a run is about, in its folder.
LISTED = "listing.parquet"


@dataclass(frozen=True)
class Staged:
    """A run on disk.

    Args:
        folder: of its own; its name is the id of the run.
        model: as `Backbone.model` has it.
        shards: of its work.
        objects: images that are to be computed.
        anew: whether vectors that there are give way to its own.
    """

    folder: Path
    model: str
    shards: int
    objects: int
    anew: bool

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.folder.name

    @property
    def work(self) -> Path:
        """The images to be computed, a row group to a shard."""
        return self.folder / "work.parquet"

    @property
    def listing(self) -> Path:
        """All images that the run is about."""
        return self.folder / LISTED

    @property
    def vectors(self) -> Path:
        """Where the workers' files are."""
        return self.folder / "vectors"

    def remove(self) -> None:
        """Forget the run, once its rows are those of the tables."""
        shutil.rmtree(self.folder)


class Staging:
    """The runs that are under way.

    Args:
        folder: of the features in the lake.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "staging"

    def new(self) -> Path:
        """The folder of a new run."""
        folder = self._folder / new_id()
        make_folder(folder / "vectors")
        return folder

    def stage(
        self, folder: Path, model: str, done: Sequence[Path], workers: int, *, anew: bool
    ) -> Staged:
        """Cut what a listing has beyond what is done; from here on a kill loses nothing.

        Args:
            folder: with the listing.
            done: files with the ids that are left out.
        """
        staged = Staged(folder, model, 0, 0, anew)
        found: Cut = cut(staged.listing, done, staged.work, workers)
        staged = Staged(folder, model, found.shards, found.objects, anew)
        facts = {name: value for name, value in asdict(staged).items() if name != "folder"}
        write_file(folder / _FACTS, json.dumps(facts).encode())
        return staged

    def left(self, model: str) -> Iterator[Staged]:
        """The runs of a model that did not come to their end, the oldest first.

        One that had not even begun is forgotten.
        """
        for folder in sorted(self._folder.glob("*")):
            facts = folder / _FACTS
            if not facts.exists():
                shutil.rmtree(folder)
                continue
            staged = Staged(folder, **json.loads(facts.read_text()))
            if staged.model == model:
                yield staged
