"""How long a green Task waits for others that are about to join: one test of several costs as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun


class Batching:
    """The waiting of one drive."""

    def __init__(
        self, run: Callable[[], Run], inside: Callable[[], frozenset[str]], happened: asyncio.Event
    ) -> None:
        """`inside` names the Tasks that are in the Ghost; `happened` is set by every event of the Run."""
        self._run = run
        self._inside = inside
        self._happened = happened

    async def settle(self) -> None:
        """Wait for Tasks that may join soon.

        As long as the test itself takes at most, so that waiting never costs more than it can save; and not
        at all where a further Task could begin, or nobody else is at work.
        """
        loop = asyncio.get_running_loop()
        baseline = self._run().baseline
        until = loop.time() + (baseline.duration_ms / 1000 if baseline else 0)
        while not self._others_wait() and any(self._is_at_work(task) for task in self._run().tasks):
            left = until - loop.time()
            if left <= 0:
                return
            self._happened.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._happened.wait(), left)

    def _is_at_work(self, task: TaskRun) -> bool:
        if task.state == "waiting":
            return self._inside().issuperset(task.task.depends_on)
        return task.state in ("working", "testing")

    def _others_wait(self) -> bool:
        run = self._run()
        joining = {task.id for task in run.tasks if task.state == "joining"} - self._inside()
        return any(run.plan.descendants(task_id) for task_id in joining)
