"""The job of the Ray suite: Tasks alike, with files, commands and a Gate, at a model that takes its time."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contextune.bench.arm import AUTHOR
from contextune.core.planning.plan import Plan, Task
from contextune.core.settings import HAIKU
from contextune.offline.script import Script, parse_script

TASKS = 8
TURNS = 4
AGENTS = 8
"""Agents at a time, and slots: the same in both pools."""
LATENCY_MS = 2_000
"""Until the first byte of a reply."""
SETTINGS: Mapping[str, Any] = {
    "gate": "test -s src/base.txt",
    "ladder": [{"model": HAIKU, "effort": "low"}],
    "routing": "fixed",
    "budget": "100",
    "agents": AGENTS,
    "keep_awake": False,
}
HELD = "held"
"""The Task whose command is under way when its worker is killed."""


def write_repository(root: Path) -> None:
    """A repository with one commit, in a folder that is not there yet."""
    (root / "src").mkdir(parents=True)
    (root / "src" / "base.txt").write_text("base\n")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "The job")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)
    for key, value in (("user.name", "Contextune bench"), ("user.email", "bench@localhost")):
        subprocess.run(["git", "config", key, value], cwd=root, check=True, timeout=60)


def plan(names: tuple[str, ...]) -> Plan:
    """Tasks of these names that share nothing."""
    return Plan(
        tasks=tuple(
            Task(id=name, title=f"{name} of many", brief=f"Do {name}.", files=(f"src/{name}.txt",))
            for name in names
        )
    )


NAMES = tuple(f"t{number:02}" for number in range(TASKS))


def script() -> Script:
    """Each agent writes with a tool, adds to it by commands, and finishes; one of them waits long."""
    return parse_script(
        "ray",
        {
            "conversation": [
                *(_plays(name, *_turns(name)) for name in NAMES),
                _plays(
                    HELD,
                    [_write(f"src/{HELD}.txt", "begun\n")],
                    [_bash("sleep 600")],
                    [_bash(f"echo on >> src/{HELD}.txt")],
                    [{"name": "finish", "input": {"summary": "Done."}}],
                ),
            ]
        },
    )


def _turns(name: str) -> list[list[dict[str, Any]]]:
    return [
        [_write(f"src/{name}.txt", "begun\n")],
        *([_bash(f"echo {turn} >> src/{name}.txt")] for turn in range(TURNS - 2)),
        [{"name": "finish", "input": {"summary": "Done."}}],
    ]


def _plays(name: str, *turns: list[dict[str, Any]]) -> dict[str, Any]:
    conditions = {"user": [f"# Task: {name} of many"]}
    return {"name": name, "when": conditions, "turn": [{"tool": calls} for calls in turns]}


def _bash(command: str) -> dict[str, Any]:
    return {"name": "bash", "input": {"command": command}}


def _write(path: str, content: str) -> dict[str, Any]:
    return {"name": "write", "input": {"files": [{"path": path, "content": content}]}}
