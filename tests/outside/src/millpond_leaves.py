"""An application that another package brings."""

from millpond import AppTemplate

template = AppTemplate(
    name="leaves", section={"task": "classification", "labels": ["oak", "maple"]}
)
