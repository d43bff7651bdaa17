"""The address of a topic of Kafka: ``kafka://host:port[,host:port]/topic``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from millpond.errors import ProjectError

_ADDRESS = re.compile(r"kafka://(?P<brokers>[^/@?#\s]+)(?:/(?P<topic>[^/?#\s]*))?")
#: What Kafka takes as the name of a topic.
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


@dataclass(frozen=True)
class KafkaAddress:
    """Where a topic is.

    Args:
        brokers: ``host:port,host:port``; a few are enough to find the others.
        options: of librdkafka.
    """

    brokers: str
    topic: str
    options: Mapping[str, str]

    @classmethod
    def of(cls, url: str, options: Mapping[str, str], topic: str = "") -> Self:
        """The address that is written in the settings.

        Args:
            topic: where the address names none.

        Raises:
            ProjectError: it is malformed; the message says how one is written.
        """
        match = _ADDRESS.fullmatch(url)
        named = (match["topic"] or topic) if match else ""
        if match is None or _TOPIC.fullmatch(named) is None:
            raise ProjectError(
                f"{url!r} is no address of Kafka; write kafka://host:port/topic, "
                "with commas between several hosts; passwords go into options"
            )
        return cls(match["brokers"], named, dict(options))
