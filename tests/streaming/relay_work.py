"""A relay in a process of its own: ``python -m streaming.relay_work FOLDER URL``.

It relays until its standard input ends, or until it is killed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from millpond.settings import BusSection
from millpond.streaming.bus import open_bus
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.outbox_source import OutboxSource
from streaming.bus import Bus

#: Seconds after which a relay that was killed is replaced.
LEASE = 2.0


def main() -> None:
    """Relay what is in the operational database of a folder."""
    folder, url = sys.argv[1:]
    opened = Bus(Path(folder))
    relay = open_bus(BusSection(url=url)).relay()
    assert relay is not None
    source = OutboxSource(opened.engine)
    group = ConsumerGroup(source, relay, opened.engine, opened.commit, lease=LEASE, pause=0.02)
    group.start()
    sys.stdin.read()
    group.stop()
    opened.close()


if __name__ == "__main__":
    main()
