"""`contextune skills`: lists them, or shows one."""

from __future__ import annotations

from argparse import Namespace

from contextune.agents.skills import builtin_skills, skill
from contextune.cli.output import Output


async def skills(given: Namespace) -> int:
    """List the skills, or show the text of the one that is named."""
    out = Output(as_json=given.json)
    chosen = builtin_skills().values() if given.name is None else [skill(given.name)]
    for one in chosen:
        if out.as_json:
            out.line(
                {"name": one.name, "description": one.description, "commands": one.commands, "text": one.text}
            )
        out.say(one.name, "bold")
        out.say(f"    {one.description}")
        if given.name is not None:
            out.say(one.text)
    return 0
