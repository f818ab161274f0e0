"""The arguments of `ask` and `skills`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

ASK_HELP = """\
what comes of it:
  Rules read the words, for nothing. Where they cannot, one question to Haiku
  does, of at most what the setting `ask_budget` allows; 0 asks none. What only
  reads is done at once. Of all else the command is shown, and a person at the
  terminal is asked; new work ends at its Quote, which asks again.

  "run 3" is the third of `contextune runs`; "the last run" and "yesterday's
  run" are understood too.
"""


def of_ask(ask: ArgumentParser) -> None:
    """Add what `ask` takes."""
    ask.add_argument("text", nargs="+", metavar="TEXT", help="such as: what's blocking run 3")
    _of_place(ask)
    ask.add_argument("--rules-only", action="store_true", help="ask no model where rules cannot tell")
    ask.add_argument("--offline", action="store_true", help="use the offline model: scripted, no AI, free")


def of_skills(skills: ArgumentParser) -> None:
    """Add what `skills` takes."""
    skills.add_argument("name", nargs="?", metavar="NAME", help="what this one says of the repository")
    _of_place(skills)


def _of_place(added: ArgumentParser) -> None:
    text = "a folder of the repository; this one if none is given"
    added.add_argument("--path", type=Path, default=Path(), metavar="PATH", help=text)
