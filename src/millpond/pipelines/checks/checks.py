"""All checks, in the order in which they are told."""

from __future__ import annotations

from millpond.pipelines.checks.check import Check
from millpond.pipelines.checks.database import DATABASE
from millpond.pipelines.checks.history import HISTORY
from millpond.pipelines.checks.keys import FACTS, LINKS
from millpond.pipelines.checks.landings import LANDED
from millpond.pipelines.checks.marts import MARTS
from millpond.pipelines.checks.models import MODELS
from millpond.pipelines.checks.objects import OBJECTS, UNREFERENCED
from millpond.pipelines.checks.references import ARCHIVED_REFERENCES, REFERENCES
from millpond.pipelines.checks.snapshots import SNAPSHOTS
from millpond.pipelines.checks.views import VIEWS

#: A new check is a file of its own and a line here.
CHECKS: tuple[Check, ...] = (
    DATABASE,
    REFERENCES,
    ARCHIVED_REFERENCES,
    OBJECTS,
    UNREFERENCED,
    HISTORY,
    FACTS,
    LINKS,
    LANDED,
    VIEWS,
    MARTS,
    SNAPSHOTS,
    MODELS,
)
