"""What features of turning fruits are good for: ``python -m benchmarks.features.fruits``.

A backbone that was trained on cells and X-rays makes vectors of photographs of fruits on a
motor. A linear head learns to tell the fruits apart, once on the vectors and once on what
their reduction leaves, under two splits: the sequence split, one unbroken run of each turn
for each part with gaps between; and the turns about one axis to learn from, those about the
other to be asked. Then near-duplicates are clustered, and a cluster's pictures are held
against the angles that their file names tell. Needs `MILLPOND_TEST_DATA`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.features import data
from benchmarks.features.trained import backbone
from benchmarks.history.measure import show
from millpond.demo.declaration import write_project
from millpond.features.clusters import clusters
from millpond.features.reduction import Reduction
from millpond.features.vectors import read_all
from millpond.project import Project
from millpond.snapshots.split import SplitRule, split
from millpond.snapshots.twins import Candidate
from millpond.training.linear_head import LinearHead

#: Pictures of a whole turn.
_TURN = 328
#: Fewer components than the reduction has: four fruits are easily told apart.
_FEW = (1, 2, 4, 8)
_DIAMETERS = (0.001, 0.005, 0.02, 0.05)
_NAME = re.compile(r"(r_)?(\d+)_100\.jpg$")


class View(NamedTuple):
    """A fruit, the axis that it is turned about, and its place in the turn."""

    fruit: str
    axis: str
    place: int


class Fruits(NamedTuple):
    """All pictures: what they show, by object id, and their vectors, whole and reduced."""

    views: Mapping[str, View]
    whole: NDArray[np.float32]
    reduced: NDArray[np.float32]
    reduction: Reduction


def main() -> None:
    """Train the backbone, make features, and see what they are good for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300, help="of training the backbone")
    parser.add_argument("--components", default="0.95")
    parser.add_argument("--keep", type=Path, default=data.KEPT, help="for the backbone")
    arguments = parser.parse_args()
    given = Path(os.environ["MILLPOND_TEST_DATA"])
    model = backbone(arguments.keep / "data", given, arguments.steps)
    with tempfile.TemporaryDirectory() as folder:
        fruits = features(Path(folder), given / "fruits", model, arguments.components)
        learned = json.loads((model / "learned.json").read_text())
        show("a linear head on features of fruits", {**learned, **heads(fruits)})
        for diameter in _DIAMETERS:
            title = f"near-duplicate fruits, none further apart than {diameter}"
            show(title, near(fruits, diameter, Path(folder)))


def features(folder: Path, pictures: Path, model: Path, components: str) -> Fruits:
    """The vectors of all pictures, in the order of their ids."""
    write_project(folder / "fruits", "fruits", {})
    with Project.open(folder / "fruits") as project:
        report = project.features(str(pictures), model=str(model), components=components)
        assert report.reduction is not None, report
        tables = project.features_on(project.settings.engine).tables
        views = {str(path): view_of(path) for path in sorted(pictures.resolve().rglob("*.jpg"))}
        return Fruits(
            views,
            read_all(tables.features, report.model, list(views)),
            read_all(tables.reduced, report.reduction, list(views)),
            Reduction.read(tables.folder / "reductions" / report.reduction),
        )


def view_of(path: Path) -> View:
    """What the name of a file says."""
    found = _NAME.search(path.name)
    assert found is not None, path
    return View(path.parent.name, found[1] or "", int(found[2]))


def heads(fruits: Fruits) -> dict[str, float]:
    """The accuracy of a linear head on each kind of vectors, under each split."""
    scaled = (fruits.whole - fruits.reduction.mean) / fruits.reduction.scale
    table: dict[str, float] = {
        "pictures": len(fruits.views),
        "numbers": scaled.shape[1],
        "components": fruits.reduced.shape[1],
        "explained variance": fruits.reduction.explained,
    }
    for name, parts in {
        "sequence split": by_sequence(fruits),
        "other axis": by_axis(fruits),
    }.items():
        table[f"{name}: to learn from"] = parts.count("train")
        table[f"{name}: to be asked"] = parts.count("test")
        table[f"{name}: accuracy, full"] = accuracy(fruits, scaled, parts)
        table[f"{name}: accuracy, reduced"] = accuracy(fruits, fruits.reduced, parts)
        for few in _FEW:
            reduced = fruits.reduced[:, :few]
            table[f"{name}: accuracy, {few} components"] = accuracy(fruits, reduced, parts)
    return table


