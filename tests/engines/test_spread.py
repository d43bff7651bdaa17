"""How shards are cut into calls."""

from __future__ import annotations

import pytest

from millpond.engines.spread import cut


@pytest.mark.parametrize("shards", [0, 1, 2, 31, 1000])
@pytest.mark.parametrize("workers", [0, 1, 3, 64])
def test_ranges_cover_the_shards_once_and_become_smaller(shards: int, workers: int) -> None:
    shares = list(cut(shards, lambda: workers))
    assert [shard for share in shares for shard in share] == list(range(shards))
    sizes = [len(share) for share in shares]
    assert sizes == sorted(sizes, reverse=True)
    assert all(0 < size <= 16 for size in sizes)
    assert sizes[-1:] in ([], [1])


def test_a_cluster_that_grows_gets_smaller_shares() -> None:
    workers = iter([1, 10, 10])
    shares = cut(100, lambda: next(workers))
    assert [len(next(shares)) for _ in range(3)] == [16, 4, 4]
