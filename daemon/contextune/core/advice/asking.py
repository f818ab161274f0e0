"""intent-recognition: what plain words can ask for, by what comes of it."""

from __future__ import annotations

from contextune.core.advice.advice import Advice, Point
from contextune.core.language.intent import Effect, Intent
from contextune.core.language.kinds import KINDS, Kind

SKILL = "intent-recognition"
HEADS: dict[Effect, str] = {
    "reads": "Done at once, as it only reads:",
    "changes": "Asked about before anything changes:",
    "spends": "Asked about before anything is spent; new work ends at its Quote:",
}
SAID: dict[str, str] = {
    "run-goal": "work on auth, dashboard and analytics in parallel",
    "run-all": "do all todos",
    "quote-all": "what would all todos cost?",
    "show": "what's blocking run 3? · show yesterday's run",
    "cost": "why was yesterday so expensive?",
    "worktrees-clean": "clean up the finished worktrees",
    "parallel-development-expert": "what should I parallelise?",
    "performance-optimizer": "how can I make it cheaper?",
    "git-worktree-master": "help me with this worktree",
    "accept": "accept the last run",
    "tell": "tell task sizes to keep the old names",
    "answer": "answer task sizes with kilograms",
}
"""Words that the rules read, for the kinds of which titles do not tell them."""


def asking_advice() -> Advice:
    """All kinds of commands, those that only read first."""
    points = [
        Point(text=head, details=tuple(_line(kind) for kind in KINDS.values() if _effect(kind) == effect))
        for effect, head in HEADS.items()
    ]
    return Advice(
        skill=SKILL,
        summary="Say it in plain words. Rules read them for nothing; where they cannot, one question to "
        "Haiku does, within the setting `ask_budget`. “run 3” is the third of `contextune runs`.",
        points=tuple(points),
    )


def _effect(kind: Kind) -> Effect:
    return Intent(arguments=kind.arguments).effect


def _line(kind: Kind) -> str:
    said = SAID.get(kind.name)
    return f"{kind.title}: “{said}”" if said else kind.title
