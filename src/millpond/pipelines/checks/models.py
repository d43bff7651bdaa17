"""Is each model what was registered?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from millpond.errors import MillpondError
from millpond.pipelines.checks.check import Check, Ground
from millpond.pipelines.findings import Findings


def _versions(ground: Ground) -> Sequence[str]:
    found = ground.registry.list()
    return [model.version for model in found if model.recorded_at <= ground.moment]


def _run(ground: Ground, version: str, findings: Findings) -> None:
    findings.looked_at("models")
    problem = _problem(ground, version)
    if problem is not None:
        findings.add("models", version, problem, ground.copy_back(f"models/{version}"))


def _problem(ground: Ground, version: str) -> str | None:
    try:
        package = ground.registry.package(version)
    except (MillpondError, OSError) as error:
        return str(error)
    registered = ground.registry.show(version).sha256
    if hashlib.sha256(package.model).hexdigest() != registered:
        return "it is another model than registered"
    return None


MODELS = Check("models", _run, _versions)
