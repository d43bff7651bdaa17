"""Where events go, and topics from which rows come: ``[bus]`` and ``[sources.NAME]``."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from millpond.settings.section import Section

#: Options of librdkafka that are nobody else's to read.
_SECRET = re.compile(r"password|secret|token|jaas|\.pem$")


class BusSection(Section):
    """Where the events of the outbox go: ``[bus]``."""

    url: str = Field(
        "outbox:", description="outbox: or kafka://host:port[,host:port]/topic to publish to."
    )
    options: dict[str, str] = Field(
        default_factory=dict,
        description="Options of librdkafka, such as security.protocol or sasl.username.",
    )


class SourceSection(Section):
    """A topic whose messages are rows of a feed: ``[sources.NAME]``."""

    url: str = Field(description="kafka://host:port[,host:port]/topic.")
    feed: str = Field(description="The feed that its rows are landed in.")
    rows: int = Field(10_000, ge=1, le=1_000_000, description="Most rows of one landing.")
    seconds: float = Field(
        5, ge=0, le=3_600, description="Seconds that rows are gathered before they are landed."
    )
    options: dict[str, str] = Field(
        default_factory=dict, description="Options of librdkafka, such as security.protocol."
    )


def without_secrets(value: Any) -> Any:
    """The value of a setting as it may be shown.

    >>> without_secrets({"sasl.username": "millpond", "sasl.password": "x"})
    {'sasl.username': 'millpond', 'sasl.password': '***'}
    """
    if not isinstance(value, dict):
        return value
    return {name: "***" if _SECRET.search(str(name)) else one for name, one in value.items()}
