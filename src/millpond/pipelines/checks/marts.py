"""Does a mart hold what the views say, each with a number of its own?"""

from __future__ import annotations

from collections.abc import Sequence

from millpond.marts.content import Content, Definition
from millpond.pipelines.checks.check import Check, Ground
from millpond.pipelines.findings import Findings

_VIEWS = """
SELECT (SELECT count(DISTINCT object_id) FROM reviews WHERE app = ?),
       (SELECT count(*) FROM ground_truth WHERE app = ?)
"""


def _apps(ground: Ground) -> Sequence[str]:
    return sorted(ground.apps)


def _run(ground: Ground, app: str, findings: Findings) -> None:
    declared = ground.apps[app].labels
    content = Content(
        ground.analytics, ground.store, Definition(app, declared, "truth", ground.moment)
    )
    found = ground.analytics.table(_VIEWS, ground.moment, (app, app))
    expected = tuple(column[0].as_py() for column in found.columns)
    images, labels = content.counts()
    findings.looked_at("mart_labels", labels.rows)
    if (images.rows, labels.rows) != expected:
        problem = (
            f"it has {images.rows:,} images and {labels.rows:,} labels, but reviews has "
            f"{expected[0]:,} and ground_truth {expected[1]:,}"
        )
        findings.add("marts", app, problem, "report it: the views and the mart do not agree")
    if images.numbers < images.rows or labels.numbers < labels.rows:
        problem = "two images or two labels have the same number"
        findings.add("marts", app, problem, "report it: an export would mix them up")


MARTS = Check("marts", _run, _apps, asks=True)
