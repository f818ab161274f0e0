"""Plays a written conversation with a role against the code that talks to it, on real files."""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import msgspec

from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import NoFence
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.agents import dependency_analyzer, errand, intent_recognition, worktree_manager
from contextune.agents.loop import AgentLoop
from contextune.agents.orchestrator import make_plan
from contextune.agents.planning_facts import PlanInput
from contextune.agents.roles import Role
from contextune.agents.toolbox import Toolbox
from contextune.core.errors import AttemptEnd, ContextuneError
from contextune.core.model.conversation import ModelReply, Text
from contextune.core.planning.plan import Plan, Task
from contextune.core.todos.todo import Todo
from contextune.core.worktrees.worktree import Finding
from tests.agents.scripted import ScriptedModel, reply, use

FOLDER = Path(__file__).parent
Kind = Literal["plain", "confused", "hostile"]


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a conversation is written in."""


class Called(Written, frozen=True, kw_only=True):
    """One call of a tool."""

    tool: str
    given: dict[str, Any]


class Reply(Written, frozen=True, kw_only=True):
    """What the model says."""

    text: str = ""
    calls: tuple[Called, ...] = ()
    stop: Literal["end_turn", "tool_use", "max_tokens", "refusal"] | None = None


class Expected(Written, frozen=True, kw_only=True):
    """What has to come of it: any of these."""

    end: str | None = None
    """The class of the attempt's end."""
    files: dict[str, str] = {}
    told: tuple[str, ...] = ()
    """Words that the model is told after its first message, in this order."""
    answer: dict[str, Any] | None = None
    tasks: tuple[dict[str, Any], ...] | None = None
    problem: str | None = None
    """Words of the error in which it ends."""


class Conversation(Written, frozen=True, kw_only=True):
    """One conversation."""

    name: str
    kind: Kind
    why: str
    """What it shows, a sentence."""
    told: str = ""
    files: dict[str, str] = {}
    todos: tuple[dict[str, Any], ...] = ()
    goal: str | None = None
    tasks: tuple[dict[str, str], ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    replies: tuple[Reply, ...]
    expect: Expected


class Book(Written, frozen=True, kw_only=True):
    """The conversations of one role."""

    role: str
    conversation: tuple[Conversation, ...]


def books() -> Iterator[Book]:
    """Those of every file of this folder."""
    for file in sorted(FOLDER.glob("*.toml")):
        yield msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Book)


class Outcome(msgspec.Struct, kw_only=True):
    """What came of a conversation."""

    end: str | None = None
    answer: dict[str, Any] | None = None
    tasks: tuple[dict[str, Any], ...] | None = None
    problem: str | None = None


async def play(who: Role, written: Conversation, folder: Path) -> tuple[Outcome, ScriptedModel]:
    """Play it to the end. Files of the conversation are in `folder`."""
    for path, content in written.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    model = ScriptedModel(*(_replied(number, one) for number, one in enumerate(written.replies)))
    talk = _worked if who.works else TALKS.get(who.name, _answered)
    try:
        return await talk(who, written, folder, model), model
    except ContextuneError as problem:
        return Outcome(problem=str(problem)), model


def after_the_first(model: ScriptedModel) -> str:
    """All that a model was told after its first message."""
    messages = [message for request in model.requests[1:] for message in request.messages[-1:]]
    return "\n".join(
        getattr(block, "text", "") or getattr(block, "content", "")
        for message in messages
        for block in message.blocks
    )


def _replied(turn: int, said: Reply) -> ModelReply:
    calls = [use(one.tool, f"u{turn}_{n}", **one.given) for n, one in enumerate(said.calls)]
    words = [said.text] if said.text else []
    return msgspec.structs.replace(reply(*words, *calls, stop=said.stop), id=f"msg{turn}")


async def _worked(who: Role, written: Conversation, folder: Path, model: ScriptedModel) -> Outcome:
    async def nothing(*_: object) -> None: ...

    loop = AgentLoop(
        send=model.send,
        record=nothing,
        before=nothing,
        after=nothing,
        hear=lambda: (),
        toolbox=Toolbox(
            WorktreeFiles(folder),
            FencedShell(NoFence("the conversation's own commands need none.")),
            names=who.tools,
            environment={},
            command_timeout=10,
        ),
        rung=who.rung,
        system=(Text(text=who.prompt),),
        max_tokens=who.max_tokens,
        max_turns=len(written.replies) + 1,
        cliff=nothing,
    )
    try:
        end: AttemptEnd = await loop.start((Text(text=written.told),))
    except ContextuneError as problem:
        return Outcome(end=type(problem).__name__, problem=str(problem))
    return Outcome(end=type(end).__name__)


async def _answered(who: Role, written: Conversation, _: Path, model: ScriptedModel) -> Outcome:
    return Outcome(answer=await errand.ask(who, written.told, send=model.send))


async def _planned(who: Role, written: Conversation, folder: Path, model: ScriptedModel) -> Outcome:
    def lines(path: str) -> list[str] | None:
        content = written.files.get(path)
        return None if content is None else content.splitlines()

    todos = tuple(
        Todo(id=f"t_{number}", line=1, column=1, end_line=1, marker="TODO", **one)
        for number, one in enumerate(written.todos)
    )
    plan = await make_plan(
        PlanInput(
            todos=todos,
            goal=written.goal,
            files=tuple(written.files),
            gate="pytest -q",
            instructions=None,
            lines=lines,
        ),
        rung=who.rung,
        send=model.send,
    )
    return Outcome(
        tasks=tuple(
            {"title": one.title, "files": list(one.files), "after": list(one.depends_on)}
            for one in plan.tasks
        )
    )


async def _judged(who: Role, written: Conversation, _: Path, model: ScriptedModel) -> Outcome:
    tasks = tuple(
        Task(id=one["id"], title=one["title"], brief="As it says.", files=(one["file"],))
        for one in written.tasks
    )
    pairs = [dependency_analyzer.Doubt(one.id, other.id, 2) for one, other in combinations(tasks, 2)]
    found = await dependency_analyzer.judge(
        Plan(tasks=tasks), (), pairs, model=who.rung.model, send=model.send
    )
    return Outcome(
        tasks=tuple({"first": one.first, "second": one.second, "reason": one.reason} for one in found)
    )


async def _explained(who: Role, written: Conversation, _: Path, model: ScriptedModel) -> Outcome:
    del who
    puzzles = [
        worktree_manager.Puzzle(
            finding=Finding(kind="unknown", place=one["place"], text=one["text"]),
            worktree=None,
            repairs=tuple(one["repairs"]),
        )
        for one in written.findings
    ]
    found = await worktree_manager.advise(puzzles, send=model.send)
    return Outcome(
        tasks=tuple(
            {"explanation": one.explanation, "repair": one.repair or "none", "question": one.question}
            for one in found
        )
    )


async def _read(who: Role, written: Conversation, _: Path, model: ScriptedModel) -> Outcome:
    answer = await errand.ask(who, written.told, send=model.send)
    read = intent_recognition.reading_of(answer, written.told)
    return Outcome(
        answer={"sure": read.sure},
        tasks=tuple(
            {
                key: value
                for key, value in wish._asdict().items()
                if value and not (key == "period" and value == "all")
            }
            for wish in read.wishes
        ),
    )


Talk = Callable[[Role, Conversation, Path, ScriptedModel], Awaitable[Outcome]]
TALKS: dict[str, Talk] = {
    "orchestrator": _planned,
    "dependency-analyzer": _judged,
    "worktree-manager": _explained,
    "intent-recognition": _read,
}
"""Roles that are talked to by code of their own; the others are sent on an errand."""
