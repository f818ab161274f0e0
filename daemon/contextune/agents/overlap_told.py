"""What an agent is told of an overlap that the Radar found."""

from __future__ import annotations

from contextune.agents.framing import named, unmarked
from contextune.core.overlap.radar import LineRange, LiveOverlap
from contextune.core.runs.run import Run

GO_ON = (
    "Go on with your Task: both are put together and tested when they are done. Change no more of this than "
    "your Task needs, and neither do the other's work nor undo it. If your Task makes no sense before the "
    "other is in, call `ask` and say so."
)


def overlap_told(run: Run, task_id: str, overlap: LiveOverlap) -> str:
    """The words for one of its Tasks. They hold no content of the other side."""
    where = f"{named([overlap.path])}{_lines(overlap.lines)}"
    thing = f" Symbol: {unmarked(overlap.symbol)}." if overlap.symbol else ""
    return f"# Overlap with {_who(run, task_id, overlap)}\n{where}: {unmarked(overlap.reason)}{thing} {GO_ON}"


def rebased_told(run: Run, task_id: str, conflicts: tuple[str, ...], *, followed: bool = False) -> str:
    """The words for the agent of a Task whose worktree was put on top of what others have done.

    `followed` tells that the user's branch moved, and that it stands on that, too.
    """
    done = ", ".join(f"“{unmarked(run.task(one).task.title)}”" for one in run.joined if one != task_id)
    under = [*(["what the user changed meanwhile"] if followed else [])]
    under += [f"what others have done: {done}"] if done else []
    said = f"# Your worktree has changed\nYour work now stands on top of {' and '.join(under)}. "
    if conflicts:
        said += f"Files with conflict markers, which you have to resolve: {named(conflicts)}. "
    return said + "Read files again before you change them."


def _who(run: Run, task_id: str, overlap: LiveOverlap) -> str:
    match overlap.other:
        case "user":
            return "what the user is editing now"
        case "ghost":
            return "work that was accepted already"
        case _:
            other = overlap.task_id if task_id == overlap.other_id else overlap.other_id
            return f"another Task at work, {unmarked(run.task(other).task.title)}"


def _lines(lines: tuple[LineRange, ...]) -> str:
    if not lines:
        return ""
    ranges = [str(one.first) if one.first == one.last else f"{one.first}-{one.last}" for one in lines]
    return f", lines {', '.join(ranges)} as the file was when the Run began"
