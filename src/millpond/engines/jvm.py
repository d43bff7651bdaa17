"""The Java process of Spark: found, started without a word, and ended."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from millpond.errors import MillpondError, NotInstalled

if TYPE_CHECKING:
    from pyspark import SparkConf

#: Seconds in which Java ends by itself.
_PATIENCE = 30


def find_java() -> Path:
    """The program that Spark will start.

    Raises:
        NotInstalled: there is none; the message names the package.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if found is None:
        where = f"in JAVA_HOME, {home}" if home else "here"
        raise NotInstalled(
            f"Spark needs Java 17 or newer, and there is none {where}: "
            "install the package openjdk-17-jre-headless"
        )
    return Path(found)


class Jvm:
    """Java with Spark in it, which ends with this process at the latest.

    Args:
        settings: of Spark.

    Raises:
        NotInstalled: there is no Java.
        MillpondError: it did not start; the message has its last line.
    """

    def __init__(self, settings: SparkConf) -> None:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.java_gateway import launch_gateway

        find_java()
        # It reports line by line what it does, and so do all its Python workers.
        with TemporaryFile() as said:
            try:
                self.gateway = launch_gateway(settings, {"stderr": said})
            except PySparkRuntimeError as error:
                said.seek(0)
                last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise MillpondError(f"Java with Spark did not start: {last or error}") from error

    def end(self) -> None:
        """Stop it, so that Spark can be started again."""
        from pyspark import SparkContext

        process = self.gateway.proc
        self.gateway.shutdown()
        # It lives as long as this pipe is open.
        process.stdin.close()
        try:
            process.wait(_PATIENCE)
        finally:
            process.kill()
            process.wait()
        # Spark would use the one that has ended.
        SparkContext._gateway = SparkContext._jvm = None
