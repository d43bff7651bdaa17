from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millpond.errors import Corrupted, Invalid
from millpond.models.candidates import pack, unpack
from millpond.values import Box, Prediction

numbers = st.floats(0, 5000, width=32)
labels = st.text(min_size=1, max_size=9)
plain = st.builds(Prediction, labels, st.floats(0, 1, width=32))
boxed = st.builds(
    Prediction,
    labels,
    st.floats(0, 1, width=32),
    st.builds(Box, numbers, numbers, numbers, numbers),
)


@given(st.lists(plain, max_size=9) | st.lists(boxed, max_size=9))
def test_nothing_is_lost(candidates: list[Prediction]) -> None:
    assert unpack(pack(candidates)) == candidates


def test_it_is_compact() -> None:
    candidates = [Prediction("RBC", 0.5, Box(1, 2, 3, 4))] * 300
    assert len(pack(candidates)) < 7_000


def test_boxes_and_none_do_not_mix() -> None:
    with pytest.raises(Invalid, match="either all"):
        pack([Prediction("a", 0.5), Prediction("a", 0.5, Box(1, 2, 3, 4))])


@given(st.binary(max_size=40))
def test_other_bytes_are_corrupted_or_read(data: bytes) -> None:
    with contextlib.suppress(Corrupted):
        unpack(data)


def test_a_cut_and_a_later_version_are_corrupted() -> None:
    packed = pack([Prediction("a", 0.5)])
    with pytest.raises(Corrupted, match="do not hold 1"):
        unpack(packed[:-1])
    with pytest.raises(Corrupted, match="version 2"):
        unpack(struct.pack("<B", 2) + packed[1:])
