"""The orchestrator: Todos or a Goal in, a valid Plan out, with one correction at most."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from contextune.agents.briefing import Lines, shared_context, todo_block
from contextune.agents.loop import Send
from contextune.agents.roles import role
from contextune.agents.tool_inputs import ToolInput, specification
from contextune.core.conversation import Message, ModelRequest, Rung, Text
from contextune.core.errors import PlanRejected
from contextune.core.plan import Complexity, Plan, Task, faults
from contextune.core.todo import Todo

ROLE = "orchestrator"
AROUND = 12
"""Lines of code around each Todo: enough to judge what it means and what it touches."""


class PlannedTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Task as the model writes it."""

    key: str
    title: str
    brief: str
    todo_ids: tuple[str, ...]
    files: tuple[str, ...]
    depends_on: tuple[str, ...]
    complexity: Complexity


class PlannedTasks(ToolInput, frozen=True, kw_only=True):
    """The orchestrator's whole answer."""

    name = "plan"
    description = ""
    tasks: tuple[PlannedTask, ...]


class PlanInput(msgspec.Struct, frozen=True, kw_only=True):
    """What the orchestrator is given."""

    todos: tuple[Todo, ...]
    goal: str | None
    files: tuple[str, ...]
    gate: str | None
    instructions: str | None
    lines: Lines


async def make_plan(given: PlanInput, *, rung: Rung, send: Send) -> Plan:
    """Ask for a Plan and check it. Raises PlanRejected if it is still invalid after one correction."""
    if len(given.todos) == 1 and not given.goal:
        return lone_plan(given.todos[0])
    orchestrator = role(ROLE)
    messages = [Message(role="user", blocks=_request(given))]
    said: tuple[str, ...] = ()
    for _ in range(2):
        reply = await send(
            ModelRequest(
                rung=rung,
                system=(Text(text=orchestrator.prompt, cache=True),),
                messages=tuple(messages),
                max_tokens=orchestrator.max_tokens,
                output_schema=specification(PlannedTasks).schema,
            )
        )
        plan, said = read_plan(reply.text, given.todos, _known(given.files))
        if plan is not None:
            return plan
        correction = "The plan cannot be used:\n" + "\n".join(said) + "\nSend the whole plan again, mended."
        messages += [reply.message, Message(role="user", blocks=(Text(text=correction),))]
    raise PlanRejected("The orchestrator's plan stayed invalid: " + " ".join(said))


def lone_plan(todo: Todo) -> Plan:
    """The Plan for a single Todo: needs no planner and costs nothing."""
    words = " ".join(todo.text.split()) or f"the {todo.marker} at line {todo.line}"
    title = words if len(words) <= 72 else words[:69].rstrip() + "..."
    where = f"{todo.path}, line {todo.line}" + (f", in {todo.symbol}" if todo.symbol else "")
    brief = (
        f"Do this Todo of {where}. Decide what it leaves open in the way that its authors most likely meant."
    )
    return Plan(
        tasks=(Task(id=slug(words), title=title, brief=brief, todo_ids=(todo.id,), files=(todo.path,)),)
    )


def read_plan(
    text: str, todos: Sequence[Todo], is_known_file: Callable[[str], bool]
) -> tuple[Plan | None, tuple[str, ...]]:
    """The Plan in a reply, or what is wrong with it, a sentence each."""
    try:
        answer = msgspec.json.decode(text, type=PlannedTasks)
    except msgspec.MsgspecError as problem:
        return None, (f"The answer is not the JSON that was asked for: {problem}.",)
    plan = Plan(
        tasks=tuple(
            Task(
                id=slug(task.key),
                title=task.title.strip(),
                brief=task.brief.strip(),
                todo_ids=task.todo_ids,
                files=tuple(dict.fromkeys(_tidy(path) for path in task.files)),
                depends_on=tuple(slug(key) for key in task.depends_on),
                complexity=task.complexity,
            )
            for task in answer.tasks
        )
    )
    said = faults(plan, todos, is_known_file)
    return (None, said) if said else (plan, ())


def slug(words: str) -> str:
    """A short id that is safe in branch names and paths."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40].rstrip("-") or "task"


def _tidy(path: str) -> str:
    return path.removeprefix("./").replace("\\", "/")


def _known(files: Sequence[str]) -> Callable[[str], bool]:
    existing = set(files)
    folders = {"", *(parent for path in files for parent in _parents(path))}

    def known(path: str) -> bool:
        if path.startswith("/") or ".." in path.split("/"):
            return False
        return path in existing or any(parent in folders for parent in _parents(path))

    return known


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: n + 1]) for n in range(len(parts))] or [""]


def _request(given: PlanInput) -> tuple[Text, ...]:
    wanted = []
    if given.goal:
        wanted.append(f"# Goal\n{given.goal}")
    if given.todos:
        blocks = "\n\n".join(todo_block(todo, given.lines, around=AROUND) for todo in given.todos)
        wanted.append(f"# Todos\n{blocks}")
    return (
        shared_context(given.files, given.gate, given.instructions),
        Text(text="\n\n".join(wanted)),
    )
