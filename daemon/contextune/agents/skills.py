"""Skills: guidance for people, each a Markdown file; its front matter names what it is for and leads to."""

from __future__ import annotations

from functools import cache
from importlib import resources

from contextune.agents.front_matter import FrontMatter
from contextune.core.base import Value
from contextune.core.errors import UsageProblem

KEYS = ("name", "description", "commands")


class Skill(Value, frozen=True, kw_only=True):
    """One subject that Contextune gives guidance on."""

    name: str
    description: str
    commands: tuple[str, ...]
    """What it leads to."""
    text: str


def parse_skill(source: str, text: str) -> Skill:
    """Read a skill's file. Raises UsageProblem as `FILE:LINE: what, expected what`."""
    matter = FrontMatter(source, text)
    for key in matter.keys:
        if key not in KEYS:
            matter.fail(matter.key_line(key), f"{key}: unknown key; expected one of {', '.join(KEYS)}")
    for key in KEYS:
        if key not in matter.keys:
            matter.fail(2, f"{key}: expected this key")
    return Skill(
        name=matter.text("name", "the skill's name"),
        description=matter.text("description", "what it is for"),
        commands=tuple(name for name, _ in matter.names("commands", "a list of commands")),
        text=f"{matter.body}\n",
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
