"""The orchestrator: Todos or a Goal in, a valid Plan out, with one correction at most.

Code makes a Plan first; the model says only what should differ, as its words are the dearest of a Run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

import msgspec

from contextune.agents.loop import Send
from contextune.agents.planning_facts import PlanInput, layout_of, request_text
from contextune.agents.roles import Role, Roles, own_roles
from contextune.agents.skills import orchestrator_guidance
from contextune.agents.tool_inputs import ToolInput, specification
from contextune.core.errors import PlanRejected
from contextune.core.model.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.plain_text import one_line, plain
from contextune.core.planning.default_plan import Draft, by_symbol, default_plan, finished
from contextune.core.planning.plan import Complexity, Plan, faults
from contextune.core.source.suite_layout import SuiteLayout
from contextune.core.todos.todo import Todo

ROLE = "orchestrator"
TOKENS = 3_000
TOKENS_PER_TODO = 200
"""Of the longest answer, whose price is held back meanwhile: for thought and a Goal, and for each Todo."""


class PlannedTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Task as the model writes it: what differs from the default, numbers in place of names."""

    todos: tuple[int, ...] = ()
    title: str = ""
    brief: str = ""
    files: tuple[str, ...] = ()
    after: tuple[int, ...] = ()
    complexity: Complexity | msgspec.UnsetType = msgspec.UNSET


class PlannedTasks(ToolInput, frozen=True, kw_only=True):
    """The orchestrator's whole answer."""

    name = "plan"
    description = ""
    tasks: tuple[PlannedTask, ...]