def by_sequence(fruits: Fruits) -> list[str | None]:
    """The part of each picture as a snapshot would have it."""
    candidates = [
        Candidate(key, sha256=key, group=view.fruit + view.axis, order=str(view.place))
        for key, view in fruits.views.items()
    ]
    found = split(candidates, SplitRule(parts={"train": 0.7, "test": 0.3}))
    return [found.parts.get(key) for key in fruits.views]


def by_axis(fruits: Fruits) -> list[str | None]:
    """One axis to learn from, the other to be asked."""
    return ["test" if view.axis else "train" for view in fruits.views.values()]


def accuracy(fruits: Fruits, vectors: NDArray[np.floating], parts: Sequence[str | None]) -> float:
    """Of a head that learns on one part, on the other."""
    names = sorted({view.fruit for view in fruits.views.values()})
    kinds = np.array([names.index(view.fruit) for view in fruits.views.values()])
    taught, asked = (np.array([part == name for part in parts]) for name in ("train", "test"))
    head = LinearHead.fit(vectors[taught].astype(np.float32), kinds[taught], len(names), seed=0)
    return float(np.mean(head.logits(vectors[asked]).argmax(axis=1) == kinds[asked]))


def near(fruits: Fruits, diameter: float, scratch: Path) -> dict[str, float]:
    """The clusters of a diameter, against what the file names tell."""
    keys = list(fruits.views)
    found = clusters([(keys, fruits.whole)], diameter, scratch)
    places: dict[str, list[int]] = defaultdict(list)
    for number, key in enumerate(keys):
        places[found[key]].append(number)
    several = [members for members in places.values() if len(members) > 1]
    views = [[fruits.views[keys[member]] for member in members] for members in several]
    turns = [each for each in views if len({(view.fruit, view.axis) for view in each}) == 1]
    spans = [span([view.place for view in each]) for each in turns]
    return {
        "clusters": len(several),
        "pictures in them": sum(map(len, several)),
        "pictures in the largest": max(map(len, several), default=0),
        "widest, 1 - cosine": max((width(fruits.whole[each]) for each in several), default=0.0),
        "clusters of more than one fruit": sum(len({v.fruit for v in each}) > 1 for each in views),
        "clusters of more than one turn": len(several) - len(turns),
        "degrees spanned, median": float(np.median(spans)) if spans else 0.0,
        "degrees spanned, 95 in 100": float(np.quantile(spans, 0.95)) if spans else 0.0,
        "degrees spanned, most": max(spans, default=0.0),
        "share of neighbours together": together(fruits, found),
    }


def width(vectors: NDArray[np.float32]) -> float:
    """The most that one minus the cosine of any two vectors is."""
    exact = vectors.astype(np.float64)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    return float(1 - (exact @ exact.T).min())


def span(places: Sequence[int]) -> float:
    """The degrees of the least arc of a turn that has all places."""
    found = sorted(set(places))
    gaps = [after - before for before, after in pairwise(found)]
    gaps.append(found[0] + _TURN - found[-1])
    return (_TURN - max(gaps)) * 360 / _TURN


def together(fruits: Fruits, found: Mapping[str, str]) -> float:
    """The share of pictures, each and the next of its turn, that are in one cluster."""
    keys = {view: key for key, view in fruits.views.items()}
    pairs = [
        (key, keys[after])
        for view, key in keys.items()
        if (after := view._replace(place=view.place + 1)) in keys
    ]
    return float(np.mean([found[one] == found[other] for one, other in pairs]))


if __name__ == "__main__":
    main()
