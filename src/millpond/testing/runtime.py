"""What every model runtime must do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from millpond.errors import Invalid
from millpond.models.runtime import Runtime

Loader = Callable[[bytes], Runtime]


class RuntimeSuite:
    """Inherit it, and give it a ``load`` and a ``doubling`` model as fixtures."""

    @pytest.fixture
    def load(self) -> Loader:
        """Loads the bytes of a model."""
        raise pytest.UsageError("a suite needs a fixture that gives the backend: load")

    @pytest.fixture
    def doubling(self) -> bytes:
        """A model of one output: its input ``[N, 3, 4, 4]``, doubled."""
        raise pytest.UsageError("a suite needs a fixture that gives a model: doubling")

    def test_a_batch_of_any_size_is_computed(self, load: Loader, doubling: bytes) -> None:
        """One output, of the batch's own length, in float32."""
        runtime = load(doubling)
        for size in (1, 3):
            batch = np.random.default_rng(size).random((size, 3, 4, 4), dtype=np.float32)
            (output,) = runtime.run(batch)
            np.testing.assert_array_equal(output, batch * 2)

    def test_many_threads_may_use_one(self, load: Loader, doubling: bytes) -> None:
        """Answers are never mixed up."""
        runtime = load(doubling)

        def is_right(number: int) -> bool:
            batch = np.full((1, 3, 4, 4), number, dtype=np.float32)
            return bool((runtime.run(batch)[0] == 2 * number).all())

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(is_right, range(200)))

    def test_what_is_no_model_is_refused(self, load: Loader) -> None:
        """Bytes that are no model are a clear error."""
        with pytest.raises(Invalid):
            load(b"this is no model")
