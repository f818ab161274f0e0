"""The dependency-analyzer: pairs of Tasks of which facts say nothing and words hint at more, judged once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import msgspec

from contextune.agents.framing import framed, row
from contextune.agents.loop import Send
from contextune.agents.roles import Roles, own_roles
from contextune.agents.tool_inputs import ToolInput, specification
from contextune.core.errors import ContextuneError
from contextune.core.model.conversation import Message, ModelRequest, Text
from contextune.core.overlap.touches import TaskFacts
from contextune.core.plain_text import one_line
from contextune.core.planning.plan import Overlap, Plan, Task
from contextune.core.source.mentions import subjects
from contextune.core.todos.todo import Todo

ROLE = "dependency-analyzer"
MOST_PAIRS = 12
"""Pairs of one question, those that share most words first."""
WORDS_LIMIT = 300
"""Characters of one Task's words."""
MOST_FILES = 3
"""Files of one Task that are named."""
WHY_LIMIT = 160
FAMILIAR = 4
"""Tasks that share a word beyond which it is the subject of the whole Plan, and tells none apart."""
ENOUGH = 2
"""Telling words that Tasks have in common before they are asked about; one, where nothing is known of one."""


class Doubt(NamedTuple):
    """A pair of Tasks whose words hint at what facts do not show."""

    first: str
    second: str
    shared: int


class Judged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the agent says of one pair, by the numbers of its Tasks."""

    first: int
    second: int
    relation: Literal["order", "same"]
    why: str = ""


class Judgement(ToolInput, frozen=True, kw_only=True):
    """The agent's whole answer."""

    name = "judgement"
    description = ""
    pairs: tuple[Judged, ...]


def doubts(
    plan: Plan, todos: Sequence[Todo], facts: Sequence[TaskFacts], overlaps: Sequence[Overlap]
) -> tuple[Doubt, ...]:
    """The pairs to ask about, the most likely ones first. Pairs with an order or an overlap are no doubt."""
    by_id = {todo.id: todo.text for todo in todos}
    words = {task.id: subjects(_said(task, by_id)) for task in plan.tasks}
    orders = plan.orders()
    known = {frozenset((one.first, one.second)) for one in overlaps if one.kind != "same_test"}
    vague = {one.task_id for one in facts if not one.changes}
    usual = _usual(list(words.values()))
    found = []
    for one, other in combinations((task.id for task in plan.tasks), 2):
        if one in orders[other] or other in orders[one] or frozenset((one, other)) in known:
            continue
        shared = len((words[one] & words[other]) - usual)
        if shared >= (1 if one in vague or other in vague else ENOUGH):
            found.append(Doubt(one, other, shared))
    return tuple(sorted(found, key=lambda doubt: -doubt.shared)[:MOST_PAIRS])


def request(
    plan: Plan, todos: Sequence[Todo], asked: Sequence[Doubt], model: str, roles: Roles | None = None
) -> ModelRequest:
    """The one request. `model` is what the user has cheap agents work with."""
    analyzer = (roles or own_roles()).get(ROLE)
    by_id = {todo.id: todo.text for todo in todos}
    numbers = _numbers(plan, asked)
    lines = [
        f"{numbers[task.id]}. {row(task.title)} [{row(', '.join(task.files[:MOST_FILES]))}]: "
        + row(_said(task, by_id))[:WORDS_LIMIT]
        for task in plan.tasks
        if task.id in numbers
    ]
    pairs = ", ".join(f"{numbers[one.first]}-{numbers[one.second]}" for one in asked)
    text = framed("todos", "\n".join(lines)) + f"\n\nPairs: {pairs}"
    return ModelRequest(
        rung=msgspec.structs.replace(analyzer.rung, model=model),
        system=(Text(text=analyzer.prompt),),
        messages=(Message(role="user", blocks=(Text(text=text),)),),
        max_tokens=analyzer.max_tokens,
        output_schema=specification(Judgement).schema,
        rolling_cache=False,
    )


async def judge(
    plan: Plan,
    todos: Sequence[Todo],
    asked: Sequence[Doubt],
    *,
    model: str,
    send: Send,
    roles: Roles | None = None,
) -> tuple[Overlap, ...]:
    """Ask once; what the answer adds. Pairs that were not asked about are dropped.

    Raises ContextuneError if the answer cannot be used.
    """
    reply = await send(request(plan, todos, asked, model, roles))
    try:
        answer = msgspec.json.decode(reply.text, type=Judgement)
    except msgspec.MsgspecError as problem:
        raise ContextuneError(f"The answer of the {ROLE} cannot be used: {problem}.") from None
    return _overlaps(plan, asked, answer)


def _overlaps(plan: Plan, asked: Sequence[Doubt], answer: Judgement) -> tuple[Overlap, ...]:
    ids = {number: task_id for task_id, number in _numbers(plan, asked).items()}
    open_pairs = {frozenset((one.first, one.second)) for one in asked}
    found = []
    for judged in answer.pairs:
        first, second = ids.get(judged.first), ids.get(judged.second)
        if first is None or second is None or frozenset((first, second)) not in open_pairs:
            continue
        open_pairs.discard(frozenset((first, second)))
        one, other = plan.task(first), plan.task(second)
        said = (
            f"“{other.title}” needs “{one.title}” first"
            if judged.relation == "order"
            else (f"“{one.title}” and “{other.title}” would do the same")
        )
        why = one_line(judged.why)[:WHY_LIMIT].rstrip(" .")
        found.append(
            Overlap(
                first=first,
                second=second,
                path=next(iter(other.files), ""),
                kind="related",
                strong=True,
                reason=f"{said}: {why}." if why else f"{said}.",
            )
        )
    return tuple(found)


def _numbers(plan: Plan, asked: Sequence[Doubt]) -> dict[str, int]:
    wanted = {task_id for one in asked for task_id in (one.first, one.second)}
    named = (task.id for task in plan.tasks if task.id in wanted)
    return {task_id: number for number, task_id in enumerate(named, start=1)}


def _said(task: Task, todos: dict[str, str]) -> str:
    own = " ".join(todos[todo_id] for todo_id in task.todo_ids if todo_id in todos)
    return " ".join(own.split()) if own else f"{task.title}. {task.brief}"


def _usual(words: Sequence[frozenset[str]]) -> frozenset[str]:
    counts: dict[str, int] = {}
    for of_task in words:
        for word in of_task:
            counts[word] = counts.get(word, 0) + 1
    return frozenset(word for word, count in counts.items() if count > FAMILIAR)
