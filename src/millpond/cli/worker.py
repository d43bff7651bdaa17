"""The process in which a server runs a pipeline: ``python -m millpond.cli.worker NAME FOLDER``.

It does every run of the pipeline that waits or was interrupted, and ends. It also ends
when its standard input does, so that a server that was killed leaves none behind.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

#: How far it steps back for those who wait for an answer, as `nice` counts: it takes what is left.
_NICE = 19


def main() -> None:
    """Work on the pipeline that the line names."""
    name, folder = sys.argv[1:]
    # Ctrl-C goes to the whole group; it is the server that ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with ThreadPoolExecutor(1) as ahead:
        # Threads step back with the one that begins them, and this one begins before we do.
        ahead.submit(bool).result()
        os.nice(_NICE)
        from millpond.project import Project

        with Project.open(Path(folder)) as project:
            # Others wait for the locks of a transaction, so it is not to be held up.
            ahead.submit(project.commit.start).result()
            project.workflows.work(name)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    main()
