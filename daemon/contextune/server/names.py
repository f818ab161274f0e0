"""The commands that code actions and lenses carry, and their arguments.

A plain client runs `contextune.lsp.<name>` through `workspace/executeCommand`. Our extension has commands of
its own, `contextune.<name>`, which get the same single argument; server and client ids must differ, since
VS Code registers a server's commands by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from contextune.core.planning.rearranged import Choice
from contextune.protocol.params import RadarChooseParams
from contextune.protocol.wire import Params

if TYPE_CHECKING:
    from lsprotocol import types

KIND = "refactor.contextune"
"""The kind of our code actions."""
FIX = "quickfix"
"""The kind of those that settle what a diagnostic of ours tells."""

Name = Literal[
    "delegateTodo",
    "parallelizeFile",
    "parallelizeSelection",
    "parallelizeWorkspace",
    "runGoal",
    "showRun",
    "acceptRun",
    "undoRun",
    "discardRun",
    "pauseRun",
    "resumeRun",
    "cancelRun",
    "pauseTask",
    "resumeTask",
    "answerQuestion",
    "arrangeTasks",
    "chooseCourse",
    "choose",
]
PREFIX = "contextune.lsp."
COMMANDS = tuple(PREFIX + name for name in get_args(Name))

_OF_EXTENSION: dict[str, str] = {"showRun": "contextune.reviewRun"}


class WorkTarget(Params, frozen=True, kw_only=True, omit_defaults=True):
    """What to work on: some Todos of a folder, all of them, or a Goal."""

    folder: str | None = None
    todo_ids: tuple[str, ...] = ()
    all: bool = False
    goal: str | None = None


class RunTarget(Params, frozen=True, kw_only=True, omit_defaults=True):
    """Which Run; None for the newest one that the command fits."""

    run_id: str | None = None


class TaskTarget(Params, frozen=True, kw_only=True):
    """Which Task."""

    run_id: str
    task_id: str


class AnswerTarget(Params, frozen=True, kw_only=True):
    """The answer to an agent's question."""

    run_id: str
    task_id: str
    text: str


class ChoiceTarget(Params, frozen=True, kw_only=True):
    """The answer to a question of the daemon that the editor could not show."""

    question: str
    choice: str


class ArrangeTarget(Params, frozen=True, kw_only=True):
    """How two Tasks of an open Quote shall run."""

    quote_id: str
    choice: Choice
    first: str
    second: str


Target = WorkTarget | RunTarget | ArrangeTarget | ChoiceTarget | RadarChooseParams


def command(name: Name, title: str, target: Target, *, extension: bool) -> types.Command:
    """The command as code actions and lenses carry it."""
    # The answer to `initialize` needs the names and must not wait for this import.
    from lsprotocol import types

    return types.Command(**command_of(name, title, target, extension=extension))


def command_of(name: Name, title: str, target: Target, *, extension: bool) -> dict[str, Any]:
    """The same, as JSON has it."""
    identifier = _OF_EXTENSION.get(name, f"contextune.{name}") if extension else PREFIX + name
    argument = msgspec.json.decode(msgspec.json.encode(target))
    return {"title": title, "command": identifier, "arguments": [argument]}
