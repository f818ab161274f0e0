"""The worktree-manager: facts that code has no name for in, an explanation and a safe repair out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from contextune.agents.loop import Send
from contextune.agents.roles import Roles, own_roles
from contextune.agents.tool_inputs import ToolInput, specification
from contextune.core.base import Value
from contextune.core.errors import ContextuneError
from contextune.core.model.conversation import Message, ModelRequest, Text
from contextune.core.worktrees.worktree import Finding, Repair, Worktree

ROLE = "worktree-manager"


class Puzzle(Value, frozen=True, kw_only=True):
    """What is put to the agent: a finding, what is known of its worktree, and what may be done."""

    finding: Finding
    worktree: Worktree | None
    repairs: tuple[Repair, ...]


class Opinion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the agent says of one puzzle."""

    number: int
    explanation: str
    repair: Literal["none", "relink", "unlock", "remove"] = "none"
    question: str = ""


class Opinions(ToolInput, frozen=True, kw_only=True):
    """The agent's whole answer."""

    name = "opinions"
    description = ""
    opinions: tuple[Opinion, ...]


class Advice(Value, frozen=True, kw_only=True):
    """What the agent makes of one finding."""

    finding: Finding
    explanation: str
    repair: Repair | None
    question: str


def request(puzzles: Sequence[Puzzle], roles: Roles | None = None) -> ModelRequest:
    """The one request, so that it can be priced before it is sent."""
    manager = (roles or own_roles()).get(ROLE)
    facts = [{"number": number, **msgspec.to_builtins(one)} for number, one in enumerate(puzzles, 1)]
    text = "```json\n" + msgspec.json.encode(facts).decode().replace("`", "'") + "\n```"
    return ModelRequest(
        rung=manager.rung,
        system=(Text(text=manager.prompt),),
        messages=(Message(role="user", blocks=(Text(text=text),)),),
        max_tokens=manager.max_tokens,
        output_schema=specification(Opinions).schema,
        rolling_cache=False,
    )


async def advise(puzzles: Sequence[Puzzle], *, send: Send, roles: Roles | None = None) -> list[Advice]:
    """Ask once. A repair that was not offered is dropped.

    Raises ContextuneError if the answer cannot be used.
    """
    reply = await send(request(puzzles, roles))
    try:
        answer = msgspec.json.decode(reply.text, type=Opinions)
    except msgspec.MsgspecError as problem:
        raise ContextuneError(f"The answer of the {ROLE} cannot be used: {problem}.") from None
    said = {opinion.number: opinion for opinion in answer.opinions}
    found = []
    for number, puzzle in enumerate(puzzles, 1):
        opinion = said.get(number)
        if opinion is not None:
            offered = next((repair for repair in puzzle.repairs if repair == opinion.repair), None)
            found.append(
                Advice(
                    finding=puzzle.finding,
                    explanation=" ".join(opinion.explanation.split()),
                    repair=offered,
                    question=" ".join(opinion.question.split()),
                )
            )
    return found
