"""Tokens that each role's prompt takes before a word is said; run as a program, it records them anew.

Counted by the offline model's rule, four bytes to a token: the real tokenizer is the server's alone. So a
figure tells whether a prompt has grown, not what the bill will say.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from contextune.agents import tool_inputs
from contextune.agents.roles import Role, builtin_roles
from contextune.offline.tokens import count_bytes, count_text

RECORDED = Path(__file__).with_name("prompt_tokens.json")
MEND = "python -m tests.agents.prompt_tokens"


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Of one role."""

    prompt: int
    tools: int
    answer: int
    """Of the JSON Schema of its answer; 0 where it has none."""


def tokens_of(who: Role) -> Tokens:
    """The tokens that a role's first request has beside what it is about."""
    tools = [tool_inputs.as_tool(tool_inputs.INPUTS[name]) for name in sorted(who.tools)]
    return Tokens(
        prompt=count_text(who.prompt),
        tools=sum(count_bytes(len(msgspec.json.encode(tool))) for tool in tools),
        answer=count_bytes(len(msgspec.json.encode(who.output))) if who.output else 0,
    )


def now() -> dict[str, Tokens]:
    """Of every role of the product."""
    return {name: tokens_of(who) for name, who in builtin_roles().items()}


def recorded() -> dict[str, Tokens]:
    """As they were when they were last recorded."""
    return msgspec.json.decode(RECORDED.read_bytes(), type=dict[str, Tokens])


def changes(before: Mapping[str, Tokens], after: Mapping[str, Tokens]) -> list[str]:
    """A line for each figure that changed, such as `orchestrator: prompt 240 -> 251 (+11)`."""
    nothing = Tokens(prompt=0, tools=0, answer=0)
    found = []
    for name in sorted({*before, *after}):
        one, other = before.get(name, nothing), after.get(name, nothing)
        for part in Tokens.__struct_fields__:
            was, now = getattr(one, part), getattr(other, part)
            if was != now:
                found.append(f"{name}: {part} {was:,} -> {now:,} ({now - was:+,})")
    return found


if __name__ == "__main__":
    RECORDED.write_bytes(msgspec.json.format(msgspec.json.encode(now()), indent=2) + b"\n")
