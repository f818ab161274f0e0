"""The job that the economy is measured with: a repository of Todos, and scripts that do them turn by turn.

Everything is words of a fixed list, so that the same job is the same bytes on every machine.
"""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path
from textwrap import wrap
from typing import Any, NamedTuple

import msgspec

from contextune.agents.orchestrator import PlannedTask, PlannedTasks
from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.offline.script import Script, parse_script
from contextune.offline.tokens import BYTES_PER_TOKEN, count_bytes, render_tool_call

LINE = 80
"""Bytes of a line of prose, its end included."""
CODE_LINE = 108
"""The same in the file of a Task, so that all of it lies around its Todo."""
AREAS, MODULES = 13, 20
"""Folders of the repository, and modules in each: with the rest just below what is listed one by one."""
FIRST_LINE = 100
"""Where the regions begin: line numbers have three digits throughout, so that all turns cost alike."""
MOST_TASKS = 10
"""Tasks that the repository has files for; those of a smaller job are the first ones."""
INSTRUCTIONS_MOST = 7_900
"""Bytes of the repository's instructions file: agents are given no more than 8,000 characters of it."""
FIRST_BYTE_MS = 400
"""How long the model takes to begin its first reply of a Task: agents of a wave really start together."""
PLANNING = "plan"
"""The name of the planner's conversation; all others are agents'."""
UNFINISHED = "half done"
"""What a Task leaves in its module where its Gate is to be red."""
GATE = f"! grep -rqs '{UNFINISHED}' shop"
PLAN_THINKING = 400
"""Tokens that the planner thinks before it answers, where the request lets it."""

_WORDS = (
    *("orders", "carry", "their", "own", "currency", "and", "a", "total", "in", "the", "smallest", "unit"),
    *("that", "the", "currency", "has", "so", "that", "sums", "stay", "exact", "while", "each", "module"),
    *("keeps", "one", "concern", "and", "names", "it", "in", "the", "first", "line", "of", "its", "file"),
    *("because", "a", "reader", "looks", "there", "before", "anywhere", "else", "and", "every", "change"),
    *("comes", "with", "a", "test", "that", "fails", "without", "it"),
)


class Sizes(Value, frozen=True, kw_only=True):
    """Bytes of what the job's prompts are made of."""

    instructions: int = 6_040
    """The repository's instructions file: a part of the prefix that all agents share."""
    module: int = 5_171
    """The file that a Task is about: a part of what its agent is told first."""
    region: int = 4_526
    """What one turn reads."""


class Job(Value, frozen=True, kw_only=True):
    """How much there is to do, and how large it is told. The defaults are those of the published tables."""

    tasks: int = 5
    turns: int = 15
    prefix_tokens: int = 6_000
    """Tools, system prompt and shared context, the same for every agent."""
    turn_tokens: int = 1_500
    """What each turn adds to the prompt, the reply before it included."""
    output_tokens: int = 300
    sizes: Sizes = Sizes()


class Agent(NamedTuple):
    """Who works on the Tasks: the first rung, and the one that does again what it leaves unfinished."""

    first: Rung
    then: Rung | None = None
    unfinished: int = 0
    """How many of the Tasks `first` leaves unfinished."""


def repository_files(job: Job) -> dict[str, str]:
    """The job's repository, path to content: the same paths whatever the number of Tasks."""
    files = {"AGENTS.md": prose(job.sizes.instructions, seed=0)}
    files["tests/__init__.py"] = ""
    for area in range(AREAS):
        for module in range(MODULES):
            words = (_WORDS[module], _WORDS[module + area], "for", _WORDS[area + 7], "of", _WORDS[area])
            path = f"shop/{_WORDS[area]}_{area:02d}/{module:02d}_{'_'.join(words)}_module.py"
            files[path] = f"ORDER = {module}\n"
    for task in range(MOST_TASKS):
        comment = _comment(task) if task < job.tasks else _answer(task, "done")
        files[_module(task)] = _source(task, job.sizes.module, comment)
        regions = [prose(job.sizes.region, seed=31 * task + turn) for turn in range(job.turns)]
        files[_notes(task)] = "\n" * (FIRST_LINE - 1) + "\n".join(regions) + "\n"
    return files


def write_repository(job: Job, root: Path) -> None:
    """Write the job's files below a folder."""
    for path, content in repository_files(job).items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


