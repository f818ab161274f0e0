"""`contextune ask`: what plain words stand for. It starts nothing that changes or spends."""

from __future__ import annotations

import shlex
from argparse import Namespace
from datetime import UTC, datetime, timedelta

from contextune.cli.arguments import parser
from contextune.cli.output import Output
from contextune.core.errors import UsageProblem
from contextune.core.language.intent import Days
from contextune.core.language.rules import intent_of


def meant(given: Namespace) -> Namespace | None:
    """The arguments of a command that only reads, to be done now; None where the command was shown.

    Raises UsageProblem where the words stand for no command that rules know.
    """
    found = intent_of(" ".join(given.text), _days())
    if found is None:
        raise UsageProblem(
            "It is not clear which command is meant. Say it in other words, or see `contextune --help`."
        )
    if found.only_reads:
        flags = ("--json",) if given.json else ()
        return parser().parse_args([*found.arguments, *flags])
    out = Output(as_json=given.json)
    if out.as_json:
        out.line({"command": ["contextune", *found.arguments]})
    out.say(f"This stands for: contextune {shlex.join(found.arguments)}")
    out.say("Nothing was started.")
    return None


def _days() -> Days:
    today = datetime.now(tz=UTC).astimezone().date()
    return Days(
        today=today.isoformat(),
        yesterday=(today - timedelta(days=1)).isoformat(),
        monday=(today - timedelta(days=today.weekday())).isoformat(),
        first=today.replace(day=1).isoformat(),
    )
