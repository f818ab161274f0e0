"""A Quote: the Plan priced before a cent is spent on it."""

from __future__ import annotations

from decimal import Decimal

from contextune.core.base import Value
from contextune.core.model.budget import Budgets, Limits
from contextune.core.model.conversation import Rung
from contextune.core.model.money import CostLine, PriceRange
from contextune.core.planning.plan import Overlap, Plan
from contextune.core.planning.record import Forecast
from contextune.core.proof.evidence import Baseline
from contextune.core.todos.todo import Todo
from contextune.core.worktrees.snapshot import Base


def unpriced_warning(most: int | None) -> str:
    """What to know of a Quote whose requests go to the editor's own models, at most so many of them."""
    return f"Requests go to VS Code's own models and have no price; a Run sends at most {most} of them."


class TaskQuote(Value, frozen=True, kw_only=True):
    """What one Task is expected to cost."""

    task_id: str
    rung: Rung
    """Where it begins."""
    price: PriceRange
    start: int = 0
    """The place of `rung` on the Ladder, from 0."""
    reason: str = ""
    """Why it begins there, a sentence."""
    kind: str = ""
    """What kind of Task it is; see `core.routing.kinds`."""
    explored: bool = False
    """Whether that rung is tried to learn about it."""
    pinned: bool = False
    """Whether the user chose that rung."""


class Quote(Value, frozen=True, kw_only=True):
    """What a Run would do and cost. Making it cost `planning` dollars already."""

    id: str
    repository: str
    title: str
    base: Base
    todos: tuple[Todo, ...]
    plan: Plan
    waves: tuple[tuple[str, ...], ...]
    overlaps: tuple[Overlap, ...]
    tasks: tuple[TaskQuote, ...]
    price: PriceRange
    planning: tuple[CostLine, ...]
    """What planning cost, by role and model; empty if no model was asked."""
    budget: Decimal
    agents: int
    gate: str | None
    baseline: Baseline | None
    warnings: tuple[str, ...] = ()
    """What the user should know before approving: red tests, a stale base, overlaps, no gate."""
    offline: bool = False
    ladder: tuple[Rung, ...] = ()
    """The rungs on which its Tasks may begin, in order."""
    forecast: Forecast | None = None
    """How earlier Quotes of this repository did; None if there were none."""
    server: str = ""
    """The host that its Tasks' requests go to; empty for the offline model."""
    left_out: tuple[str, ...] = ()
    """Tasks that the user unticked: `price` is that of the others, and a Run does the others alone."""
    budgets: Budgets = Budgets()
    """What bounds its requests and Tasks beside `budget`, as the settings had it when it was made."""
    limits: Limits = Limits()
    """What its user put in place of that."""

    @property
    def chosen(self) -> tuple[TaskQuote, ...]:
        """The Tasks that a Run would do."""
        return tuple(task for task in self.tasks if task.task_id not in self.left_out)

    @property
    def shared(self) -> tuple[Overlap, ...]:
        """What the Tasks that a Run would do share."""
        gone = set(self.left_out)
        return tuple(one for one in self.overlaps if gone.isdisjoint((one.first, one.second)))

    def priced(self, task_id: str) -> TaskQuote | None:
        """What was said of a Task; None if this Quote has none of that id."""
        return next((task for task in self.tasks if task.task_id == task_id), None)
