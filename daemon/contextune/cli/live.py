"""Live progress of a Run: a moving table on a terminal, lines elsewhere, the events with --json."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Group, RenderableType
from rich.live import Live as RichLive
from rich.table import Table
from rich.text import Text

from contextune.cli.output import Output
from contextune.cli.tables import STYLES, cell, limits_text, proof
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunAccepted
from contextune.core.runs.halted import state_seen
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.states import ENDED_TASK
from contextune.protocol.wording import bill_text, count_text, dollars_text, rung_text, saving_text

WIDEST = 110
"""Columns beyond which a table reads worse, not better."""


class Live:
    """Shows one Run while it goes."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._run: Run | None = None
        self._moving = out.progress.is_terminal and not out.as_json
        self._live: RichLive | None = None

    def __enter__(self) -> Live:
        """Start to draw."""
        self._draw()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop to draw."""
        self._stop()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Leave the screen to others meanwhile."""
        self._stop()
        try:
            yield
        finally:
            self._draw()

    def hear(self, run: Run, event: ev.AnyEvent) -> None:
        """Take in one event."""
        self._run = run
        if self._out.as_json:
            self._out.line(event)
        elif not self._moving:
            text = sentence(run, event)
            if text:
                self._out.step(text)

    def _draw(self) -> None:
        if self._moving:
            self._live = RichLive(
                console=self._out.progress, get_renderable=self._picture, refresh_per_second=8, transient=True
            )
            self._live.start()

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _picture(self) -> RenderableType:
        run = self._run
        if run is None:
            return Text("")
        console = self._out.progress
        picture = Table(
            box=None, pad_edge=False, show_header=False, expand=True, width=min(console.width, WIDEST)
        )
        for ratio in (None, 1, None, None, None):
            picture.add_column(ratio=ratio, no_wrap=True, overflow="ellipsis")
        shown = _most_telling(run.tasks, console.height - 4)
        for task in shown:
            picture.add_row(*_row(run, task))
        hidden = len(run.tasks) - len(shown)
        saved = saving_text(run.bill.saving)
        said = bill_text(run.bill) + (f", {saved} below Sonnet at the same tokens" if saved else "")
        said += f", {hidden} more Tasks" if hidden else ""
        return Group(picture, Text(f"{run.state}  {said}", "bold", no_wrap=True, overflow="ellipsis"))


def _most_telling(tasks: tuple[TaskRun, ...], room: int) -> list[TaskRun]:
    """As many Tasks as there is room for: those that move before those that wait or have ended."""
    if len(tasks) <= room:
        return list(tasks)
    moving = {task.id for task in tasks if task.state not in ENDED_TASK and task.state != "waiting"}
    ranked = sorted(tasks, key=lambda task: task.id not in moving)[: max(room, 1)]
    kept = {task.id for task in ranked}
    return [task for task in tasks if task.id in kept]


def _row(run: Run, task: TaskRun) -> tuple[Text, Text, Text, Text, Text]:
    attempt = task.attempt
    word = state_seen(run, task)
    state = Text(word, STYLES.get(word, "dim"))
    if attempt is None:
        return state, cell(task.task.title), Text(""), Text(""), Text("")
    return (
        state,
        cell(task.task.title),
        Text(rung_text(attempt.rung), "dim"),
        Text("waits for a processor" if task.awaiting else f"turn {attempt.turns}", "dim"),
        Text(bill_text(task.bill), "dim"),
    )


def sentence(run: Run, event: ev.AnyEvent) -> str | None:
    """An event worth a line, for people; None for the others."""
    task_id = getattr(event, "task_id", None)
    task: TaskRun | None = run.task(task_id) if task_id else None
    name = task.task.title if task else "All together"
    match event:
        case ev.AttemptStarted(reason=reason) if reason and (event.attempt > 1 or event.step):
            return f"{name}: attempt {event.attempt} on {rung_text(event.rung)}. {reason}"
        case ev.AttemptStarted():
            return f"{name}: {rung_text(event.rung)}"
        case ev.GateFinished():
            verdict, took = proof(event.evidence)
            again = "known from the same tree" if event.evidence.reused else took
            return f"{name}: gate {verdict}, {again}"
        case ev.ProcessorAwaited():
            return f"{name}: waits for a processor"
        case ev.TaskJoined() if task:
            return f"{name}: accepted, {bill_text(task.bill)}"
        case ev.TaskBounced() | ev.TaskEnded():
            return f"{name}: {event.reason}"
        case ev.RunPaused():
            return event.reason
        case ev.RunResumed():
            return "The Run goes on."
        case ev.TaskPaused():
            return f"{name}: paused. {run.reason if run.resting else ''}".rstrip()
        case ev.TaskResumed():
            return f"{name}: goes on."
        case ev.RunAdjusted(start=int(start)):
            begin = f"On {rung_text(run.ladder[start])} begin: {', '.join(event.task_ids)}."
            return f"{begin} {limits_text(event.limits)}".rstrip()
        case ev.RunAdjusted():
            terms = f"Budget {dollars_text(event.budget)}, {count_text(event.agents, 'agent')}."
            return f"{terms} {limits_text(event.limits)}".rstrip()
        case RunAccepted():
            return f"Accepted: {event.branch or 'HEAD'} is at {event.after[:12]}"
        case ev.Noted():
            return event.text
        case _:
            return None
