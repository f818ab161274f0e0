"""The suites by name. Each is imported when it is run."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from contextune.bench.figures import Suite

SUITES: dict[str, str] = {
    "economy": "A job of five Tasks, done in several ways by the whole product: what each one costs.",
    "crash": "Runs of five Tasks, killed at every point and at random ones, then gone on with: what is lost.",
    "start": "From the daemon's start to its first answers, and from a Run's to its first request.",
    "scan": "Todos of 64,000 files: the first list beside ripgrep alone, one file saved, memory.",
    "journal": "Events a second with 16 agents beside SQLite alone, and how late an editor sees one.",
    "loop": "How late the event loop is while agents work, and what the product takes between turns.",
    "run": "A whole Run of five Todos: what the product takes, and what is gained by Tasks side by side.",
    "lsp": "Code actions of a repository of 64,000 files while ten agents stream, by an editor's clock.",
    "pool": "A hundred agents in one daemon at a model that takes two seconds: throughput, loop, memory.",
    "lease": "The way to a worktree: made ahead, made when asked for, beside a plain copy; many at once.",
    "fence": "What the Fence adds to a command, beside bare bash.",
    "budget": "Random Runs under faults, kills and budgets, against the server's own log.",
    "backpressure": "Sixteen agents at servers that limit or refuse them, beside plain retries.",
    "integrate": "Overlap of live worktrees: whether and how soon it is found; and who breaks a combination.",
    "ray": "Tasks on a Ray cluster beside the local pool, a worker killed, 10,000 agents simulated.",
    "router": "Where Tasks begin, against fixed starts, on simulated repositories.",
}
"""Name to what it measures, in a sentence. The suite `x` is the function `run` of the module `bench.x`."""

BRIEFLY: Mapping[str, Mapping[str, int]] = {
    "crash": {"kills": 32, "points": 24},
    "budget": {"runs": 100},
    "integrate": {"states": 60},
    "lease": {"creations": 300},
    "lsp": {"questions": 400},
}
"""What suites that draw by the hundred are given where all are to be done in `WHOLE_SECONDS`: fewer draws."""
FIRST = "lsp"
"""Among all of them this one is the first: while others count, the million files that it made are removed."""
WAITING = "backpressure"
COUNTING = ("economy", "budget", "crash", "router")
"""The suite that waits for a server's limits, two minutes, runs beside those that count."""
WHOLE_SECONDS = 720.0
"""In which all suites should be done, briefly."""


def suite(name: str) -> Suite:
    """The suite with this name, which is one of SUITES."""
    return cast(Suite, import_module(f"contextune.bench.{name}").run)
