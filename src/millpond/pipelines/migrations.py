"""What changes in the tables of runs from one format to the next."""

from __future__ import annotations

from millpond.database.rebuild import rebuilt
from millpond.pipelines import tables

#: To format 2.
TO_2 = (rebuilt("runs with as many rows as there may be", tables.runs),)
