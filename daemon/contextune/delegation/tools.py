"""The one table of the tools, and how a call of one goes: decoded, permitted, carried out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.permission import Permission
from contextune.delegation import acting, looking
from contextune.delegation import answers as a
from contextune.delegation import inputs as i
from contextune.delegation.desk import Answer, Desk
from contextune.delegation.waiting import Heard, unheard
from contextune.delegation.words import title
from contextune.protocol.wire import Params


class Tool(NamedTuple):
    """One tool. `asks` tells what its user is asked where its permission says so; raises as `act` would."""

    name: str
    title: str
    about: str
    takes: type[Params]
    gives: type[a.Told]
    act: Callable[[Desk, Any, Heard], Awaitable[Answer]]
    asks: Callable[[Desk, Any], Awaitable[str]] | None = None
    """None for a tool that only reads."""


TOOLS: tuple[Tool, ...] = (
    Tool(
        "todos",
        "List Todos",
        "Lists the TODO comments of the repository with their ids. Free.",
        i.TodosInput,
        a.TodosAnswer,
        looking.todos,
    ),
    Tool(
        "quote",
        "Quote Work",
        "Plans work on Todos or a goal and prices it, as Tasks that run in parallel; starts "
        "nothing. Runs the repository's tests once; planning may cost cents.",
        i.QuoteInput,
        a.QuoteAnswer,
        acting.quote,
        acting.ask_quote,
    ),
    Tool(
        "run",
        "Start a Run",
        "Starts a Run from a quote, within a limit in dollars. Agents work in worktrees of their "
        "own and are judged by the tests; the user's branch stays as it is until `accept`. Spends "
        "money.",
        i.RunInput,
        a.RunAnswer,
        acting.run,
        acting.ask_run,
    ),
    Tool(
        "status",
        "Tell How Runs Stand",
        "Tells how one Run stands, what its agents ask and what it has cost, or lists the newest Runs. Free.",
        i.StatusInput,
        a.RunsAnswer,
        looking.status,
    ),
    Tool(
        "tell",
        "Tell an Agent",
        "Sends words to the agent of a Task at work; it reads them with its next turn.",
        i.WordsInput,
        a.DoneAnswer,
        acting.tell,
        acting.ask_tell,
    ),
    Tool(
        "answer",
        "Answer an Agent",
        "Answers the question of a Task's agent, by words or by one of the choices.",
        i.WordsInput,
        a.DoneAnswer,
        acting.answer,
        acting.ask_answer,
    ),
    Tool(
        "cancel",
        "Cancel a Run or Task",
        "Stops a Run or one of its Tasks for good; the work done so far stays in its worktree.",
        i.CancelInput,
        a.DoneAnswer,
        acting.cancel,
        acting.ask_cancel,
    ),
    Tool(
        "review",
        "Review a Result",
        "Shows the result of a Run: its Tasks, riskiest first, what the tests said, the diff if "
        "wanted. Free.",
        i.ReviewInput,
        a.ReviewAnswer,
        looking.review,
    ),
    Tool(
        "accept",
        "Accept a Result",
        "Brings the result of a Run to the user's branch, once; the user can undo that. A result "
        "with files that a person must look at is refused.",
        i.AcceptInput,
        a.AcceptAnswer,
        acting.accept,
        acting.ask_accept,
    ),
    Tool(
        "cost",
        "Tell Costs",
        "Tells what was spent in this repository, by Run and by model. Free.",
        i.CostInput,
        a.CostAnswer,
        looking.cost,
    ),
)

BY_NAME: Mapping[str, Tool] = {tool.name: tool for tool in TOOLS}


class Call(NamedTuple):
    """A call that may be carried out, once its user has agreed to `question`, if that is not empty."""

    tool: Tool
    given: Params
    question: str


async def look_at(desk: Desk, name: str, arguments: Mapping[str, Any]) -> Call:
    """Decode a call and see whether it is permitted. Raises ContextuneError, a sentence for a model."""
    tool = BY_NAME.get(name)
    if tool is None:
        raise UsageProblem(f"There is no tool '{title(name)}'. There are: {', '.join(BY_NAME)}.")
    permission = permission_of(tool, await desk.permissions())
    if permission == "deny":
        raise UsageProblem(f"The user does not let other agents call `{name}`. {how_to_allow(name)}")
    try:
        given = msgspec.convert(dict(arguments), tool.takes)
    except msgspec.ValidationError as problem:
        raise UsageProblem(f"{name}: {title(str(problem))}. {_taken_by(tool)}") from None
    question = ""
    if permission == "ask":
        # A tool that only reads has no words of its own for that.
        question = await tool.asks(desk, given) if tool.asks else f"{tool.title}?"
    return Call(tool, given, question)


def _taken_by(tool: Tool) -> str:
    """The inputs of a tool, in words: not every agent looks at the schema that it was shown."""
    fields = msgspec.structs.fields(tool.takes)
    needed = [f"`{field.encode_name}`" for field in fields if field.required]
    others = [f"`{field.encode_name}`" for field in fields if not field.required]
    return " ".join(
        said
        for said in (
            f"It needs {', '.join(needed)}." if needed else "",
            f"It may be given {', '.join(others)}." if others else "",
        )
        if said
    )


async def carry_out(desk: Desk, call: Call, heard: Heard = unheard) -> Answer:
    """Do what a call asks for; whoever calls this has the user's consent. Raises ContextuneError."""
    return await call.tool.act(desk, call.given, heard)


def permission_of(tool: Tool, permissions: object) -> Permission:
    """A tool's permission in a table of them."""
    found: Permission = getattr(permissions, tool.name)
    return found


def how_to_allow(name: str) -> str:
    """Which setting lets a tool be called, a sentence."""
    return (
        f'The user can change that: `{name} = "allow"` or `"ask"` below [other_agents] in their '
        "settings.toml, or contextune.otherAgents in VS Code."
    )


def refused_unasked(name: str) -> str:
    """Why a call is refused whose user would have to be asked, where that cannot be done."""
    return f"`{name}` needs the user's consent, and this client cannot ask for it. {_for_good(name)}"


def _for_good(name: str) -> str:
    return f'The user can allow it for good: `{name} = "allow"` below [other_agents] in their settings.toml.'


def unanswered(name: str) -> str:
    """Why a call is refused whose user put the question away, or was not there."""
    return (
        f"`{name}` needs the user's consent, and the question was put away without an answer. "
        f"Nothing was done. {_for_good(name)}"
    )


def declined(name: str) -> str:
    """What a call comes to whose user said no."""
    return f"The user declined `{name}`. Nothing was done."


def schema_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of what a tool takes or gives, an object at its root."""
    (_,), definitions = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    root = dict(definitions.pop(struct.__name__))
    if not issubclass(struct, Params):
        root["required"] = list(root.get("properties", {}))
    root.pop("title")
    return {**root, "$defs": definitions} if definitions else root
