"""The upgrade whose file operations are recorded.

Run as a module by `recording.record`, with the folder of a project of an older format.
"""

from __future__ import annotations

import os
import sys

from millpond.project import migrate

if __name__ == "__main__":
    del os.environ["LD_PRELOAD"]
    migrate(sys.argv[1])
