"""Panes: the smallest windows, of ten seconds, of which every longer one is a sum.

An event belongs to the pane of its ``recorded_at``, whenever it comes; so events that are
late or out of order correct their pane, and a window is right as soon as all of its
events have come. (Li et al., "No pane, no gain: efficient evaluation of sliding-window
aggregates over data streams", SIGMOD Record 34, 2005.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from millpond.streaming import sketch
from millpond.streaming.columns import INFERENCE
from millpond.streaming.sums import BINS, SPAN, Measure, Sums, codes_of, equal_bins
from millpond.values import MICROSECONDS

#: Microseconds of a pane.
PANE = 10 * MICROSECONDS
#: Bits of a code, below those that say whose it is.
_BITS = 24
#: Places for cells, as a multiple of what is counted, that are worth having all.
_ROOM = 16
#: The bin of pictures of one megapixel.
_MEGAPIXEL = 32

Numbers = NDArray[np.int64]


class Series(NamedTuple):
    """Whose sums they are.

    Args:
        model_version: that answered; None where there was no champion, and of refusals.
        label: None for all of the application's inferences and refusals; "" for the
            inferences that answered no label; else those that answered this one.
    """

    app: str
    model_version: str | None
    label: str | None = None


class PaneKey(NamedTuple):
    """A pane, by its first microsecond since 1970, and whose sums they are."""

    pane: int
    series: Series


def panes_of(events: pa.RecordBatch) -> dict[PaneKey, Sums]:
    """The sums of events, by pane and series.

    Args:
        events: of `columns.EVENTS`, each counted once.
    """
    if events.num_rows == 0:
        return {}
    return _Counting(events).counted()


class _Counting:
    """Counts one batch. A cell is a slot (pane, application, model and label) and a code."""

    def __init__(self, events: pa.RecordBatch) -> None:
        data = events["data"]
        self._asked = _numpy(pc.equal(events["type"], INFERENCE))
        panes = _numpy(events["recorded_at"]) // PANE
        apps, self._apps = _encoded(events["app"])
        models, self._models = _encoded(pc.struct_field(data, "model_version").fill_null(""))
        first = int(panes.min())
        groups = ((panes - first) * len(self._apps) + apps) * len(self._models) + models
        self._groups, self._group = np.unique(groups, return_inverse=True)
        self._first = first
        self._data = data
        # The labels come after the slot of all, and that of inferences without any.
        predictions = pc.struct_field(data, "predictions")
        self._event = _numpy(pc.list_parent_indices(predictions))
        flat = pc.list_flatten(predictions)
        self._boxes = np.bincount(self._event, minlength=events.num_rows)
        self._label, self._labels = _encoded(pc.struct_field(flat, "label"))
        self._score = _numpy(pc.struct_field(flat, "score"))
        self._slots = len(self._labels) + 2
        self._cells: list[Numbers] = []
        self._counts: list[Numbers] = []

    def counted(self) -> dict[PaneKey, Sums]:
        self._count_requests()
        self._count_images()
        self._count_predictions()
        cells, counts = np.concatenate(self._cells), np.concatenate(self._counts)
        order = np.argsort(cells)
        cells, counts = cells[order], counts[order]
        codes = (cells & ((1 << _BITS) - 1)).astype(np.int32)
        slots = cells >> _BITS
        starts = np.flatnonzero(np.r_[True, slots[1:] != slots[:-1]])
        ends = [*starts[1:], len(slots)]
        return {
            self._key(int(slots[start])): Sums(codes[start:end], counts[start:end])
            for start, end in zip(starts, ends, strict=True)
        }

    def _count_requests(self) -> None:
        everything = self._group * self._slots
        asked = everything[self._asked]
        self._add(asked, Measure.INFERENCES, np.zeros(len(asked), np.int64))
        statuses = pc.struct_field(self._data, "status")
        known = ~self._asked & _numpy(statuses.is_valid())
        self._add(everything[known], Measure.REFUSALS, _numpy(statuses.fill_null(0))[known])
        self._add_latency(np.flatnonzero(self._asked), everything[self._asked])
        boxes = np.minimum(self._boxes[self._asked], BINS[Measure.BOXES] - 1)
        self._add(asked, Measure.BOXES, boxes)

    def _count_images(self) -> None:
        image = pc.struct_field(self._data, "image")
        everything = self._group * self._slots
        for measure in (Measure.BRIGHTNESS, Measure.CONTRAST):
            values = pc.struct_field(image, measure.name.lower())
            known = self._asked & _numpy(values.is_valid())
            found = _numpy(values.fill_null(0))[known]
            self._add(everything[known], measure, equal_bins(measure, found))
        width, height = (pc.struct_field(image, name) for name in ("width", "height"))
        pixels = _numpy(pc.multiply(width, height).fill_null(0))
        known = self._asked & (pixels > 0)
        self._add(everything[known], Measure.SIZES, _size_bins(pixels[known]))

    def _count_predictions(self) -> None:
        slots = self._group[self._event] * self._slots + 2 + self._label
        self._add(slots, Measure.PREDICTIONS, np.zeros(len(slots), np.int64))
        self._add(slots, Measure.CONFIDENCE, sketch.bins_of(self._score))
        self._add(slots, Measure.SCORES, equal_bins(Measure.SCORES, self._score))
        # An inference that answered a label twice counts once among those of this label.
        answered = np.sort(self._event * self._slots + self._label)
        answered = answered[np.diff(answered, prepend=-1) != 0]
        events, labels = np.divmod(answered, self._slots)
        none = np.flatnonzero(self._asked & (self._boxes == 0))
        events = np.concatenate([events, none])
        labels = np.concatenate([labels + 2, np.ones(len(none), np.int64)])
        slots = self._group[events] * self._slots + labels
        self._add(slots, Measure.INFERENCES, np.zeros(len(slots), np.int64))
        self._add_latency(events, slots)

    def _add_latency(self, events: Numbers, slots: Numbers) -> None:
        took = pc.struct_field(self._data, "duration_ms")
        known = _numpy(took.is_valid())[events]
        values = _numpy(took.fill_null(0))[events][known]
        self._add(slots[known], Measure.LATENCY, sketch.bins_of(values))

    def _add(self, slots: Numbers, measure: Measure, bins: Numbers) -> None:
        """Count bins; those of a slot and a measure are all given at once."""
        if not len(slots):
            return
        codes = codes_of(measure, bins)
        low = int(codes.min())
        span = int(codes.max()) - low + 1
        every = len(self._groups) * self._slots * span
        if every > _ROOM * len(slots):
            cells, counts = np.unique((slots << _BITS) | codes, return_counts=True)
        else:
            # A place for each that there might be is faster than to sort those that there are.
            places = np.bincount(slots * span + (codes - low), minlength=every)
            met = np.flatnonzero(places)
            slots, codes = np.divmod(met, span)
            cells, counts = (slots << _BITS) | (codes + low), places[met]
        self._cells.append(cells)
        self._counts.append(counts)

    def _key(self, slot: int) -> PaneKey:
        place, label = divmod(slot, self._slots)
        rest, model = divmod(int(self._groups[place]), len(self._models))
        pane, app = divmod(rest, len(self._apps))
        name = None if label == 0 else "" if label == 1 else self._labels[label - 2]
        series = Series(self._apps[app], self._models[model] or None, name)
        return PaneKey((pane + self._first) * PANE, series)


def _size_bins(pixels: Numbers) -> Numbers:
    steps = np.floor(2 * np.log2(pixels / 1e6)).astype(np.int64) + _MEGAPIXEL
    found: Numbers = np.clip(steps, 0, BINS[Measure.SIZES] - 1)
    return found


def _encoded(values: pa.Array) -> tuple[Numbers, list[str]]:
    """Each text as its place in the list of those that there are."""
    encoded = values.dictionary_encode()
    return _numpy(encoded.indices).astype(np.int64), encoded.dictionary.to_pylist()


def _numpy(values: pa.Array) -> Any:
    return values.to_numpy(zero_copy_only=False)


assert SPAN * len(Measure) < 1 << _BITS
