"""Reads a role's file: our own front matter, or that of Claude Code's `.claude/agents/*.md`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from contextune.agents.front_matter import FrontMatter
from contextune.core.model.conversation import Effort
from contextune.core.settings import HAIKU, OPUS, SONNET

Tier = Literal["haiku", "sonnet", "opus"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""From the cheapest up."""
MODELS: dict[Tier, str] = {"haiku": HAIKU, "sonnet": SONNET, "opus": OPUS}

ToolName = Literal["bash", "read", "write", "edit", "grep", "glob", "finish", "ask"]
TOOLS: tuple[ToolName, ...] = get_args(ToolName)

NEED = ("name", "description")
KEYS = (*NEED, "tier", "model", "effort", "tools", "max_tokens", "max_turns", "output")
THEIRS = ("allowed-tools", "disallowedTools", "maxTurns", "color")
"""What Claude Code's files have beside; `color` is for its own screen."""
INHERIT = "inherit"

MOST_TOKENS = 64_000
MOST_TURNS = 1_000
TEXT_LIMIT = 32_000
"""Characters of a role's prompt: each of its agents pays for them with every turn."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_THEIR_TOOLS: Mapping[str, ToolName] = {
    "multiedit": "edit",
    "notebookedit": "edit",
    "ls": "glob",
    "askuserquestion": "ask",
}
"""Tools of Claude Code that are another one of ours; the rest has the same name, in capitals."""


class RoleFile(NamedTuple):
    """What a role's file says. None is what it leaves to others."""

    name: str
    description: str
    tier: Tier | None
    effort: Effort
    tools: tuple[ToolName, ...] | None
    max_tokens: int | None
    max_turns: int | None
    output: dict[str, Any] | None
    """The JSON Schema of its answer."""
    prompt: str
    lines: dict[str, int]
    """Key to line, for what is told of the file later."""


def read_role(source: str, text: str) -> RoleFile:
    """Read a role's file. Raises UsageProblem as `FILE:LINE: what is wrong, what is expected`."""
    matter = FrontMatter(source, text)
    known = (*KEYS, *THEIRS)
    for key in matter.keys:
        if key not in known:
            matter.fail(matter.key_line(key), f"unknown key {key!r}; expected one of {', '.join(known)}")
    for key in NEED:
        if key not in matter.keys:
            matter.fail(2, f"{key}: the key is missing")
    if not matter.body:
        matter.fail(matter.body_line, "expected the prompt below the front matter")
    if len(matter.body) > TEXT_LIMIT:
        matter.fail(matter.body_line, f"the prompt has more than {TEXT_LIMIT:,} characters; expected less")
    return RoleFile(
        name=_name(matter),
        description=" ".join(matter.text("description", "a sentence").split()),
        tier=_tier(matter),
        effort=_effort(matter),
        tools=_tools(matter),
        max_tokens=_number(matter, "max_tokens", 256, MOST_TOKENS),
        max_turns=_number(matter, _one_of(matter, "max_turns", "maxTurns"), 1, MOST_TURNS),
        output=_output(matter),
        prompt=matter.body + "\n",
        lines={key: matter.key_line(key) for key in matter.keys},
    )


def _name(matter: FrontMatter) -> str:
    name = matter.text("name", "a name")
    if NAME.fullmatch(name) is None:
        matter.fail(
            matter.line("name"), f"name: {name!r}; expected at most 64 lower-case letters, digits and hyphens"
        )
    return name


def _tier(matter: FrontMatter) -> Tier | None:
    key = _one_of(matter, "tier", "model")
    if key is None:
        return None
    said = matter.text(key, f"one of {', '.join(TIERS)}")
    if key == "model" and said == INHERIT:
        return None
    for tier, model in MODELS.items():
        if said == tier or (key == "model" and said == model):
            return tier
    also = f", {INHERIT}, {', '.join(MODELS.values())}" if key == "model" else ""
    return matter.fail(matter.line(key), f"{key}: {said!r}; expected one of {', '.join(TIERS)}{also}")


def _effort(matter: FrontMatter) -> Effort:
    if "effort" not in matter.keys:
        return "low"
    efforts: tuple[Effort, ...] = get_args(Effort)
    said = matter.text("effort", f"one of {', '.join(efforts)}")
    for effort in efforts:
        if said == effort:
            return effort
    return matter.fail(matter.line("effort"), f"effort: {said!r}; expected one of {', '.join(efforts)}")


def _tools(matter: FrontMatter) -> tuple[ToolName, ...] | None:
    key = _one_of(matter, "tools", "allowed-tools")
    named = None if key is None else [_tool(matter, key, *one) for one in matter.names(key, _EXPECTED)]
    if "disallowedTools" not in matter.keys:
        return None if named is None else tuple(dict.fromkeys(named))
    without = {_tool(matter, "disallowedTools", *one) for one in matter.names("disallowedTools", _EXPECTED)}
    return tuple(tool for tool in dict.fromkeys(named or TOOLS) if tool not in without)


_EXPECTED = f"a list of {', '.join(TOOLS)}"


def _tool(matter: FrontMatter, key: str, said: str, line: int) -> ToolName:
    lower = said.lower()
    for tool in TOOLS:
        if tool == lower or _THEIR_TOOLS.get(lower) == tool:
            return tool
    return matter.fail(line, f"{key}: there is no tool {said!r}; expected some of {', '.join(TOOLS)}")


def _number(matter: FrontMatter, key: str | None, least: int, most: int) -> int | None:
    return matter.number(key, least, most) if key in matter.keys and key is not None else None


def _output(matter: FrontMatter) -> dict[str, Any] | None:
    if "output" not in matter.keys:
        return None
    said = matter.value("output")
    if not isinstance(said, dict) or said.get("type") != "object" or "properties" not in said:
        matter.fail(
            matter.line("output"), "output: expected a JSON Schema with `type: object` and `properties`"
        )
    return dict(said)


def _one_of(matter: FrontMatter, key: str, other: str) -> str | None:
    """Which of two names for the same thing a file has. Fails on both."""
    here = [name for name in (key, other) if name in matter.keys]
    if len(here) > 1:
        matter.fail(matter.key_line(other), f"{other}: says the same as {key}; expected one of them")
    return here[0] if here else None
