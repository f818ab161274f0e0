"""Roles: named agents, each a Markdown file with front matter (tier, effort, tools) and its prompt."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from contextune.core.base import Value
from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import Effort, Rung
from contextune.core.settings import HAIKU, OPUS, SONNET

Tier = Literal["haiku", "sonnet", "opus"]
MODELS: dict[Tier, str] = {"haiku": HAIKU, "sonnet": SONNET, "opus": OPUS}

ToolName = Literal["bash", "read", "write", "edit", "grep", "glob", "finish", "ask"]


class RoleHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The front matter of a role's file."""

    name: str
    description: str
    tier: Tier
    effort: Effort
    tools: tuple[ToolName, ...]
    max_tokens: int = 8192
    """The longest reply, in tokens."""


class Role(Value, frozen=True, kw_only=True):
    """A named agent."""

    name: str
    description: str
    rung: Rung
    """Where it works unless a Ladder says otherwise."""
    tools: tuple[ToolName, ...]
    max_tokens: int
    prompt: str


def parse_role(source: str, text: str) -> Role:
    """Read a role's file. Raises UsageProblem naming the file and what is wrong."""
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise UsageProblem(f"{source}: expected front matter between two lines of `---` at the top.")
    try:
        header = msgspec.yaml.decode(parts[1], type=RoleHeader)
    except msgspec.MsgspecError as problem:
        raise UsageProblem(f"{source}: front matter: {problem}.") from None
    return Role(
        name=header.name,
        description=header.description,
        rung=Rung(model=MODELS[header.tier], effort=header.effort),
        tools=header.tools,
        max_tokens=header.max_tokens,
        prompt=parts[2].strip() + "\n",
    )


@cache
def builtin_roles() -> dict[str, Role]:
    """The product's own roles by name."""
    folder = resources.files("contextune.agents") / "roles"
    roles = [
        parse_role(entry.name, entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".md")
    ]
    return {role.name: role for role in sorted(roles, key=lambda role: role.name)}


def role(name: str) -> Role:
    """The role with this name. Raises UsageProblem if there is none."""
    found = builtin_roles().get(name)
    if found is None:
        raise UsageProblem(f"No role is called {name!r}. Roles: {', '.join(builtin_roles())}.")
    return found
