"""`contextune skills`: lists them, or has one answer with the repository's own numbers."""

from __future__ import annotations

from argparse import Namespace

import msgspec

from contextune.agents.skills import builtin_skills, skill
from contextune.cli.output import Output
from contextune.core.advice.advice import Advice
from contextune.core.errors import PlaceProblem
from contextune.engine.application import Application
from contextune.protocol.ask import command_text


async def skills(app: Application, given: Namespace, out: Output) -> int:
    """List the skills, or show what the one that is named says, and its text."""
    chosen = builtin_skills().values() if given.name is None else [skill(given.name)]
    for one in chosen:
        advice = None if given.name is None else await _advice(app, given, one.name)
        if out.as_json:
            out.line(
                {
                    "name": one.name,
                    "description": one.description,
                    "commands": one.commands,
                    "text": one.text,
                    "advice": msgspec.to_builtins(advice),
                }
            )
            continue
        out.say(one.name, "bold")
        out.say(f"    {one.description}")
        if given.name is not None:
            out.say(one.text)
        if advice is not None:
            show_advice(advice, out)
    return 0


async def _advice(app: Application, given: Namespace, name: str) -> Advice | None:
    """What a skill says here; None outside of a repository."""
    try:
        return await app.skills.advise(given.path, name)
    except PlaceProblem:
        return None


def show_advice(advice: Advice, out: Output) -> None:
    """Its sentence, the facts, and the commands that follow, numbered."""
    if out.as_json:
        out.tagged("advice", advice)
        return
    out.say(advice.summary, "bold")
    for point in advice.points:
        out.say(point.text)
        for detail in point.details:
            out.say(detail, "dim", indent=4)
    for number, step in enumerate(advice.steps, 1):
        out.say(f"{number}  {step.title}")
        out.say(command_text(step.arguments), "dim", indent=3)
