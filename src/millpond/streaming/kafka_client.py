"""What all clients of Kafka have in common: how they are set up, and how they find a topic.

`confluent_kafka` is imported here, in the source and in the relay, none of which is
imported before a bus of Kafka is used.
"""

from __future__ import annotations

from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from millpond.errors import Busy
from millpond.events.event import PARTITIONS
from millpond.streaming.kafka_address import KafkaAddress

#: Seconds in which brokers are to answer.
PATIENCE = 3.0


def settings_of(address: KafkaAddress) -> dict[str, Any]:
    """The settings of every client; those of the address have the last word."""
    return {
        "bootstrap.servers": address.brokers,
        "client.id": "millpond",
        # What goes wrong reaches us as errors; its log would say so at every attempt.
        "log_level": 2,
        "reconnect.backoff.max.ms": 1_000,
        **address.options,
    }


def partitions_of(client: Any, address: KafkaAddress, patience: float = PATIENCE) -> int:
    """How many partitions a topic has.

    Args:
        client: any client of the brokers.

    Raises:
        Busy: no broker answers, or there is no such topic.
    """
    found = _find_partitions(client, address, patience)
    if not found:
        raise Busy(f"Kafka at {address.brokers} has no topic {address.topic}: make it there")
    return found


def make_topic(address: KafkaAddress) -> None:
    """Make a topic with the brokers' own settings, if there is none.

    Raises:
        Busy: no broker answers, or we may not make one.
    """
    admin = AdminClient(settings_of(address))
    if _find_partitions(admin, address, PATIENCE):
        return
    made = admin.create_topics([NewTopic(address.topic, PARTITIONS)], request_timeout=PATIENCE)
    try:
        made[address.topic].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise Busy(
                f"Kafka at {address.brokers} has no topic {address.topic}, and does not let us "
                f"make it ({said(error)}): make it with {PARTITIONS} partitions"
            ) from error


def _find_partitions(client: Any, address: KafkaAddress, patience: float) -> int:
    """The partitions of a topic; 0 where there is no such topic."""
    try:
        found = client.list_topics(address.topic, timeout=patience).topics[address.topic]
    except KafkaException as error:
        raise Busy(f"Kafka at {address.brokers} does not answer: {said(error)}") from error
    return 0 if found.error is not None else len(found.partitions)


def describe(address: KafkaAddress) -> str:
    """What there is at an address.

    Raises:
        Busy: no broker answers, or there is no such topic.
    """
    admin = AdminClient(settings_of(address))
    partitions = partitions_of(admin, address)
    brokers = len(admin.list_topics(timeout=PATIENCE).brokers)
    return f"Kafka, {brokers} brokers, topic {address.topic} of {partitions} partitions"


def said(error: KafkaException) -> str:
    """What an error says, without its code."""
    return str(error.args[0].str() if isinstance(error.args[0], KafkaError) else error)
