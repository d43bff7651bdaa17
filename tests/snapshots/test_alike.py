"""Pictures that look alike never straddle a split, and a snapshot says how it knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millpond.errors import Invalid
from millpond.snapshots.alike import Alike
from millpond.snapshots.split import SplitRule, split
from millpond.snapshots.twins import Candidate
from pond import Pond, cells

THREE = SplitRule({"train": 0.6, "val": 0.2, "test": 0.2})


def _parts_of_clusters(candidates: Sequence[Candidate], parts: Mapping[str, str]) -> list[set[str]]:
    found = defaultdict(set)
    for one in candidates:
        if one.key in parts and one.cluster is not None:
            found[one.cluster].add(parts[one.key])
    return list(found.values())


def test_a_cluster_is_held_together() -> None:
    many = [Candidate(f"{n:03}", f"{n:064x}", cluster=str(n // 4)) for n in range(200)]
    done = split(many, THREE)
    assert len(done.parts) == 200
    assert all(len(parts) == 1 for parts in _parts_of_clusters(many, done.parts))
    assert done.report.clusters == 50
    assert done.report.as_dict()["clusters"] == 50
    alone = split([Candidate(one.key, one.sha256) for one in many], THREE)
    assert "clusters" not in alone.report.as_dict()


def test_sequences_that_look_alike_are_cut_all_the_same() -> None:
    turns = [
        Candidate(f"{kind}-{n:03}", f"{kind}{n:063x}", kind, str(n), cluster=f"{n // 5}")
        for kind in "ab"
        for n in range(100)
    ]
    done = split(turns)
    assert done.report.sequences == 2
    assert all(len(parts) == 1 for parts in _parts_of_clusters(turns, done.parts))
    assert done.report.parts["train"] > 130
    assert done.report.parts["val"] == 40
    assert done.report.left_out_as_twins == 200 - len(done.parts) - done.report.left_out_in_gaps


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_cluster_straddles_whatever_else_is_known(data: st.DataObject) -> None:
    few = st.one_of(st.none(), st.sampled_from("abc"))
    many = [
        Candidate(
            f"{n:03}",
            f"{data.draw(st.integers(0, 40)):064x}",
            group=(group := data.draw(few)),
            order=str(n) if group == "a" else None,
            subject=data.draw(few) if group != "a" else None,
            part=data.draw(st.sampled_from([None, None, None, "train", "test"])),
            cluster=data.draw(st.sampled_from("uvwxyz")),
        )
        for n in range(data.draw(st.integers(1, 80)))
    ]
    done = split(many, THREE)
    assert all(len(parts) <= 1 for parts in _parts_of_clusters(many, done.parts))
    assert split(many[::-1], THREE) == done


def test_a_snapshot_keeps_clusters_together_and_says_so(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "cells", 40))
    asked: list[Sequence[str]] = []

    def find(object_ids: Sequence[str]) -> Alike:
        asked.append(object_ids)
        clusters = {name: str(place % 10) for place, name in enumerate(sorted(object_ids))}
        return Alike({"diameter": 0.05, "model": "net-0"}, clusters)

    made = pond.freeze("s", find_alike=find)
    assert [len(ids) for ids in asked] == [40]
    assert made.definition["alike"] == {"diameter": 0.05, "model": "net-0"}
    assert made.manifest()["split"]["clusters"] == 10
    assert sorted(made.parts) == ["train", "val"]
    assert all(count % 4 == 0 for count in made.parts.values())
    assert "alike" not in pond.freeze("plain").definition


def test_an_image_that_nobody_looked_at_is_refused(pond: Pond, tmp_path: Path) -> None:
    pond.ingest(cells(tmp_path / "cells", 3))
    with pytest.raises(Invalid, match="3 images are in no cluster, object"):
        pond.freeze("s", find_alike=lambda object_ids: Alike({}, {}))
