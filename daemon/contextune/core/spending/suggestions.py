"""What could be cheaper, from what was seen: a rule speaks only where its data do, and names the saving."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from contextune.core.spending.budget_advice import tight_budget, wide_budget
from contextune.core.spending.cache_advice import expired_prompts
from contextune.core.spending.gate_advice import flaky_tests, gate_retries
from contextune.core.spending.history import History
from contextune.core.spending.ladder_advice import start_rungs, useless_rungs
from contextune.core.spending.planning_advice import lone_todos, orchestrator_effort
from contextune.core.spending.suggestion import Suggestion

RULES: tuple[Callable[[History], Iterator[Suggestion]], ...] = (
    start_rungs,
    useless_rungs,
    lone_todos,
    orchestrator_effort,
    expired_prompts,
    gate_retries,
    flaky_tests,
    tight_budget,
    wide_budget,
)


def suggestions(past: History) -> tuple[Suggestion, ...]:
    """All suggestions, those that save most first."""
    found = [suggestion for rule in RULES for suggestion in rule(past)]
    return tuple(sorted(found, key=lambda one: (-one.weekly, one.id)))