class ChosenTask(PlannedTask, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Task as the model writes it where agents joined whom it may choose."""

    agent: str = ""


class ChosenTasks(ToolInput, frozen=True, kw_only=True):
    """The answer there."""

    name = "plan"
    description = ""
    tasks: tuple[ChosenTask, ...]


def answer_schema(agents: Sequence[Role]) -> dict[str, Any]:
    """The JSON Schema of the answer. Where nobody joined, nobody is named: it would cost tokens."""
    if not agents:
        return specification(PlannedTasks).schema
    schema = deepcopy(specification(ChosenTasks).schema)
    said = schema["properties"]["tasks"]["items"]["properties"]["agent"]
    said["enum"] = ["", *(one.name for one in agents)]
    return schema


async def make_plan(given: PlanInput, *, rung: Rung, send: Send, roles: Roles | None = None) -> Plan:
    """Ask for a Plan and check it. Raises PlanRejected if it is still invalid after one correction.

    Todos that make a single Task need no planner: they cost nothing.
    """
    layout = await asyncio.to_thread(layout_of, given)
    if not given.goal and len(by_symbol(given.todos)) == 1:
        return default_plan(given.todos, layout)
    roles = roles or own_roles()
    orchestrator, agents = roles.get(ROLE), roles.joined_workers
    request = Text(text=await asyncio.to_thread(request_text, given, agents))
    # The system prompt is the role's alone, which may be the user's: the skills' guidance stands apart.
    guidance = Text(text=orchestrator_guidance())
    messages = [Message(role="user", blocks=(request, guidance))]
    longest = min(orchestrator.max_tokens, TOKENS + TOKENS_PER_TODO * len(given.todos))
    said: tuple[str, ...] = ()
    for _ in range(2):
        reply = await send(
            ModelRequest(
                rung=rung,
                system=(Text(text=orchestrator.prompt),),
                messages=tuple(messages),
                max_tokens=longest,
                output_schema=answer_schema(agents),
                # Few plans need a correction, and nothing else reads this prompt again.
                rolling_cache=False,
            )
        )
        plan, said = _read(reply, given, layout, agents)
        if plan is not None:
            return plan
        correction = "The plan cannot be used:\n" + "\n".join(said) + "\nSend the whole answer again, mended."
        messages += [reply.message, Message(role="user", blocks=(Text(text=correction),))]
    raise PlanRejected("The orchestrator's plan stayed invalid: " + " ".join(said))


def plan_by_code(given: PlanInput) -> Plan:
    """The Plan for the Todos without a model: one Task each. Reads files: blocking."""
    return default_plan(given.todos, layout_of(given))


def read_plan(
    text: str,
    todos: Sequence[Todo],
    layout: SuiteLayout,
    is_known_file: Callable[[str], bool],
    agents: Sequence[Role] = (),
) -> tuple[Plan | None, tuple[str, ...]]:
    """The Plan that an answer means for these Todos, or what is wrong with it, a sentence each.

    `agents` are those that a Task may be given to beside the parallel-task-executor.
    """
    try:
        written: Sequence[PlannedTask] = (
            msgspec.json.decode(text, type=ChosenTasks).tasks
            if agents
            else msgspec.json.decode(text, type=PlannedTasks).tasks
        )
    except msgspec.MsgspecError as problem:
        return None, (f"The answer is not the JSON that was asked for: {problem}.",)
    tasks = [
        msgspec.structs.replace(task, title=one_line(task.title), brief=plain(task.brief)) for task in written
    ]
    said = (*_number_faults(tasks, len(todos)), *_agent_faults(tasks, agents))
    if said:
        return None, said
    plan = finished(_drafts(tasks, todos), layout)
    said = faults(plan, todos, is_known_file)
    return (None, said) if said else (plan, ())


def _read(
    reply: ModelReply, given: PlanInput, layout: SuiteLayout, agents: Sequence[Role]
) -> tuple[Plan | None, tuple[str, ...]]:
    if reply.stop_reason == "max_tokens":
        return None, ("The answer was too long and was cut off. Say less.",)
    return read_plan(reply.text, given.todos, layout, _known(given.files), agents)


def _number_faults(tasks: Sequence[PlannedTask], count: int) -> tuple[str, ...]:
    """Numbers that stand for nothing, and Todos that are in two tasks."""
    said = []
    claimed: set[int] = set()
    last = count + sum(not task.todos for task in tasks)
    for task in tasks:
        for number in dict.fromkeys(task.todos):
            if not 1 <= number <= count:
                said.append(f"There is no Todo {number}: {_span(count, 'Todo')}.")
            elif number in claimed:
                said.append(f"Todo {number} is in two tasks.")
            claimed.add(number)
        said += [
            f"`after` names {number}, which is no task: {_span(last, 'task')}."
            for number in task.after
            if not 1 <= number <= last
        ]
    return tuple(said)


def _agent_faults(tasks: Sequence[PlannedTask], agents: Sequence[Role]) -> Iterator[str]:
    """Agents that are none to choose from."""
    names = [one.name for one in agents]
    for name in dict.fromkeys(_agent(task) for task in tasks):
        if name and name not in names:
            yield f"`agent` names {one_line(name)!r}; expected one of {', '.join(names)}, or no such key."


def _agent(task: PlannedTask) -> str:
    return task.agent if isinstance(task, ChosenTask) else ""


def _span(last: int, what: str) -> str:
    return f"they count from 1 to {last}" if last else f"there is no {what} to name"


def _drafts(tasks: Sequence[PlannedTask], todos: Sequence[Todo]) -> list[Draft]:
    """Every Todo in a draft, in their order: as the answer groups them, the others as code does.

    Todos of one symbol that the answer does not tell apart stay together.
    """
    number_of = {todo.id: number for number, todo in enumerate(todos, start=1)}
    owner = {number: place for place, task in enumerate(tasks) for number in task.todos}
    members: list[list[int]] = [list(task.todos) for task in tasks]
    left = []
    for group in by_symbol(todos):
        numbers = [number_of[todo.id] for todo in group]
        unnamed = [number for number in numbers if number not in owner]
        named = next((owner[number] for number in numbers if number in owner), None)
        if named is not None:
            members[named] += unnamed
        elif unnamed:
            left.append(unnamed)
    # Tasks without Todos stand last, and are numbered on in the order of the answer.
    whole: list[tuple[list[int], PlannedTask]] = [
        *((sorted(set(numbers)), task) for numbers, task in zip(members, tasks, strict=True)),
        *((numbers, PlannedTask()) for numbers in left),
    ]
    whole.sort(key=lambda one: one[0][0] if one[0] else len(todos) + 1)
    place_of = {number: place for place, (numbers, _) in enumerate(whole) for number in numbers}
    beyond = [place for place, (numbers, _) in enumerate(whole) if not numbers]
    place_of |= {len(todos) + nth: place for nth, place in enumerate(beyond, start=1)}
    return [
        Draft(
            todos=tuple(todos[number - 1] for number in numbers),
            title=" ".join(task.title.split()),
            brief=task.brief.strip(),
            files=tuple(dict.fromkeys(_tidy(path) for path in task.files)),
            after=tuple(place_of[number] for number in task.after),
            role=_agent(task),
            complexity=None if task.complexity is msgspec.UNSET else task.complexity,
        )
        for numbers, task in whole
    ]


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
