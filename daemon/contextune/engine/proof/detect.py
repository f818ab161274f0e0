"""Finds a repository's own test command and its instructions for contributors."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

ReadText = Callable[[str], str | None]

INSTRUCTIONS = ("AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md")
INSTRUCTIONS_LIMIT = 8_000
"""Characters of the instructions that agents are given."""


def detect_gate(files: Sequence[str], read: ReadText, root: Path) -> str | None:
    """The command that runs the repository's tests, or None if none is known."""
    have = set(files)
    for found in (_python, _node, _make):
        command = found(have, read, root)
        if command:
            return command
    if "Cargo.toml" in have:
        return "cargo test --quiet"
    if "go.mod" in have:
        return "go test ./..."
    if "gradlew" in have:
        return "./gradlew test"
    if "pom.xml" in have:
        return "mvn -q test"
    return None


def instructions(read: ReadText) -> str | None:
    """The repository's own words to agents, if it has any."""
    for name in INSTRUCTIONS:
        text = read(name)
        if text:
            return text[:INSTRUCTIONS_LIMIT]
    return None


def _python(have: set[str], read: ReadText, root: Path) -> str | None:
    tests = [path for path in sorted(have) if re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.py$", path)]
    if not tests:
        return None
    python = _interpreter(root)
    project = _toml(read("pyproject.toml"))
    configured = "pytest" in project.get("tool", {}) or have & {"pytest.ini", "conftest.py", "tox.ini"}
    if configured or any("pytest" in (read(path) or "") for path in tests[:20]):
        folder = "tests" if any(path.startswith("tests/") for path in tests) else ""
        return f"{python} -m pytest -q {folder}".rstrip()
    start = "tests" if any(path.startswith("tests/") for path in tests) else "."
    top = "" if f"{start}/__init__.py" in have else f" -s {start} -t ."
    return f"{python} -m unittest discover -q{top}" if top else f"{python} -m unittest -q"


def _interpreter(root: Path) -> str:
    for candidate in (root / ".venv/bin/python", root / "venv/bin/python", root / ".venv/Scripts/python.exe"):
        if candidate.exists():
            return str(candidate)
    return "python3" if not _on_path("python") else "python"


def _on_path(name: str) -> bool:
    import shutil

    return shutil.which(name) is not None


def _node(have: set[str], read: ReadText, root: Path) -> str | None:
    del root
    if "package.json" not in have:
        return None
    try:
        scripts = json.loads(read("package.json") or "{}").get("scripts", {})
    except (ValueError, AttributeError):
        return None
    if not isinstance(scripts, dict) or "no test specified" in str(scripts.get("test", "no test specified")):
        return None
    runner = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lockb": "bun"}
    for lock, tool in runner.items():
        if lock in have:
            return f"{tool} test"
    return "npm test --silent"


def _make(have: set[str], read: ReadText, root: Path) -> str | None:
    del root
    if "Makefile" in have and re.search(r"^test:", read("Makefile") or "", re.M):
        return "make test"
    return None


def _toml(text: str | None) -> dict[str, dict[str, object]]:
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        return {}
