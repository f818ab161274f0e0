"""What a person changes of a Run while it goes on: its budgets, its agents, the rung where Tasks begin."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from contextune.core.errors import UsageProblem
from contextune.core.model.budget import Limits
from contextune.core.runs import events as ev
from contextune.core.runs.ladder import is_to_begin
from contextune.core.runs.run import Run


@dataclass(frozen=True, slots=True)
class Change:
    """What a Run is to be like from now on."""

    budget: Decimal
    """Dollars in all, what is spent included."""
    agents: int
    """At the same time."""
    start: int | None = None
    """The place on its ladder, from 0, where these Tasks begin; None if that stays as it is."""
    task_ids: tuple[str, ...] = ()
    limits: Limits = Limits()  # noqa: RUF009 a frozen value
    """Of each Task and request, and of requests without a price; None for what stays."""

    def event(self, run: Run, at: int, beginning: Collection[str] = ()) -> ev.RunAdjusted:
        """What is recorded of it. `beginning` are Tasks that an agent is about to begin with.

        Raises UsageProblem if each Task that was to begin elsewhere has begun.
        """
        left = tuple(one for one in self.task_ids if is_to_begin(run.task(one)) and one not in beginning)
        if self.start is not None and not left:
            named = ", ".join(self.task_ids)
            raise UsageProblem(f"An agent has begun with {named} already: it keeps its rung.")
        return ev.RunAdjusted(
            run_id=run.id,
            at=at,
            budget=self.budget,
            agents=self.agents,
            start=self.start,
            task_ids=left,
            limits=self.limits,
        )

    def as_letter(self) -> str:
        """The same as the text of a letter."""
        limits = {"task": self.limits.task, "request": self.limits.request, "requests": self.limits.requests}
        named = (f"{name}={most}" for name, most in limits.items() if most is not None)
        start = () if self.start is None else (str(self.start), *self.task_ids)
        return " ".join((str(self.budget), str(self.agents), *named, *start))


def read_change(text: str) -> Change:
    """The Change that `as_letter` wrote."""
    budget, agents, *rest = text.split()
    limits = dict(one.split("=") for one in rest if "=" in one)
    begun = [one for one in rest if "=" not in one]
    return Change(
        Decimal(budget),
        int(agents),
        int(begun[0]) if begun else None,
        tuple(begun[1:]),
        Limits(
            task=Decimal(limits["task"]) if "task" in limits else None,
            request=Decimal(limits["request"]) if "request" in limits else None,
            requests=int(limits["requests"]) if "requests" in limits else None,
        ),
    )
