"""Splitting: nothing straddles, sequences are cut with gaps, and parts are stable."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millpond.errors import Invalid
from millpond.snapshots.sequence import PARTS
from millpond.snapshots.split import SplitRule, split
from millpond.snapshots.twins import Candidate

THREE = {"train": 0.7, "val": 0.15, "test": 0.15}


def _single(number: int, **traits: str | None) -> Candidate:
    return Candidate(f"image-{number:04}", f"{number:064x}", **traits)


def _turning(count: int, group: str = "g", first: int = 0) -> list[Candidate]:
    return [_single(first + n, group=group, order=str(n)) for n in range(count)]


def _runs(candidates: list[Candidate], parts: dict[str, str]) -> list[tuple[str, int]]:
    inside = [parts.get(one.key, "gap") for one in candidates]
    return [(part, len(list(run))) for part, run in itertools.groupby(inside)]


def test_singles_are_split_by_their_bytes_alone() -> None:
    many = [_single(number) for number in range(1000)]
    done = split(many)
    assert 150 <= done.report.parts["val"] <= 250
    shuffled = random.Random(1).sample(many, 1000)
    assert split(shuffled).parts == done.parts
    fewer = split(many[:300]).parts
    assert fewer == {key: part for key, part in done.parts.items() if key in fewer}
    assert split(many, SplitRule(seed=1)).parts != done.parts


def test_each_part_gets_at_least_one_of_a_few() -> None:
    for start in range(50):
        done = split([_single(start), _single(start + 1), _single(start + 2)], SplitRule(THREE))
        assert done.report.parts == {"train": 1, "val": 1, "test": 1}
    assert split([_single(0)]).report.parts == {"train": 1}


def test_the_same_bytes_subjects_and_groups_never_straddle() -> None:
    many = [
        Candidate(
            f"image-{number:04}",
            f"{number % 90:064x}",
            group=f"case-{number % 37}" if number % 2 else None,
            subject=f"subject-{number % 53}" if number % 3 == 0 else None,
        )
        for number in range(400)
    ]
    done = split(many[:60], SplitRule(THREE))
    for trait in ("sha256", "group", "subject"):
        for value in {getattr(one, trait) for one in many[:60]} - {None}:
            together = [one for one in many[:60] if getattr(one, trait) == value]
            assert len({done.parts[one.key] for one in together}) == 1
    assert split(many).report.duplicates == 310


def test_a_turning_sequence_is_cut_into_unbroken_runs_with_gaps_across_its_ends() -> None:
    sequence = _turning(200)
    done = split(sequence, SplitRule(THREE))
    runs = _runs(sequence, dict(done.parts))
    assert [part for part, _ in runs] == ["gap", "train", "gap", "val", "gap", "test"]
    assert [count for part, count in runs if part == "gap"] == [5, 5, 5]
    assert done.report.sequences == 1
    assert done.report.left_out_in_gaps == 15


def test_a_sequence_that_does_not_close_has_no_gap_across_its_ends() -> None:
    sequence = _turning(200)
    done = split(sequence, SplitRule(closed=False))
    assert [part for part, _ in _runs(sequence, dict(done.parts))] == ["train", "gap", "val"]


def test_orders_are_sorted_as_people_do() -> None:
    sequence = [_single(n, group="v", order=f"frame{n}") for n in range(120)]
    runs = _runs(sequence, dict(split(sequence, SplitRule(closed=False)).parts))
    assert [part for part, _ in runs] == ["train", "gap", "val"]


def test_a_short_sequence_and_one_of_a_subject_stay_whole() -> None:
    short = _turning(12)
    subject = [_single(100 + n, group="ct", order=str(n), subject="ann") for n in range(60)]
    parts = split([*short, *subject, *(_single(500 + n) for n in range(40))]).parts
    for unit in (short, subject):
        assert len({parts[one.key] for one in unit}) == 1


def test_given_parts_are_kept_and_val_is_carved_from_the_rest() -> None:
    many = [_single(n, part="test" if n < 87 else None) for n in range(292)]
    done = split(many, SplitRule(THREE))
    assert all(done.parts[one.key] == "test" for one in many[:87])
    assert done.report.parts["test"] == 87
    assert 15 <= done.report.parts["val"] <= 65
    assert done.report.given == 87


def test_val_is_carved_from_train_where_every_picture_came_with_a_part() -> None:
    many = [_single(n, part="test" if n < 50 else "train") for n in range(150)]
    report = split(many).report
    assert report.parts["test"] == 50
    assert 8 <= report.parts["val"] <= 35


def test_val_that_was_given_is_not_added_to() -> None:
    many = [_single(n, part="val" if n < 10 else None) for n in range(100)]
    assert split(many).report.parts == {"train": 90, "val": 10}


def test_twins_of_a_held_out_picture_are_left_out() -> None:
    twins = [
        _single(0, subject="ann", part="test"),
        _single(1, subject="ann", part="train"),
        _single(2, subject="ann"),
    ]
    done = split([*twins, *(_single(10 + n) for n in range(20))])
    assert done.parts["image-0000"] == "test"
    assert not {"image-0001", "image-0002"} & set(done.parts)
    assert done.report.left_out_as_twins == 2


def test_a_sequence_that_was_cut_before_is_left_as_it_is() -> None:
    sequence = _turning(200)
    cut = split(sequence, SplitRule(THREE)).parts
    again = [
        Candidate(one.key, one.sha256, one.group, one.order, part=cut[one.key])
        for one in sequence
        if one.key in cut
    ]
    assert split(again).parts == cut
    # A few of them, far apart, as a first small training set has them.
    few = [one for one in again if one.part != "train" or int(one.order or 0) % 40 == 20]
    assert split(few).parts == {one.key: one.part for one in few}


def test_free_frames_near_given_ones_are_left_out() -> None:
    sequence = [
        Candidate(one.key, one.sha256, one.group, one.order, part="test" if n < 30 else None)
        for n, one in enumerate(_turning(200))
    ]
    runs = _runs(sequence, dict(split(sequence).parts))
    assert [part for part, _ in runs] == ["test", "gap", "train", "gap", "val", "gap"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 400), min_size=20, max_size=120, unique=True),
    st.lists(st.sampled_from(["train", "val", "test", None]), min_size=120, max_size=120),
    st.booleans(),
)
def test_no_two_parts_of_a_sequence_come_near(
    orders: list[int], given: list[str | None], is_given: bool
) -> None:
    sequence = [
        _single(order, group="g", order=str(order), part=part if is_given else None)
        for order, part in zip(orders, given, strict=False)
    ]
    parts = split(sequence, SplitRule(THREE)).parts
    length = max(orders) - min(orders)
    steps = [b - a for a, b in itertools.pairwise(sorted(orders))]
    for one, other in itertools.combinations([one for one in sequence if one.key in parts], 2):
        if parts[one.key] != parts[other.key]:
            apart = abs(int(one.order or 0) - int(other.order or 0))
            if not is_given:
                apart = min(apart, length + min(steps) - apart)
            assert apart > max(0.03 * length, 0 if is_given else min(steps))


@pytest.mark.parametrize(
    "parts", [{"train": 1, "dev": 1}, {"train": -1}, {"val": 1}, {"train": float("nan")}]
)
def test_shares_that_do_not_fit_are_refused(parts: dict[str, float]) -> None:
    with pytest.raises(Invalid):
        SplitRule(parts)


def test_real_fruits(real_data: Path) -> None:
    names = sorted(path.relative_to(real_data) for path in real_data.glob("fruits/*/*.jpg"))
    fruits = []
    for number, name in enumerate(names):
        match = re.fullmatch(r"(.*/(?:r_)?)(\d+)_100\.jpg", name.as_posix())
        assert match
        fruits.append(Candidate(name.as_posix(), f"{number:064x}", match[1], match[2]))
    done = split(fruits, SplitRule(THREE))
    assert done.report.sequences == 8
    assert set(done.report.parts) == set(PARTS)
    for group in {one.group for one in fruits}:
        turning = sorted((o for o in fruits if o.group == group), key=lambda o: int(o.order or 0))
        runs = Counter(part for part, _ in _runs(turning, dict(done.parts)) if part != "gap")
        assert runs == dict.fromkeys(PARTS, 1)
