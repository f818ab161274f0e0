"""Finds the Run or the Task that a name on the command line means."""

from __future__ import annotations

from contextune.core.errors import UsageProblem
from contextune.core.runs.run import Run
from contextune.core.states import LIVE_RUN
from contextune.engine.application import Application


async def find_task(app: Application, name: str) -> tuple[str, str] | None:
    """The Run and Task that `RUN/TASK` names, or the id of a Task; None if none does.

    An id means the Task of a live Run, else that of the newest Run that has one. Raises UsageProblem if
    several live Runs have it.
    """
    run_id, slash, task_id = name.rpartition("/")
    if slash:
        return (await app.run(run_id)).id, task_id
    having = [one for one in await app.runs(None) if any(task.id == name for task in one.tasks)]
    live = [one for one in having if one.state in LIVE_RUN]
    if len(live) > 1:
        raise UsageProblem(
            f"Several live Runs have a task {name!r}: write "
            + " or ".join(f"{one.id}/{name}" for one in live)
            + "."
        )
    found = live or having
    return (found[0].id, name) if found else None


async def task_named(app: Application, name: str) -> tuple[str, str]:
    """The same; raises UsageProblem if there is no such Task."""
    found = await find_task(app, name)
    if found is None:
        raise UsageProblem(f"No Run has a task {name!r}. `contextune show RUN` lists a Run's tasks.")
    return found


async def run_named(app: Application, name: str) -> Run:
    """The Run of this id or a part of it, where a Task's might stand as well. Raises UsageProblem."""
    try:
        return await app.run(name)
    except UsageProblem:
        raise UsageProblem(
            f"No Run or Task is called {name!r}. `contextune runs` lists Runs, and `contextune show RUN` a "
            "Run's Tasks."
        ) from None
