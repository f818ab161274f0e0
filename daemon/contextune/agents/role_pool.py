"""Who is in the pool: the product's own roles, and those of the user and of a trusted repository."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources

import msgspec

from contextune.agents.role_file import TIERS, TOOLS, RoleFile, read_role
from contextune.agents.roles import MAX_TOKENS, Role, Roles, builtin_roles, made
from contextune.core.errors import UsageProblem
from contextune.core.role_source import REPOSITORYS, RoleSource

MOST = 64
"""Roles that are not the product's own: a person has to be able to choose among them."""
MANNERS = ("finish", "ask")
"""What everybody who works can do: a file of Claude Code's does not know of it."""


def pool(sources: Iterable[RoleSource]) -> Roles:
    """The product's own roles and these; a later one of the same name stands in for an earlier one.

    A file that cannot be used is left out and told: it never stops others.
    """
    mine, problems = examined(sources)
    found = {**builtin_roles(), **{one.name: one for one in mine}}
    return Roles(dict(sorted(found.items())), problems)


def examined(sources: Iterable[RoleSource]) -> tuple[list[Role], tuple[str, ...]]:
    """The roles that may join the pool, and a sentence for each file that may not, with its line."""
    fine: list[Role] = []
    problems: list[str] = []
    for source in sources:
        try:
            if source.problem:
                raise UsageProblem(f"{source.name}:1: {source.problem}")
            if len(fine) >= MOST:
                raise UsageProblem(f"{source.name}:1: expected at most {MOST} roles.")
            fine.append(joined(source))
        except UsageProblem as problem:
            problems.append(str(problem))
    return fine, tuple(problems)


def joined(source: RoleSource) -> Role:
    """The role of one file as it may join the pool. Raises UsageProblem naming file and line.

    Nothing it says can widen what its place allows: the tools and the shape of the answer of the role that it
    stands in for, else those of an executor. The Fence and the budget are not a role's to say.
    """
    read = read_role(source.name, source.text)
    original = builtin_roles().get(read.name)
    place = _Place(source, read, original)
    place.require_tools()
    place.require_limits()
    place.require_output()
    works = place.works
    tools = tuple(dict.fromkeys((*place.tools, *MANNERS))) if works else ()
    prompt = f"{read.prompt}\n{_manners()}" if works else read.prompt
    one = made(read, source.name, prompt=prompt, owner=source.owner)
    return msgspec.structs.replace(
        one,
        tools=tools,
        stands_in=original is not None,
        output=read.output or (original.output if original else None),
        max_tokens=read.max_tokens or (original.max_tokens if original else MAX_TOKENS),
        tier=one.tier if read.tier or original is None else original.tier,
        rung=one.rung if read.tier or original is None else original.rung,
    )


class _Place:
    """The place that a file's role is to take, and what that place allows."""

    def __init__(self, source: RoleSource, read: RoleFile, original: Role | None) -> None:
        self._source = source
        self._read = read
        self._original = original
        self._foreign = source.owner == REPOSITORYS
        allowed = TOOLS if original is None else original.tools
        self.tools = allowed if read.tools is None else read.tools
        """Those it is to have."""
        self.works = bool(self.tools) if original is None else original.works
        """Whether it does Tasks; one of a name of its own that names no tools answers once."""

    def require_tools(self) -> None:
        """A stand-in has no tool that the original lacks."""
        if self._original is None:
            return
        more = [tool for tool in self.tools if tool not in (*self._original.tools, *MANNERS * self.works)]
        if more:
            may = ", ".join(self._original.tools) or "none, it answers in one piece"
            self._fail("tools", "allowed-tools", f"{', '.join(more)}; expected at most {may}")

    def require_limits(self) -> None:
        """A repository's role is no dearer than the one whose place it takes."""
        if not self._foreign:
            return
        most = self._original.max_tokens if self._original else MAX_TOKENS
        if (self._read.max_tokens or 0) > most:
            self._fail("max_tokens", "", f"expected at most {most:,} from a repository's role")
        tier = self._original.tier if self._original else "haiku"
        if self._read.tier and TIERS.index(self._read.tier) > TIERS.index(tier):
            self._fail(
                "tier",
                "model",
                f"{self._read.tier}; expected at most {tier} from a repository's role. The Ladder takes its "
                "Tasks higher where the Gate stays red; your own folder may name a higher tier",
            )

    def require_output(self) -> None:
        """The code that asks a stand-in reads the answer that the original gives."""
        if self._read.output is None or self._original is None:
            return
        if self._read.output != self._original.output:
            self._fail("output", "", f"expected that of {self._read.name}, or no such key")

    def _fail(self, key: str, other: str, what: str) -> None:
        lines = self._read.lines
        name = key if key in lines else other
        raise UsageProblem(f"{self._source.name}:{lines.get(name, 2)}: {name or key}: {what}.")


@cache
def _manners() -> str:
    return (resources.files("contextune.agents") / "manners.md").read_text(encoding="utf-8")
