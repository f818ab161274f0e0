"""The job that turns are measured with: agents side by side that read and edit in turn, each in its file."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contextune.bench.arm import AUTHOR
from contextune.core.base import Value
from contextune.core.planning.plan import Plan, Task
from contextune.core.settings import HAIKU

LINES = 600
"""Of each agent's file."""
REGION = 40
"""Lines that one turn reads."""
SEED = 20261127


class TurnsJob(Value, frozen=True, kw_only=True):
    """How many agents take how many turns each, the one that finishes included."""

    agents: int
    turns: int
    spread_ms: int = 0
    """What the model takes longer for a turn at most, drawn for each: agents do not march in step."""


def settings(job: TurnsJob) -> Mapping[str, Any]:
    """The Run's settings: one rung, a Gate that costs next to nothing."""
    return {
        "gate": "test -d src",
        "ladder": [{"model": HAIKU, "effort": "low"}],
        "routing": "fixed",
        "budget": "1000",
        "agents": job.agents,
        "daemon_agents": job.agents,
    }


def write_repository(job: TurnsJob, root: Path) -> None:
    """A repository with one commit and a file for each agent, in a folder that is not there yet."""
    (root / "src").mkdir(parents=True)
    for number in range(job.agents):
        lines = (_line(number, line) for line in range(LINES))
        (root / _file(number)).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "The job")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)


def plan(job: TurnsJob) -> Plan:
    """A Task an agent; none depends on another."""
    return Plan(
        tasks=tuple(
            Task(id=task_id(n), title=_title(n), brief=f"Mend part {n:03d}.", files=(_file(n),))
            for n in range(job.agents)
        )
    )


def script(job: TurnsJob) -> dict[str, Any]:
    """What the agents do: they read, edit a line of what they read, and so on, then finish."""
    chance = random.Random(SEED)  # noqa: S311 - the same job each time
    return {"conversation": [_part(job, number, chance) for number in range(job.agents)]}


def task_id(number: int) -> str:
    """The id of an agent's Task, which is its conversation's name in the server's log, too."""
    return f"part-{number:03d}"


def kind_of(turn: int) -> str:
    """What the turn of this number, from 1, asks for: `read` or `edit`."""
    return "read" if turn % 2 else "edit"


def _part(job: TurnsJob, number: int, chance: random.Random) -> dict[str, Any]:
    turns = []
    for turn in range(1, job.turns):
        line = (turn // 2 * REGION) % (LINES - REGION)
        if kind_of(turn) == "read":
            region = {"path": _file(number), "from": line + 1, "to": line + REGION}
            given: dict[str, Any] = {"files": [region]}
        else:
            old = _line(number, turn)
            given = {"edits": [{"path": _file(number), "old": old, "new": f"{old} Mended."}]}
        turns.append(_turn(kind_of(turn), given, chance.randint(0, job.spread_ms)))
    turns.append(_turn("finish", {"summary": "Done."}, chance.randint(0, job.spread_ms)))
    return {"name": task_id(number), "when": {"user": f"# Task: {_title(number)}"}, "turn": turns}


def _turn(name: str, given: dict[str, Any], delay: int) -> dict[str, Any]:
    return {"text": "On to the next line.", "tool": [{"name": name, "input": given}], "delay_ms": delay}


def _title(number: int) -> str:
    return f"part {number:03d} of the job"


def _file(number: int) -> str:
    return f"src/part_{number:03d}.py"


def _line(number: int, line: int) -> str:
    return f"value_{line} = {line}  # Of part {number:03d}, line {line} of it."
