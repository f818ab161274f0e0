"""`agents run performance-analyzer`: where the time of a Run went, beside earlier ones; a report to keep."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import msgspec

from contextune.agents.digest import figures_words
from contextune.agents.roles import Role
from contextune.cli.output import Output
from contextune.cli.question import put
from contextune.cli.tables import cell, table, under
from contextune.core.errors import NothingToDo, UsageProblem
from contextune.core.plain_text import one_line
from contextune.core.timing.comparison import PhaseRow, TimingReport
from contextune.core.timing.phases import MEANING
from contextune.engine.application import Application
from contextune.protocol.wording import count_text, duration_text


async def analyze(app: Application, who: Role, given: Namespace, out: Output) -> int:
    """Measure a Run, the newest of the repository if none is named, and show or write what came of it."""
    if given.text.strip():
        run = await app.run(given.text.strip())
    else:
        runs = await app.runs(given.path)
        if not runs:
            raise NothingToDo("There are no Runs of this repository yet, so there is nothing to measure.")
        run = runs[0]
    found = await app.agents.timings.of(run)
    if out.as_json:
        out.tagged("timing", msgspec.to_builtins(found))
    _show(found, out)
    if given.output is not None:
        _write(given.output, found)
        out.note(f"The report is in {given.output}.")
    if given.words:
        await put(app, who, figures_words(_figures(found)), given, out)
    return 0


def _show(found: TimingReport, out: Output) -> None:
    out.say(f"{found.run.run_id}  {one_line(found.run.title)}", "bold")
    out.say(_wall(found))
    shown = table("Phase", "In all", "Share", "For a Task", "Usually", "Change", right=(1, 2, 3, 4, 5))
    for row in found.rows:
        shown.add_row(under(row.name, [MEANING[row.name]]), *(cell(text) for text in _cells(row)))
    out.show(shown)
    for finding in found.findings:
        out.say(finding.text, "yellow")
        out.say(finding.remedy, "dim", indent=4)
    if not found.findings:
        out.say("Nothing stands out.")


def _cells(row: PhaseRow) -> tuple[str, ...]:
    return (
        duration_text(row.total_ms),
        f"{row.share:.0%}" if row.share else "",
        duration_text(row.per_task_ms),
        "" if row.baseline_ms is None else duration_text(row.baseline_ms),
        "" if row.change is None else f"{row.change:.1f}x",
    )


def _wall(found: TimingReport) -> str:
    run = found.run
    said = f"{count_text(run.tasks, 'Task')} in {duration_text(run.wall_ms)}"
    if found.wall_change is not None:
        earlier = count_text(found.earlier, "earlier Run")
        said += f", {found.wall_change:.1f} times what a Task usually takes ({earlier})"
    return said + ". Tasks go side by side: phases add up to more."


def _figures(found: TimingReport) -> dict[str, object]:
    """What the agent is told: no titles of Tasks, no more figures than it needs."""
    return {
        "tasks": found.run.tasks,
        "wallMs": found.run.wall_ms,
        "earlierRuns": found.earlier,
        "phases": [{"phase": row.name, "meaning": MEANING[row.name], **_rounded(row)} for row in found.rows],
        "findings": [finding.text for finding in found.findings],
    }


def _rounded(row: PhaseRow) -> dict[str, object]:
    return {
        "totalMs": row.total_ms,
        "share": round(row.share, 2),
        "perTaskMs": row.per_task_ms,
        "usualPerTaskMs": row.baseline_ms,
    }


def _write(file: Path, found: TimingReport) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write("\n".join(_markdown(found)) + "\n")
    except FileExistsError:
        raise UsageProblem(f"--output: {file} exists already. Give a new file.") from None
    except OSError as problem:
        raise UsageProblem(f"--output: {file} can't be written: {problem.strerror}.") from None


def _markdown(found: TimingReport) -> Iterator[str]:
    title = one_line(found.run.title).replace("|", "\\|")
    yield from (f"# Where the time of {found.run.run_id} went", "", title, "", _wall(found), "")
    yield "| phase | what it is | in all | share | for a Task | usually | change |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for row in found.rows:
        yield f"| {row.name} | {MEANING[row.name]} | {' | '.join(_cells(row))} |"
    yield ""
    for finding in found.findings:
        yield f"- {finding.text} {finding.remedy}"
    if not found.findings:
        yield "Nothing stands out."
