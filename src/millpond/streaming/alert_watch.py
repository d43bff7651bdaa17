"""The watch: a thread that looks at the rules of alerts every two seconds."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Engine

from millpond.database.connection import reading
from millpond.errors import MillpondError
from millpond.streaming.alerts import Alerts

#: Seconds between two looks.
_LOOK = 2.0

_log = logging.getLogger(__name__)


class AlertWatch:
    """Looks from `start` to `stop`.

    Args:
        engine: of the operational database, for reading.
    """

    def __init__(self, engine: Engine, alerts: Alerts) -> None:
        self._engine = engine
        self._alerts = alerts
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="millpond-alerts", daemon=True)
        self._problem = ""

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; calling it twice does no harm."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _serve(self) -> None:
        while not self._stopping.wait(_LOOK):
            try:
                with reading(self._engine) as connection:
                    self._alerts.check(connection)
            except Exception as error:
                # Whatever it is, the next look may do well; it is said once.
                self._say(error)
            else:
                self._problem = ""

    def _say(self, error: Exception) -> None:
        problem = str(error) or repr(error)
        if problem != self._problem:
            known = isinstance(error, MillpondError)
            _log.warning("alerts wait: %s", problem, exc_info=None if known else error)
        self._problem = problem
