"""What an editor asks in plain words, and what it is answered."""

from __future__ import annotations

from contextune.core.language.intent import Effect
from contextune.core.language.understanding import ReadBy
from contextune.protocol.wire import Params, View


class AskParams(Params, frozen=True, kw_only=True):
    """Plain words; with the arguments of a choice that an earlier answer offered."""

    text: str
    folder: str | None = None
    arguments: tuple[str, ...] = ()


class AskAction(View, frozen=True, kw_only=True):
    """A command that follows. The editor starts it when the user presses its button."""

    title: str
    command: str
    """As the command line has it, for people."""
    effect: Effect
    """What spends ends at the Quote, or asks first."""
    editor_command: str
    """The command of the editor that does it."""
    arguments_json: str
    """Its arguments, a JSON array."""


class AskChoice(View, frozen=True, kw_only=True):
    """One of several that may be meant; `arguments` go back with the next question."""

    title: str
    command: str
    arguments: tuple[str, ...]


class AskResult(View, frozen=True, kw_only=True):
    """The answer. Nothing was started."""

    title: str
    markdown: str
    by: ReadBy
    command: str | None
    """What was understood; None if it is not clear."""
    actions: tuple[AskAction, ...]
    choices: tuple[AskChoice, ...]
    paid_text: str
    """What reading the words cost; empty if no model was asked."""
