"""A Run that no agent works on: what the Radar needs to know of one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from contextune.core.model.conversation import Rung
from contextune.core.model.money import PriceRange
from contextune.core.planning.plan import Plan, Task
from contextune.core.planning.quote import Quote, TaskQuote
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, advance
from contextune.core.worktrees.snapshot import Base

UNKNOWN = PriceRange(low=None, likely=None, high=None, at_sonnet=None)
RUNG = Rung(model="claude-haiku-5-5", effort="low")


def radar_run(root: Path, base: Base, tasks: int) -> Run:
    """A Run of so many Tasks."""
    plan = Plan(tasks=tuple(Task(id=f"t{n}", title=f"Task {n}", brief="Write.") for n in range(tasks)))
    quote = Quote(
        id="r",
        repository=str(root),
        title="Radar",
        base=base,
        todos=(),
        plan=plan,
        waves=plan.waves(),
        overlaps=(),
        tasks=tuple(TaskQuote(task_id=task.id, rung=RUNG, price=UNKNOWN) for task in plan.tasks),
        price=UNKNOWN,
        planning=(),
        budget=Decimal(1),
        agents=tasks,
        gate=None,
        baseline=None,
    )
    created = ev.RunCreated(
        run_id="r",
        at=0,
        repository=str(root),
        title="Radar",
        base=base,
        plan=plan,
        todos=(),
        quote=quote,
        baseline=None,
        gate=None,
        budget=Decimal(1),
        agents=tasks,
        accept="none",
        ladder=(RUNG,),
        offline=True,
    )
    return advance(None, created)
