"""Live progress of a Run: a moving table on a terminal, plain lines elsewhere, event lines with --json."""

from __future__ import annotations

from types import TracebackType

from rich.console import RenderableType
from rich.live import Live as RichLive
from rich.table import Table
from rich.text import Text

from contextune.cli.output import Output
from contextune.core import events as ev
from contextune.core.run import Run, TaskRun
from contextune.protocol.wording import dollars_text, rung_text

STYLES = {
    "working": "cyan",
    "testing": "blue",
    "joining": "blue",
    "accepted": "green",
    "failed": "red",
    "asking": "yellow",
}


class Live:
    """Shows one Run while it goes."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._run: Run | None = None
        self._live: RichLive | None = None
        if out.progress.is_terminal and not out.as_json:
            self._live = RichLive(
                console=out.progress, get_renderable=self._picture, refresh_per_second=8, transient=True
            )

    def __enter__(self) -> Live:
        """Start to draw."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop to draw."""
        if self._live is not None:
            self._live.stop()

    def show(self, run: Run, event: ev.AnyEvent) -> None:
        """Take in one event."""
        self._run = run
        if self._out.as_json:
            self._out.line(event)
        elif self._live is None:
            text = sentence(run, event)
            if text:
                self._out.note(text)

    def _picture(self) -> RenderableType:
        run = self._run
        if run is None:
            return Text("")
        table = Table(box=None, pad_edge=False, show_header=False, expand=False)
        for _ in range(5):
            table.add_column(no_wrap=True)
        for task in run.tasks:
            attempt = task.attempt
            table.add_row(
                Text(task.state, style=STYLES.get(task.state, "dim")),
                Text(task.task.title[:60]),
                Text(rung_text(attempt.rung) if attempt else "", style="dim"),
                Text(f"turn {attempt.turns}" if attempt else "", style="dim"),
                Text(dollars_text(task.bill.dollars) if attempt else "", style="dim"),
            )
        saving = run.bill.saving
        saved = f"  {saving:.0%} below Sonnet at the same tokens" if saving is not None else ""
        table.add_row(
            Text("total", style="bold"), Text(f"{dollars_text(run.bill.dollars)}{saved}", style="bold")
        )
        return table


def sentence(run: Run, event: ev.AnyEvent) -> str | None:
    """An event worth a line, for people; None for the others."""
    task_id = getattr(event, "task_id", None)
    task: TaskRun | None = run.task(task_id) if task_id else None
    name = task.task.title if task else "All together"
    match event:
        case ev.AttemptStarted(reason=reason) if reason:
            return f"{name}: attempt {event.attempt} on {rung_text(event.rung)}. {reason}"
        case ev.AttemptStarted():
            return f"{name}: {rung_text(event.rung)}"
        case ev.QuestionAsked():
            choices = f" ({' / '.join(event.choices)})" if event.choices else ""
            return f"{name} asks: {event.question}{choices} `contextune answer {run.id}/{event.task_id} TEXT`"
        case ev.GateFinished():
            evidence = event.evidence
            again = (
                ", known from the same tree" if evidence.reused else f", {evidence.duration_ms / 1000:.1f} s"
            )
            return f"{name}: gate {evidence.verdict}{again}"
        case ev.TaskJoined() if task:
            return f"{name}: accepted, {dollars_text(task.bill.dollars)}"
        case ev.TaskBounced() | ev.TaskEnded():
            return f"{name}: {event.reason}"
        case ev.RunPaused():
            return event.reason
        case ev.RunAccepted():
            return f"Accepted: {event.branch or 'HEAD'} is at {event.after[:12]}"
        case ev.Noted():
            return event.text
        case _:
            return None
