"""The job of the crash suite: five Tasks that meet all that a Run can meet, quick enough to be done often."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contextune.bench.arm import AUTHOR
from contextune.core.planning.plan import Plan, Task
from contextune.core.settings import HAIKU
from contextune.offline.script import Script, parse_script

BROKEN = "BROKEN"
"""What the Gate is red about."""
GATE = f"! grep -rqs {BROKEN} src"
FILES = {
    "src/shared.txt": "top\n1\n2\n3\n4\n5\n6\n7\n8\nbottom\n",
    "src/own.txt": "own\n",
    ".gitignore": "ignored/\n",
}
LADDER = [{"model": HAIKU, "effort": "low"}, {"model": HAIKU, "effort": "high"}]
SETTINGS: Mapping[str, Any] = {
    "gate": GATE,
    "ladder": LADDER,
    "gate_retries": 1,
    "routing": "fixed",
    "budget": "100",
    "agents": 3,
    "accept": "merge",
}
ONCE = "counts/one"
"""A file to which a command adds a line: two lines tell that it ran twice."""


def write_repository(root: Path) -> None:
    """A repository with one commit, in a folder that is not there yet."""
    for path, content in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "The job")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)
    for key, value in (("user.name", "Contextune bench"), ("user.email", "bench@localhost")):
        subprocess.run(["git", "config", key, value], cwd=root, check=True, timeout=60)


def plan() -> Plan:
    """Two Tasks in one file, one that depends on another, one that is red at first, one that climbs."""
    return Plan(
        tasks=(
            _task("one", "src/one.txt"),
            _task("two", "src/shared.txt"),
            _task("three", "src/shared.txt"),
            _task("four", "src/four.txt", after=("one",)),
            _task("five", "src/own.txt"),
        )
    )


def script() -> Script:
    """What the agents do, turn by turn. Each looks before it does again what may have been done."""
    conversations = [
        _plays(
            "one",
            [_bash(f"mkdir -p counts; echo once >> {ONCE}"), _write("src/one.txt", "one\n")],
            *[
                [_bash(f"[ -s {ONCE} ] || {{ mkdir -p counts; echo once >> {ONCE}; }} # look {n}")]
                for n in (1, 2)
            ],
            [_finish()],
        ),
        _plays("two", [_edit("src/shared.txt", "top", "top, by two")], [_finish()]),
        _plays("three", [_edit("src/shared.txt", "bottom", "bottom, by three"), _finish()]),
        _plays(
            "four",
            [_write("src/four.txt", BROKEN), _finish()],
            [_edit("src/four.txt", BROKEN, "mended"), _bash("cat src/four.txt")],
            [_finish()],
        ),
        _plays(
            "five",
            [_edit("src/own.txt", "own", BROKEN), _finish()],
            [_bash("true"), _finish()],
            [_finish()],  # where nobody knows whether that command ran, its turn is not the last
            effort="low",
        ),
        _plays("five", [_edit("src/own.txt", BROKEN, "own, by five"), _finish()], effort="high"),
    ]
    return parse_script("crash", {"conversation": conversations})


def _task(name: str, *files: str, after: tuple[str, ...] = ()) -> Task:
    return Task(id=name, title=f"{name} of five", brief=f"Do {name}.", files=files, depends_on=after)


def _plays(name: str, *turns: list[dict[str, Any]], **when: Any) -> dict[str, Any]:
    title = f"{name}-{when.get('effort', '')}"
    conditions = {"user": [f"# Task: {name} of five"], **when}
    return {"name": title, "when": conditions, "turn": [{"tool": calls} for calls in turns]}


def _bash(command: str) -> dict[str, Any]:
    return {"name": "bash", "input": {"command": command}}


def _write(path: str, content: str) -> dict[str, Any]:
    return {"name": "write", "input": {"files": [{"path": path, "content": content}]}}


def _edit(path: str, old: str, new: str) -> dict[str, Any]:
    return {"name": "edit", "input": {"edits": [{"path": path, "old": old, "new": new}]}}


def _finish() -> dict[str, Any]:
    return {"name": "finish", "input": {"summary": "Done."}}
