"""Skills: guidance for people and the orchestrator, each a Markdown file with front matter."""

from __future__ import annotations

from functools import cache
from importlib import resources

from contextune.agents.front_matter import FrontMatter
from contextune.core.base import Value
from contextune.core.errors import UsageProblem

KEYS = ("name", "description", "commands")
FOR_ORCHESTRATOR = "\n## For the orchestrator\n"
"""Below it stands what a skill says to the planner; people are not shown that."""


class Skill(Value, frozen=True, kw_only=True):
    """One subject that Contextune gives guidance on."""

    name: str
    description: str
    commands: tuple[str, ...]
    """What it leads to."""
    text: str
    for_orchestrator: str = ""
    """The few words of it that guide the orchestrator; empty where it has nothing to say to that."""


def parse_skill(source: str, text: str) -> Skill:
    """Read a skill's file. Raises UsageProblem as `FILE:LINE: what, expected what`."""
    matter = FrontMatter(source, text)
    for key in matter.keys:
        if key not in KEYS:
            matter.fail(matter.key_line(key), f"{key}: unknown key; expected one of {', '.join(KEYS)}")
    for key in KEYS:
        if key not in matter.keys:
            matter.fail(2, f"{key}: expected this key")
    body, _, guidance = matter.body.partition(FOR_ORCHESTRATOR)
    return Skill(
        name=matter.text("name", "the skill's name"),
        description=matter.text("description", "what it is for"),
        commands=tuple(name for name, _ in matter.names("commands", "a list of commands")),
        text=f"{body.strip()}\n",
        for_orchestrator=" ".join(guidance.split()),
    )


@cache
def builtin_skills() -> dict[str, Skill]:
    """The product's skills by name."""
    folder = resources.files("contextune.agents") / "skills"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".md")), key=lambda one: one.name)
    skills = [parse_skill(one.name, one.read_text(encoding="utf-8")) for one in files]
    return {skill.name: skill for skill in skills}


def skill(name: str) -> Skill:
    """The skill with this name. Raises UsageProblem if there is none."""
    found = builtin_skills().get(name)
    if found is None:
        raise UsageProblem(f"'{name}' is no skill. There are: {', '.join(builtin_skills())}.")
    return found


def orchestrator_guidance() -> str:
    """What all skills say to the orchestrator, in a line."""
    return " ".join(one.for_orchestrator for one in builtin_skills().values() if one.for_orchestrator)
