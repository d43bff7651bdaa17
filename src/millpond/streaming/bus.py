"""The seam of the event bus: the outbox itself, or what the outbox is relayed to.

``[bus] url`` names one: ``outbox:``, or ``kafka://host:port[,host:port]/topic``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy import Engine

from millpond.errors import ProjectError
from millpond.seams import backend_names, load_backend
from millpond.settings import BusSection
from millpond.streaming.consumers import Consumer
from millpond.streaming.outbox_source import OutboxSource
from millpond.streaming.source import EventSource

#: The group of entry points; the name of an entry is the scheme of the address.
SEAM = "millpond.buses"


class Bus(Protocol):
    """Where events go, and where consumers read them."""

    def source(self, engine: Engine) -> EventSource:
        """A new source, for one consumer group.

        Args:
            engine: of the operational database.
        """
        ...

    def relay(self) -> Consumer | None:
        """A consumer of the outbox that publishes it; None where it is the outbox that is read."""
        ...

    def reach(self) -> str:
        """What is to be said of the bus, which is reached for it.

        Raises:
            Busy: it cannot be reached.
        """
        ...


class OutboxBus:
    """The outbox itself: nothing is sent, whoever consumes reads the operational database."""

    def __init__(self, address: str, options: Mapping[str, str]) -> None:
        del address, options

    def source(self, engine: Engine) -> EventSource:
        """Reads the table."""
        return OutboxSource(engine)

    def relay(self) -> Consumer | None:
        """There is nothing to publish to."""
        return None

    def reach(self) -> str:
        """It is where the operational database is."""
        return "the outbox of the operational database"


def open_bus(section: BusSection) -> Bus:
    """The bus that the settings name; nothing is connected yet.

    Raises:
        ProjectError: there is none of that kind, or the address is malformed.
        NotInstalled: its library is missing.
    """
    scheme = urlsplit(section.url).scheme
    if scheme not in backend_names(SEAM):
        raise ProjectError(
            f"bus.url {section.url!r} is not served by this release; it serves "
            f"{', '.join(backend_names(SEAM))}: use outbox: or kafka://host:9092/topic"
        )
    bus: Bus = load_backend(SEAM, scheme)(section.url, section.options)
    return bus
