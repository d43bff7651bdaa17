"""A model that is tried before anyone relies on it, in a process of its own under limits.

ONNX Runtime loads and computes there whatever the file holds; here arrive the names of its
tensors and the numbers that it gave.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.limited import LimitedChild, Message, serve
from millpond.models.onnx_format import check_onnx
from millpond.models.runtime import NamedRuntime, TensorInfo, open_named

#: Seconds in which a model has to be loaded and to look at one picture.
SECONDS: Final = 60.0
#: Megabytes that it may have, beside five times the size of its file.
MEMORY_MB: Final = 2048
#: Megabytes of outputs for one picture.
_OUTPUT_MB: Final = 512


class Trial:
    """A model loaded in a process of its own. Use it in a ``with``.

    Args:
        model: the bytes of an ONNX file.

    Raises:
        Invalid: it is no ONNX model in one file, ONNX Runtime does not take it, or it needs
            more time or memory than it may have.
    """

    def __init__(
        self, model: bytes, *, seconds: float = SECONDS, memory_mb: int = MEMORY_MB
    ) -> None:
        check_onnx(model)
        memory_mb += 5 * len(model) // (1 << 20)
        self._child = LimitedChild(
            __name__, "trying the model", seconds=seconds, memory_mb=memory_mb
        )
        try:
            head = self._child.ask(Message({}, (model,))).head
        except BaseException:
            self._child.__exit__(None, None, None)
            raise
        #: What the model takes, and what it gives, each in its own order.
        self.inputs = _infos(head["inputs"])
        self.outputs = _infos(head["outputs"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.__exit__()

    def compute(
        self, feeds: Mapping[str, NDArray[Any]], names: Sequence[str] = ()
    ) -> list[NDArray[Any]]:
        """The outputs of those names, or all of them, for all inputs by their names.

        Raises:
            Invalid: an input does not fit, or the model takes too long or too much.
        """
        fed = Message(
            {"feeds": list(feeds), "names": list(names)}, tuple(map(_packed, feeds.values()))
        )
        return [_unpacked(part) for part in self._child.ask(fed).parts]


def _infos(rows: Sequence[Sequence[Any]]) -> tuple[TensorInfo, ...]:
    return tuple(TensorInfo(name, datatype, tuple(shape)) for name, datatype, shape in rows)


def _packed(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _unpacked(part: bytes) -> NDArray[Any]:
    array: NDArray[Any] = np.load(io.BytesIO(part), allow_pickle=False)
    return array


class _Loaded:
    """The child: it loads the model of the first message, and computes those after it."""

    def __init__(self) -> None:
        self._runtime: NamedRuntime | None = None

    def answer(self, message: Message) -> Message:
        if self._runtime is None:
            self._runtime = open_named(message.parts[0])
            return Message(
                {
                    "inputs": [_row(tensor) for tensor in self._runtime.inputs],
                    "outputs": [_row(tensor) for tensor in self._runtime.outputs],
                }
            )
        feeds = dict(zip(message.head["feeds"], map(_unpacked, message.parts), strict=True))
        found = self._runtime.compute(feeds, message.head["names"])
        size = sum(array.nbytes for array in found) >> 20
        if size > _OUTPUT_MB:
            raise Invalid(
                f"the model gives {size} MB for one picture, and {_OUTPUT_MB} MB are the most"
            )
        if any(array.dtype.kind not in "fiub" for array in found):
            raise Invalid("the model gives something else than numbers")
        return Message({}, tuple(map(_packed, found)))


def _row(tensor: TensorInfo) -> list[Any]:
    return [tensor.name, tensor.datatype, list(tensor.shape)]


if __name__ == "__main__":
    serve(_Loaded().answer)
