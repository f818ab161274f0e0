"""Roles: named agents, each a Markdown file with front matter (tier, effort, tools) and its prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from contextune.agents.role_file import MODELS, RoleFile, Tier, ToolName, read_role
from contextune.core.base import Value
from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import Rung
from contextune.core.role_source import OURS

MAX_TOKENS = 8192
"""The longest reply of a role that says nothing of it, in tokens."""
EXECUTOR = "parallel-task-executor"


class Role(Value, frozen=True, kw_only=True):
    """A named agent."""

    name: str
    description: str
    tier: Tier
    rung: Rung
    """Where it works unless a Ladder says otherwise."""
    tools: tuple[ToolName, ...]
    max_tokens: int
    max_turns: int | None = None
    """Turns of one attempt; None for as many as the settings allow."""
    output: dict[str, Any] | None = None
    """The JSON Schema of its answer, where it answers in one piece."""
    prompt: str
    owner: str = OURS
    source: str = ""
    """The file that it comes from."""
    stands_in: bool = False
    """Whether it took the place of one of the product's own."""
    pinned: bool = True
    """Whether its file names a tier; else the Ladder alone says where it begins."""

    @property
    def works(self) -> bool:
        """Whether it does Tasks in a worktree; else it answers once, without tools."""
        return "finish" in self.tools


def parse_role(source: str, text: str) -> Role:
    """Read a role's file that leaves nothing to others. Raises UsageProblem naming file and line."""
    return made(read_role(source, text), source)


def made(
    read: RoleFile,
    source: str,
    *,
    tools: tuple[ToolName, ...] = (),
    prompt: str | None = None,
    owner: str = OURS,
) -> Role:
    """The role that a file describes. `tools` are those of a file that names none."""
    tier = read.tier or "haiku"
    return Role(
        name=read.name,
        description=read.description,
        tier=tier,
        rung=Rung(model=MODELS[tier], effort=read.effort),
        tools=tools if read.tools is None else read.tools,
        max_tokens=read.max_tokens or MAX_TOKENS,
        max_turns=read.max_turns,
        output=read.output,
        prompt=read.prompt if prompt is None else prompt,
        owner=owner,
        source=source,
        pinned=read.tier is not None,
    )


@cache
def builtin_roles() -> Mapping[str, Role]:
    """The product's own roles by name."""
    folder = resources.files("contextune.agents") / "roles"
    roles = [
        parse_role(entry.name, entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".md")
    ]
    return MappingProxyType({role.name: role for role in sorted(roles, key=lambda role: role.name)})


@dataclass(frozen=True)
class Roles:
    """The agents that there are for one repository."""

    by_name: Mapping[str, Role]
    problems: tuple[str, ...] = ()
    """Files that are left out, and why, each naming file and line."""

    @property
    def stand_ins_left_out(self) -> tuple[str, ...]:
        """Those of the problems that keep a file from standing in for one of the product's own."""
        ours = tuple(f"/{name}.md:" for name in builtin_roles())
        return tuple(said for said in self.problems if any(one in said for one in ours))

    @property
    def joined_workers(self) -> tuple[Role, ...]:
        """Those that are not the product's own, take nobody's place, and do Tasks."""
        return tuple(
            one for one in self.by_name.values() if one.works and one.owner != OURS and not one.stands_in
        )

    def get(self, name: str) -> Role:
        """The role with this name. Raises UsageProblem if there is none."""
        found = self.by_name.get(name)
        if found is None:
            left_out = f" Left out: {' '.join(self.problems)}" if self.problems else ""
            raise UsageProblem(f"No role is called {name!r}. Roles: {', '.join(self.by_name)}.{left_out}")
        return found

    def worker(self, name: str) -> Role:
        """The role of this name that does Tasks. Raises UsageProblem if it is none that does."""
        found = self.get(name or EXECUTOR)
        if not found.works:
            raise UsageProblem(f"The role {name!r} answers in one piece and does no Tasks.")
        return found


def own_roles() -> Roles:
    """The product's own alone."""
    return Roles(builtin_roles())


def role(name: str) -> Role:
    """The product's own role with this name. Raises UsageProblem if there is none."""
    return own_roles().get(name)
