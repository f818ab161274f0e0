"""Ids of Tasks as they must be to name a branch and a folder."""

from __future__ import annotations

import msgspec

from contextune.core.planning.default_plan import slug
from contextune.core.planning.plan import Plan
from contextune.engine.proof import stand
from contextune.engine.worktrees import leases

RESERVED = frozenset({leases.BASE, stand.NAME})
"""Names of worktrees and branches of a Run that are no Task's."""


def misnamed(plan: Plan) -> list[str]:
    """Ids of Tasks that cannot name a branch and a folder, a sentence each."""
    said = [
        f"Task id {task.id!r}: expected lower-case letters, digits and hyphens."
        for task in plan.tasks
        if task.id != slug(task.id)
    ]
    return said + [f"Task id {task.id!r} is in use already." for task in plan.tasks if task.id in RESERVED]


def renamed(plan: Plan) -> Plan:
    """The Plan with other ids for Tasks whose id is in use already."""

    def other(task_id: str) -> str:
        return f"{task_id}-task" if task_id in RESERVED else task_id

    return Plan(
        tasks=tuple(
            msgspec.structs.replace(
                task, id=other(task.id), depends_on=tuple(other(before) for before in task.depends_on)
            )
            for task in plan.tasks
        )
    )