def script_of(job: Job, agent: Agent) -> Script:
    """The planner's answer and each agent's turns."""
    conversations = [_planning(job.tasks)] if job.tasks > 1 else []
    for task in range(job.tasks):
        leaves = task < agent.unfinished
        new = UNFINISHED if leaves else "done"
        conversations.append(_work(job, task, agent.first, old=_comment(task), new=_answer(task, new)))
        if leaves and agent.then is not None:
            redone = _answer(task, "done")
            conversations.append(_work(job, task, agent.then, old=_answer(task, UNFINISHED), new=redone))
    return parse_script("economy", {"conversation": conversations})


def prose(size: int, *, seed: int, line: int = LINE) -> str:
    """Exactly so many bytes of words in lines, no line's end at their end; different ones for each seed."""
    start = seed % len(_WORDS)
    words = " ".join(islice(cycle(_WORDS), start, start + size // 2))
    return "\n".join(wrap(f"Note {seed}: {words}", line - 1))[:size].rstrip().ljust(size, ".")


def _planning(count: int) -> dict[str, Any]:
    """The planner decides one thing for every Todo, in the words that its role asks for."""
    tasks = tuple(
        PlannedTask(
            todos=(task + 1,),
            brief=f"Round the total of {_module(task)} half to even, to the currency's own smallest unit, "
            "where it is shown; amounts stay Decimals, and test half a cent and zero.",
        )
        for task in range(count)
    )
    answer = msgspec.to_builtins(PlannedTasks(tasks=tasks))
    turn = {"json": answer, "thinking": prose(PLAN_THINKING * BYTES_PER_TOKEN, seed=7)}
    return {"name": PLANNING, "when": {"system": "You are the orchestrator"}, "turn": [turn]}


def _work(job: Job, task: int, rung: Rung, *, old: str, new: str) -> dict[str, Any]:
    """An agent's conversation: it reads turn by turn, edits with the last reading, then finishes."""
    turns: list[dict[str, Any]] = []
    starts = FIRST_LINE
    for turn in range(job.turns - 1):
        ends = starts + prose(job.sizes.region, seed=31 * task + turn).count("\n")
        calls = [_call("read", {"files": [{"path": _notes(task), "from": starts, "to": ends}]})]
        if turn == job.turns - 2:
            calls.append(_call("edit", {"edits": [{"path": _module(task), "old": old, "new": new}]}))
        turns.append(_turn(job, calls))
        starts = ends + 1
    turns.append(_turn(job, [_call("finish", {"summary": f"The total of part {task:02d} is rounded."})]))
    turns[0]["delay_ms"] = FIRST_BYTE_MS
    when = {"user": f'path="{_module(task)}"', "model": rung.model, "effort": rung.effort}
    return {"name": f"part-{task:02d} {rung.model} {new}", "when": when, "turn": turns}


def _turn(job: Job, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """A reply of the job's length: its calls, and words for the rest."""
    spent = sum(
        count_bytes(len(render_tool_call(call["name"], msgspec.json.encode(call["input"]).decode())))
        for call in calls
    )
    return {"text": prose((job.output_tokens - spent) * BYTES_PER_TOKEN, seed=len(calls)), "tool": calls}


def _call(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "input": given}


def _module(task: int) -> str:
    return f"shop/part_{task:02d}.py"


def _notes(task: int) -> str:
    return f"docs/part_{task:02d}.txt"


def _phrase(task: int) -> str:
    return f"round the total of part {task:02d} to cents"


def _comment(task: int) -> str:
    return f"# TODO: {_phrase(task)}"


def _answer(task: int, word: str) -> str:
    return f"# Part {task:02d} rounds: {word}."


def _source(task: int, size: int, comment: str) -> str:
    """A module with a comment of three lines in the middle of a function."""
    half = (size - 560) // 2
    before = prose(half, seed=task, line=CODE_LINE).replace("\n", "\n# ")
    after = prose(half, seed=task + 50, line=CODE_LINE).replace("\n", "\n# ")
    return f"""\
# {before}


def total_{task:02d}(rows, rates, currency):
    total = Decimal(0)
    for row in rows:
        rate = rates.get(row.currency)
        if rate is None:
            raise ValueError(f"no rate for {{row.currency}}")
        total += row.amount * rate
    {comment}
    #   It goes to the customer as it is now, with all the digits that the rates have, and the ledger then
    #   refuses it; see what invoices do, which have the same trouble with yen.
    return currency.format(total)


# {after}
"""
