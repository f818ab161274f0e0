"""What an agent is told first: the shared context, then its own Task. Volatile facts stand last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contextune.agents.framing import framed, named, unmarked
from contextune.core.model.conversation import Text
from contextune.core.plain_text import readable
from contextune.core.planning.plan import Task
from contextune.core.proof.evidence import Evidence
from contextune.core.proof.proof import proof_words
from contextune.core.todos.todo import Todo

Lines = Callable[[str], list[str] | None]
"""Reads a file of the Base as lines; None if it is absent or not text."""

MAP_LIMIT = 300
"""Files named in the repository map."""
OUTPUT_TAIL = 6_000
"""Characters of Gate output that are handed over."""
DIFF_LIMIT = 16_000


def repository_map(files: Sequence[str]) -> str:
    """The files of a repository, folded to their folders where there are too many to name."""
    if len(files) <= MAP_LIMIT:
        return "\n".join(files)
    folders: dict[str, int] = {}
    for path in files:
        folder = path.rpartition("/")[0] or "."
        folders[folder] = folders.get(folder, 0) + 1
    lines = [f"{folder}/ ({count} files)" for folder, count in sorted(folders.items())]
    return "\n".join(
        lines[:MAP_LIMIT] + ([f"and {len(lines) - MAP_LIMIT} more folders"] * (len(lines) > MAP_LIMIT))
    )


def shared_context(files: Sequence[str], gate: str | None, instructions: str | None) -> Text:
    """The part of the first message that is the same for all agents of a Run; ends in a cache breakpoint."""
    parts = [framed("repository", repository_map(files))]
    if gate:
        parts.append(f"The Gate of this project is: {gate}")
    if instructions:
        parts.append(framed("instructions", instructions))
    return Text(text="\n\n".join(parts), cache=True)


def todo_block(todo: Todo) -> str:
    """A Todo's words, as data."""
    return framed(
        "todo",
        todo.text,
        id=todo.id,
        path=todo.path,
        line=todo.line,
        marker=todo.marker,
        symbol=todo.symbol or None,
        owner=todo.owner or None,
    )


def task_text(task: Task, todos: Sequence[Todo], shown: Sequence[str] = ()) -> Text:
    """The Task itself, and blocks with what it needs to know; their sources say where they stand."""
    parts = [f"# Task: {unmarked(task.title)}", unmarked(task.brief)]
    if task.files:
        parts.append("Files: " + named(task.files))
    parts += [todo_block(todo) for todo in todos]
    return Text(text="\n\n".join([*parts, *shown]))


def earlier_attempt(diff: str, evidence: Evidence | None, summary: str, *, outgrown: bool = False) -> Text:
    """What an attempt before this one left in the worktree, and what the Gate saw.

    It was on a lower rung; or on this one, and its conversation has `outgrown` what the model reads at the
    low price.
    """
    who = (
        "An agent like you worked on this Task until its conversation had grown too long. Nothing was wrong "
        "with its work: its changes are in your worktree. Go on from there, and read only what you need."
        if outgrown
        else "An agent on a lower rung tried this Task. Its changes are in your worktree; keep what is right."
    )
    parts = ["# Earlier attempt", who]
    if summary:
        parts.append("It said:\n" + framed("said", summary))
    parts.append("Its diff:\n" + framed("diff", diff[:DIFF_LIMIT]))
    if evidence is not None:
        parts.append(gate_report(evidence))
    return Text(text="\n\n".join(parts))


OBJECTION = "The Gate is green. Before this counts, look at it once more."
"""How words begin that ask an agent to look again at what is green."""


def objection(evidence: Evidence) -> str:
    """What an agent is asked to look at once more although the Gate is green; empty if nothing."""
    said = " ".join(filter(None, [_rewritten(evidence), _missing_test(evidence)]))
    return f"{OBJECTION} {said}" if said else ""


def _missing_test(evidence: Evidence) -> str:
    if evidence.verdict != "unproved":
        return ""
    return (
        f"It proves nothing yet: {readable(proof_words(evidence.proof))}. Write the missing test, one that "
        "fails without your change, and call `finish` again. If there is nothing to test, call `finish` "
        "as things are."
    )


def _rewritten(evidence: Evidence) -> str:
    if not evidence.outdated:
        return ""
    return (
        f"With the tests as they were before you changed them, these fail on your code: "
        f"{named(evidence.outdated[:20])}. You changed {named(evidence.rewritten[:20])}. If the Task "
        "does not ask for that change of behaviour, put the tests back as they were and mend the code. If it "
        "does, call `finish` again and say in its summary which behaviour changed: a person will look at it."
    )


def gate_report(evidence: Evidence) -> str:
    """What the Gate saw, for an agent."""
    said = [
        f"The Gate is {evidence.verdict}: `{evidence.command}` ended with exit code {evidence.exit_code}."
    ]
    if evidence.newly_failing:
        said.append("Newly failing: " + named(evidence.newly_failing[:20]))
    if evidence.tests_removed:
        said.append("Tests that must not disappear: " + named(evidence.tests_removed[:20]))
    if evidence.tests_weakened:
        said.append("Tests that must not be skipped: " + named(evidence.tests_weakened[:20]))
    if evidence.outdated and evidence.verdict == "red":
        said.append(
            "It passes only because the set-up of the tests was changed. Put these files back as they were: "
            + named(evidence.rewritten[:20])
        )
    said.append(framed("output", readable(evidence.output)[-OUTPUT_TAIL:]))
    return "\n".join(said)
