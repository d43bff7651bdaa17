"""A Kafka cluster of three brokers in a process of its own, and a bad line to it.

The brokers are librdkafka's own mock cluster, which speaks Kafka's protocol over TCP. It
keeps at most 5 MB of a partition, so whoever reads much reads while it is written. What
has no name in `confluent_kafka`, its error injection, is called in the library itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bad_line import BadLine

BROKERS = 3
#: Kafka's numbers of the request to produce, and of errors that a producer is to outlast.
PRODUCE = 0
NOT_LEADER, NOT_ENOUGH_REPLICAS, TIMED_OUT = 6, 19, 7

_SERVE = """
import ctypes, glob, json, os, sys
import confluent_kafka

folder = os.path.dirname(confluent_kafka.__file__) + ".libs"
[path] = glob.glob(os.path.join(folder, "librdkafka*.so*"))
lib = ctypes.CDLL(path)
text = ctypes.create_string_buffer(512)
for name in ("rd_kafka_new", "rd_kafka_conf_new", "rd_kafka_mock_cluster_new"):
    getattr(lib, name).restype = ctypes.c_void_p
lib.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
conf = ctypes.c_void_p(lib.rd_kafka_conf_new())
client = ctypes.c_void_p(lib.rd_kafka_new(0, conf, text, 512))
cluster = ctypes.c_void_p(lib.rd_kafka_mock_cluster_new(client, int(sys.argv[1])))

def topic(name, partitions):
    return lib.rd_kafka_mock_topic_create(cluster, name.encode(), partitions, 3)

def down(broker):
    return lib.rd_kafka_mock_broker_set_down(cluster, broker)

def up(broker):
    return lib.rd_kafka_mock_broker_set_up(cluster, broker)

def slow(broker, milliseconds):
    return lib.rd_kafka_mock_broker_set_rtt(cluster, broker, milliseconds)

def seen_at(broker, host, port):
    return lib.rd_kafka_mock_broker_set_host_port(cluster, broker, host.encode(), port)

def fail(request, errors):
    array = (ctypes.c_int * len(errors))(*errors)
    lib.rd_kafka_mock_push_request_errors_array(
        cluster, ctypes.c_int16(request), ctypes.c_size_t(len(errors)), array)
    return 0

print(lib.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
for line in sys.stdin:
    name, *given = json.loads(line)
    print(globals()[name](*given), flush=True)
"""


@dataclass
class KafkaCluster:
    """Three brokers; `brokers` is how a client finds them."""

    process: subprocess.Popen[str]
    brokers: str

    def topic(self, name: str, partitions: int = 4) -> str:
        """Make a topic; its name."""
        self._do("topic", name, partitions)
        return name

    def down(self, *brokers: int) -> None:
        """Have brokers be away; they are numbered from 1."""
        for broker in brokers or range(1, BROKERS + 1):
            self._do("down", broker)

    def up(self, *brokers: int) -> None:
        """Have brokers be back."""
        for broker in brokers or range(1, BROKERS + 1):
            self._do("up", broker)

    def slow(self, milliseconds: int) -> None:
        """Have every answer take that long."""
        for broker in range(1, BROKERS + 1):
            self._do("slow", broker, milliseconds)

    def behind(self, lines: Sequence[BadLine]) -> None:
        """Have clients find the brokers behind proxies, one for each."""
        for broker, line in enumerate(lines, start=1):
            self._do("seen_at", broker, *line.address)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the brokers themselves are."""
        pairs = (broker.rsplit(":", 1) for broker in self.brokers.split(","))
        return [(host, int(port)) for host, port in pairs]

    def fail(self, *errors: int, request: int = PRODUCE) -> None:
        """Have the next requests fail, each with an error."""
        self._do("fail", request, list(errors))

    def _do(self, *command: Any) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "0\n", command


@contextmanager
def kafka_cluster() -> Iterator[KafkaCluster]:
    """A cluster, until the end of the block."""
    pytest.importorskip("confluent_kafka", reason="needs pip install 'millpond[kafka]'")
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(BROKERS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield KafkaCluster(process, process.stdout.readline().strip())
        finally:
            process.kill()
