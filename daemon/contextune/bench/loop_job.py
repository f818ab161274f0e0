"""The job of the loop suite: Tasks side by side, each with large files and commands that say much."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contextune.bench.arm import AUTHOR
from contextune.core.model.conversation import Message, ModelRequest, Rung, Text
from contextune.core.planning.plan import Plan, Task
from contextune.core.settings import HAIKU
from contextune.offline.script import Script, parse_script

LINES = 4_000
"""Of each file that is read and edited: about 100 KB."""
WRITTEN = 60_000
"""Characters of a file that an agent writes: about what a model can say in one reply."""
FIRST = "Are you there?"
LOUD = "seq 300000"
"""A command of 2 MB of output."""


def settings(agents: int) -> Mapping[str, Any]:
    """The Run's settings."""
    return {
        "gate": f"{LOUD}; test -d src",
        "ladder": [{"model": HAIKU, "effort": "low"}],
        "routing": "fixed",
        "budget": "100",
        "agents": agents,
    }


def write_repository(root: Path, tasks: int) -> None:
    """A repository with one commit and a file for each Task, in a folder that is not there yet."""
    (root / "src").mkdir(parents=True)
    for number in range(tasks):
        lines = (f"value_{line} = {line}  # of part {number}" for line in range(LINES))
        (root / _file(number)).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "The job")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)


def plan(tasks: int) -> Plan:
    """A Task a file; none depends on another."""
    return Plan(
        tasks=tuple(
            Task(id=f"part-{n:02d}", title=_title(n), brief=f"Mend part {n:02d}.", files=(_file(n),))
            for n in range(tasks)
        )
    )


def script(tasks: int) -> Script:
    """What the agents do, turn by turn."""
    first = {"name": "first", "when": {"user": FIRST}, "turn": [{"text": "Here."}]}
    return parse_script("loop", {"conversation": [first, *(_part(number) for number in range(tasks))]})


def first_request() -> ModelRequest:
    """One before the Run, as the planning of a Quote makes it: with its first reply the SDK gets ready."""
    said = Message(role="user", blocks=(Text(text=FIRST),))
    return ModelRequest(rung=Rung(model=HAIKU, effort="low"), system=(), messages=(said,))


def _part(number: int) -> dict[str, Any]:
    path = _file(number)
    first = [_call("read", files=[{"path": path}]), _call("grep", pattern="value_1", path="src")]
    edit = {
        "path": path,
        "old": f"value_7 = 7  # of part {number}",
        "new": f"value_7 = 8  # of part {number}",
    }
    new = {"path": f"src/new_{number:02d}.py", "content": "# a line of a new file\n" * (WRITTEN // 23)}
    turns = [
        first,
        [_call("bash", command=LOUD)],
        [_call("edit", edits=[edit])],
        [_call("write", files=[new])],
        [_call("bash", command=f"cat {path}; {LOUD}")],
        [_call("finish", summary="Done.")],
    ]
    when = {"user": f"# Task: {_title(number)}"}
    return {"name": f"part-{number:02d}", "when": when, "turn": [{"tool": calls} for calls in turns]}


def _call(name: str, **given: Any) -> dict[str, Any]:
    return {"name": name, "input": given}


def _title(number: int) -> str:
    return f"part {number:02d} of the job"


def _file(number: int) -> str:
    return f"src/part_{number:02d}.py"
