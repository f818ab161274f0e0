"""Which Run words mean: the third one, the last one, yesterday's, the one that failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from contextune.core.language.intent import Days
from contextune.core.runs.run import Run
from contextune.core.states import LIVE_RUN

DayOf = Callable[[int], str]
"""The local day of a time in milliseconds since the epoch, such as 2026-11-01."""

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_OWN = r"(?:the |this |that |my |our )"
_STATES = "running|paused|parked|accepted|undone|discarded|cancelled|failed"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\b{_OWN}?(?:last|latest|newest|most recent) run\b"), "run @last"),
    (re.compile(rf"\b{_OWN}?(yesterday|today)'?s run\b"), r"run @\1"),
    (re.compile(rf"\b{_OWN}?run (?:of|from) (yesterday|today)\b"), r"run @\1"),
    (re.compile(rf"\b{_OWN}?({_STATES}) run\b"), r"run @\1"),
    (re.compile(rf"\b{_OWN}?(?:current|live|active) run\b"), "run @the"),
    (re.compile(r"\brun (?:number|no\.?|nr\.?) (\d+)\b"), r"run \1"),
    (re.compile(rf"\b{_OWN}?(\d+)(?:st|nd|rd|th) run\b"), r"run \1"),
    *(
        (re.compile(rf"\b{_OWN}?{word} run\b"), f"run {number}")
        for number, word in enumerate(_ORDINALS, start=1)
    ),
    *((re.compile(rf"\brun {word}\b"), f"run {number}") for number, word in enumerate(_NUMBERS, start=1)),
    (re.compile(rf"\b{_OWN}run\b(?! (?:@|#|\d|r_))"), "run @the"),
)

FITS: dict[str, Callable[[Run], bool]] = {
    "accept": lambda run: run.state == "review",
    "discard": lambda run: run.state == "review",
    "undo": lambda run: run.state == "accepted",
    "pause": lambda run: run.state == "running",
    "resume": lambda run: run.state in LIVE_RUN,
    "cancel": lambda run: run.state in LIVE_RUN,
    "rebase": lambda run: run.state in LIVE_RUN or run.state == "review",
}
"""On which Runs a command can be used, where words only say "the run"."""


def with_references(asked: str) -> str:
    """The same words, with each way to name a Run as `run 3`, `run @last` and the like."""
    for pattern, instead in _PATTERNS:
        asked = pattern.sub(instead, asked)
    return asked


def runs_meant(named: str, command: str, runs: Sequence[Run], days: Days, day_of: DayOf) -> tuple[Run, ...]:
    """Which of a repository's Runs, newest first, may be meant: one if it is clear, or none."""
    if re.fullmatch(r"\d{1,6}", named):
        place = int(named)
        return (runs[place - 1],) if 1 <= place <= len(runs) else ()
    if not named.startswith("@"):
        return tuple(run for run in runs if run.id == named) or tuple(
            run for run in runs if run.id.startswith(named)
        )
    match named:
        case "@last":
            return tuple(runs[:1])
        case "@today" | "@yesterday":
            day = days.today if named == "@today" else days.yesterday
            return tuple(run for run in runs if day_of(run.created_at) == day)
        case "@the":
            return _the_one(command, runs)
        case _:
            return tuple(run for run in runs if f"@{run.state}" == named)


def _the_one(command: str, runs: Sequence[Run]) -> tuple[Run, ...]:
    """What "the run" means: the one that is at work, else the newest; to change it, the one that it fits."""
    fits = FITS.get(command)
    if fits is not None:
        return tuple(run for run in runs if fits(run))
    live = tuple(run for run in runs if run.state in LIVE_RUN)
    return live or tuple(runs[:1])


def reference_text(named: str) -> str:
    """How a sentence names what was asked for."""
    if named.isdecimal():
        return f"run {named}"
    match named:
        case "@last" | "@the":
            return "a Run"
        case "@today":
            return "a Run of today"
        case "@yesterday":
            return "a Run of yesterday"
        case _ if named.startswith("@"):
            return f"a Run that is {named[1:]}"
        case _:
            return f"run {named}"
