"""Keeps the machine awake while a Run works, and lets it sleep while the Run waits for a person."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType

from contextune.core.ports import KeepAwake
from contextune.core.runs.run import Run
from contextune.core.states import ENDED_TASK


class Wakefulness:
    """Follows one Run; inside the context alone."""

    def __init__(self, awake: KeepAwake, *, wanted: bool) -> None:
        """`wanted` is the user's setting."""
        self._awake = awake
        self._wanted = wanted
        self._held: ExitStack | None = None

    def __enter__(self) -> Wakefulness:
        """Begin to follow."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the machine sleep."""
        self._wanted = False
        self._let_go()

    def follow(self, run: Run) -> None:
        """The Run as it stands now."""
        if not self._wanted or not is_at_work(run):
            self._let_go()
        elif self._held is None:
            self._held = ExitStack()
            self._held.enter_context(self._awake.held())

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()


def is_at_work(run: Run) -> bool:
    """Whether anything happens that no person is waited for.

    A Task that waits, waits for others: where all of those ask or are paused, nothing happens.
    """
    if run.state != "running":
        return False
    states = {task.state for task in run.tasks} - ENDED_TASK
    return "asking" not in states or not states <= {"asking", "waiting", "paused"}
