"""A worker of the windows in a process of its own, which may be killed anywhere.

The events lie in a folder, a file of JSON lines for each partition; a position is the
number of bytes that were read of its file. Some events come twice.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from millpond.events.event import PARTITIONS
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.source import Batch, StreamEvent
from millpond.streaming.windows import WindowsConsumer
from millpond.values import parse_age
from streaming.bus import Bus


class Files:
    """A source of events that were written to files before."""

    name = "files"
    repeats = True

    def __init__(self, folder: Path) -> None:
        self._paths = [folder / f"{partition}.jsonl" for partition in range(PARTITIONS)]

    def write(self, events: Iterable[StreamEvent]) -> None:
        """Write the files, in the order in which the events come."""
        files = [path.open("w") for path in self._paths]
        for event in events:
            files[event.partition].write(json.dumps(event) + "\n")
        for file in files:
            file.close()

    def ends(self) -> dict[int, int]:
        """The position of each partition when all is read."""
        return {number: path.stat().st_size for number, path in enumerate(self._paths)}

    def partitions(self) -> int:
        return PARTITIONS

    def start(self) -> int:
        return 0

    def read(self, after: Mapping[int, int], most: int) -> Batch:
        events: list[StreamEvent] = []
        positions = dict(after)
        for partition in after:
            with self._paths[partition].open("rb") as file:
                file.seek(after[partition])
                lines = file.readlines(most * 500 // len(after))
                events += [StreamEvent(*json.loads(line)) for line in lines]
                positions[partition] = file.tell()
        return Batch(events, positions, more=bool(events))

    def close(self) -> None:
        pass


def main(folder: Path) -> None:
    bus = Bus(folder)
    group = ConsumerGroup(
        Files(folder),
        WindowsConsumer(parse_age("26h")),
        bus.engine,
        bus.commit,
        pause=0.01,
        lease=0.6,
    )
    group.start()
    print("reading", flush=True)
    sys.stdin.read()
    group.stop()
    bus.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
