"""Skills: guidance for people, each a Markdown file; its front matter names what it is for and leads to."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from contextune.core.base import Value
from contextune.core.errors import UsageProblem


class SkillHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The front matter of a skill's file."""

    name: str
    description: str
    commands: tuple[str, ...]


class Skill(Value, frozen=True, kw_only=True):
    """One subject that Contextune gives guidance on."""

    name: str
    description: str
    commands: tuple[str, ...]
    """What it leads to."""
    text: str


def parse_skill(source: str, text: str) -> Skill:
    """Read a skill's file. Raises UsageProblem naming the file and what is wrong."""
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise UsageProblem(f"{source}: expected front matter between two lines of `---` at the top.")
    try:
        header = msgspec.yaml.decode(parts[1], type=SkillHeader)
    except msgspec.MsgspecError as problem:
        raise UsageProblem(f"{source}: front matter: {problem}.") from None
    return Skill(
        name=header.name,
        description=header.description,
        commands=header.commands,
        text=parts[2].strip() + "\n",
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
