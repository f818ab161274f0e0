"""What each state of a Run and of a Task means, and what a person can do: one table for every surface."""

from __future__ import annotations

from typing import NamedTuple

from contextune.core.states import RunState, TaskState


class StateWords(NamedTuple):
    """A state in two sentences."""

    meaning: str
    remedy: str
    """What to do, or that nothing has to be done."""

    @property
    def text(self) -> str:
        """Both, as a hover shows them."""
        return f"{self.meaning} {self.remedy}"


RUN_STATES: dict[RunState, StateWords] = {
    "running": StateWords("Agents are at work.", "Nothing to do: what they ask and make is shown."),
    "paused": StateWords("No agent takes a further turn.", "Resume it to go on where it stopped."),
    "parked": StateWords("A budget is reached, so nothing more is spent.", "Raise it and resume, or cancel."),
    "review": StateWords(
        "The result is tested and waits; your branch has not moved.", "Review it, then accept or discard it."
    ),
    "accepted": StateWords("The result is on a branch.", "Undo moves that back."),
    "undone": StateWords("It was accepted and taken back.", "The work stays under refs of the Run."),
    "discarded": StateWords("Its result was dropped.", "Salvage refs keep it: restore one to have it back."),
    "cancelled": StateWords("It was stopped for good.", "What was done by then is kept in Salvage refs."),
    "failed": StateWords(
        "It ended with nothing to accept.", "Look at the Evidence of its Tasks, then retry one of them."
    ),
}
AWAITING = StateWords("A command waits for a processor.", "Nothing to do: it runs when others are done.")
"""Of a Task that is worked on or tested, while that is so."""
TASK_STATES: dict[TaskState, StateWords] = {
    "waiting": StateWords("It has not begun.", "It begins once what it needs is done and an agent is free."),
    "working": StateWords("An agent is at work.", "Nothing to do; you can tell it something."),
    "asking": StateWords("Its agent asks you something and waits.", "Answer it; the other Tasks go on."),
    "testing": StateWords("The Gate judges it.", "Nothing to do: red goes back to the agent."),
    "paused": StateWords(
        "No agent takes a further turn on it.", "Resume it to go on where it stood; the other Tasks go on."
    ),
    "joining": StateWords("It is green, and is being tested together with the others.", "Nothing to do."),
    "accepted": StateWords("It passed, alone and with the others.", "Its changes are in the Run's result."),
    "failed": StateWords(
        "No agent brought it through the Gate.", "Read the transcript, make its words clearer, then retry it."
    ),
    "cancelled": StateWords("It was stopped.", "Retry it to have it done after all."),
    "skipped": StateWords("What it depends on did not end well.", "Retry that Task first."),
}
