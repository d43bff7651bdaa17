"""The seam of the batch engine: what runs one function over the shards of some work."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from millpond.seams import load_backend

if TYPE_CHECKING:
    # Workers import this, and have no use for settings.
    from millpond.settings import EngineSection

#: The entry-point group in which engines are found.
ENGINES = "millpond.engines"

#: What an engine runs. It is given batches of one column, `SHARD`, in which are the numbers of
#: shards, and yields batches of a schema of its own while it goes through them. It can be
#: pickled, together with all that it refers to.
BatchFunction = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]

#: The schema of the batches that a function is given.
SHARD = pa.schema([pa.field("shard", pa.int64(), nullable=False)])


class BatchEngine(Protocol):
    """Runs a function on every shard, on as many workers as it has."""

    @property
    def workers(self) -> int:
        """How many calls of the function go on at the same time."""
        ...

    def run(
        self, function: BatchFunction, shards: int, schema: pa.Schema
    ) -> Generator[pa.RecordBatch, None, None]:
        """What a function yields over the shards ``0 .. shards - 1``, in no order.

        Each number reaches exactly one call that succeeds. A call that is lost with its
        process or its machine is made again with the same numbers, so what it does beside
        yielding rows must bear being done twice; the rows of the lost one are not seen.
        A call gets several shards, and its rows have to fit in memory. How far the calls
        are ahead of the caller is bounded, whatever the number of shards. A caller that
        closes the generator ends the calls.

        Args:
            schema: of the batches that the function yields.

        Raises:
            MillpondError: a call failed, in which case it is the error of that call, or one
                that begins with its kind; or it was lost again and again.
        """
        ...

    def close(self) -> None:
        """End what the engine started."""
        ...


def open_engine(section: EngineSection) -> BatchEngine:
    """The engine that the settings name.

    Raises:
        Invalid: there is no engine of that name; the message lists those installed.
        NotInstalled: it needs something that is missing; the message says how to bring it.
        MillpondError: it cannot be reached at its address.
    """
    engine: BatchEngine = load_backend(ENGINES, section.name)(section)
    return engine
