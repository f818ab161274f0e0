"""Every command that plain words can stand for, by a name of its own, with words that people use for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from contextune.core.language.intent import Days, Intent

Period = Literal["all", "today", "yesterday", "week", "month"]


class Kind(NamedTuple):
    """One kind of intent. `{run}`, `{task}`, `{text}` and `{period}` stand for what the words name."""

    name: str
    title: str
    """What it does, for people: a choice reads so."""
    arguments: tuple[str, ...]
    examples: tuple[str, ...]
    """The rules' own: what `nearest` compares words with. The labelled tables of the tests are others."""


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("todos", "List the Todos", ("todos",), ("todos fixme left open",)),
        Kind("quote-all", "Price all Todos", ("quote", "--all"), ("estimate price of all todos",)),
        Kind("run-all", "Do all Todos, after the Quote", ("run", "--all"), ("do fix solve all todos",)),
        Kind(
            "run-goal",
            "Work on this as a Goal, after the Quote",
            ("run", "--goal", "{text}"),
            ("work on build implement add refactor in parallel",),
        ),
        Kind("runs", "List the Runs", ("runs",), ("runs history past",)),
        Kind("show", "Show how a Run stands", ("show", "{run}"), ("show status of run blocked stuck fail",)),
        Kind(
            "cost",
            "Show what was spent",
            ("cost", "{period}"),
            ("what was spent cost bill money dollars expensive",),
        ),
        Kind("worktrees", "List the worktrees", ("worktrees", "list"), ("worktrees folders list",)),
        Kind(
            "worktrees-diagnose",
            "Say what is wrong with worktrees",
            ("worktrees", "diagnose"),
            ("diagnose check broken worktrees",),
        ),
        Kind(
            "worktrees-mend",
            "Mend worktrees, after a look at what that does",
            ("worktrees", "mend"),
            ("mend repair fix worktrees",),
        ),
        Kind(
            "worktrees-clean",
            "Remove finished worktrees, after a look at which",
            ("worktrees", "clean"),
            ("clean up remove delete finished worktrees",),
        ),
        Kind("accept", "Accept the result of a Run", ("accept", "{run}"), ("accept merge land run result",)),
        Kind("undo", "Undo an accepted Run", ("undo", "{run}"), ("undo revert roll back run",)),
        Kind("discard", "Drop the result of a Run", ("discard", "{run}"), ("discard drop throw away run",)),
        Kind("pause", "Pause a Run", ("pause", "{run}"), ("pause hold wait run",)),
        Kind("resume", "Go on with a Run", ("resume", "{run}"), ("resume continue go on run",)),
        Kind("cancel", "Cancel a Run", ("cancel", "{run}"), ("cancel stop abort kill run",)),
        Kind("rebase", "Have a Run follow its branch", ("rebase", "{run}"), ("rebase update run branch",)),
        Kind("retry", "Do a Task again", ("retry", "{task}"), ("retry redo task again",)),
        Kind("pause-task", "Pause a Task", ("pause", "{task}"), ("pause hold task",)),
        Kind("resume-task", "Go on with a paused Task", ("resume", "{task}"), ("resume continue task",)),
        Kind("cancel-task", "Cancel a Task", ("cancel", "{task}"), ("cancel stop task",)),
        Kind("tell", "Tell a Task's agent something", ("tell", "{task}", "{text}"), ("tell agent task",)),
        Kind(
            "answer",
            "Answer what a Task's agent asks",
            ("answer", "{task}", "{text}"),
            ("answer reply question agent task",),
        ),
        Kind("agents", "List the agents", ("agents",), ("agents who works here",)),
        Kind("doctor", "Check what is set up", ("doctor",), ("check setup installation environment doctor",)),
        Kind(
            "parallel-development-expert",
            "Say what to do in parallel",
            ("skills", "parallel-development-expert"),
            ("what to parallelise independent overlap side by side",),
        ),
        Kind(
            "git-worktree-master",
            "Say what is wrong with worktrees and what mends them",
            ("skills", "git-worktree-master"),
            ("worktree locked broken stale help",),
        ),
        Kind(
            "performance-optimizer",
            "Say what to tune",
            ("skills", "performance-optimizer"),
            ("slow fast cheaper tune optimise bottleneck save time",),
        ),
        Kind(
            "intent-recognition",
            "Say what can be asked",
            ("skills", "intent-recognition"),
            ("help what can you do ask understand",),
        ),
    )
}


class Wish(NamedTuple):
    """A kind and what fills its places; empty where the words name nothing."""

    kind: str
    run: str = ""
    task: str = ""
    text: str = ""
    period: str = ""


def period_arguments(period: str, days: Days) -> tuple[str, ...]:
    """What `contextune cost` is given for a period; nothing for all time, or for a word that is none."""
    match period:
        case "yesterday":
            return "--since", days.yesterday, "--until", days.yesterday
        case "today":
            return "--since", days.today
        case "week":
            return "--since", days.monday
        case "month":
            return "--since", days.first
        case _:
            return ()


def intent_for(wish: Wish, days: Days) -> Intent | None:
    """The command of a wish. None if there is no such kind, or if a Task or words are missing.

    A Run that is not named is the one that the command fits.
    """
    kind = KINDS.get(wish.kind)
    if kind is None:
        return None
    filled: list[str] = []
    for part in kind.arguments:
        match part:
            case "{period}":
                filled += period_arguments(wish.period, days)
            case "{run}":
                filled.append(wish.run or "@the")
            case "{task}" | "{text}":
                value = (wish.task if part == "{task}" else wish.text).strip()
                if not value or value.startswith("-"):
                    return None
                filled.append(value)
            case _:
                filled.append(part)
    return Intent(arguments=tuple(filled))


def kind_of(intent: Intent) -> Kind | None:
    """The kind that a command is of; None if plain words cannot stand for it."""
    given = intent.arguments
    found = [
        kind
        for kind in KINDS.values()
        if given[: len(_fixed(kind))] == _fixed(kind) and (len(_fixed(kind)) > 1 or given[0] != "skills")
    ]
    return max(found, key=lambda kind: len(_fixed(kind)), default=None)


def _fixed(kind: Kind) -> tuple[str, ...]:
    """The part of a kind's arguments before its first place to fill."""
    fixed: tuple[str, ...] = ()
    for part in kind.arguments:
        if part.startswith("{"):
            break
        fixed = (*fixed, part)
    return fixed
