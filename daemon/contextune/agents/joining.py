"""What an agent is told whose green Task goes back to it, on top of the others that are accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contextune.agents.briefing import gate_report
from contextune.agents.framing import framed, named, unmarked
from contextune.core.planning.plan import Task
from contextune.core.proof.evidence import Evidence

SIDE_LIMIT = 8_000
"""Characters of the diffs of one side."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the Tasks that meet."""

    task: Task
    summary: str
    """The words of the agent that finished it."""
    diff: str = ""
    """What it changed in the files in conflict, from where it began."""


def bounced_words(
    reason: str, mine: Side, others: Sequence[Side], conflicts: Sequence[str], evidence: Evidence | None
) -> str:
    """What both sides wanted and did, and what is to be made of it."""
    lead = "This Task was green by itself. " if conflicts else ""
    words = [f"# On top of the other Tasks\n{lead}{unmarked(reason)}"]
    words += [_side("The other Task", other, with_brief=bool(conflicts)) for other in others]
    if conflicts:
        words.append(_side("Your own Task", mine, with_brief=False))
        words.append("Files with conflict markers: " + named(conflicts))
    else:
        words.append("Your worktree holds your work merged with theirs. Make the Gate green again.")
        if evidence is not None:
            words.append(gate_report(evidence))
    return "\n\n".join(words)


def _side(who: str, side: Side, *, with_brief: bool) -> str:
    parts = [f"{who}, {unmarked(side.task.title)}:"]
    if with_brief:
        parts.append(unmarked(side.task.brief))
    if side.summary:
        parts.append(framed("said", side.summary))
    if side.diff:
        parts.append("It changed there:\n" + framed("diff", _bounded(side.diff)))
    return "\n".join(parts)


def _bounded(diff: str) -> str:
    if len(diff) <= SIDE_LIMIT:
        return diff
    return f"{diff[:SIDE_LIMIT]}\n… {len(diff) - SIDE_LIMIT:,} characters left out …"
