"""The language models of the editor itself: what is asked of it, what it answers, and which one is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Protocol

from contextune.core.base import Value
from contextune.core.model.conversation import Message, Text, Tool, ToolUse

Trouble = Literal[
    "consent", "permission", "missing", "blocked", "limited", "filtered", "too_long", "cancelled", "other"
]
"""Why there is no reply: the user refused; the editor lets us use none; no such model; the provider lets the
user use none just now; too many requests; the provider declined the content; the reply would not end; it was
cancelled; anything else."""


class EditorModel(Value, frozen=True, kw_only=True):
    """One model that the editor offers. All of it is what its provider says."""

    vendor: str
    """Who serves it, such as `copilot`."""
    id: str
    family: str
    name: str

    @property
    def full_id(self) -> str:
        """Such as `copilot/claude-haiku-4.5`."""
        return f"{self.vendor}/{self.id}"


class EditorRequest(Value, frozen=True, kw_only=True):
    """One request to one of the editor's models, which know no system prompt: it is the first message."""

    vendor: str
    id: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]


class EditorReply(Value, frozen=True, kw_only=True, tag_field="kind", tag="reply"):
    """A whole reply. Tokens are counted by the model's own tokenizer; 0 where the provider counts none."""

    blocks: tuple[Text | ToolUse, ...]
    input_tokens: int
    output_tokens: int


class EditorFailure(Value, frozen=True, kw_only=True, tag_field="kind", tag="failure"):
    """There is no reply, or not all of one."""

    trouble: Trouble
    text: str
    """What the editor or the provider says."""
    begun: bool
    """Whether a part of the reply had come."""


class EditorModels(Protocol):
    """The editor, as the one way to its models. Raises ModelProblem where it does not answer as it should."""

    async def list(self) -> tuple[EditorModel, ...]:
        """The models that it offers now."""
        ...

    async def send(self, request: EditorRequest) -> EditorReply | EditorFailure:
        """One request, whole. Cancelling it cancels the request in the editor."""
        ...


def model_meant(models: Sequence[EditorModel], wanted: str) -> EditorModel | None:
    """The model that an id of the Ladder means; None if the editor offers none for it.

    That of this name, with its vendor or without; else, where it names one of Claude's tiers, the newest
    Claude of the same tier.
    """
    for model in models:
        if wanted in (model.full_id, f"{model.vendor}/{model.family}", model.id, model.family):
            return model
    plain = _plain(wanted)
    for model in models:
        if plain in (_plain(model.id), _plain(model.family)):
            return model
    tier = _tier(plain)
    alike = [model for model in models if tier and _tier(_plain(f"{model.family} {model.id}")) == tier]
    return max(alike, key=_version, default=None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def _tier(plain: str) -> str | None:
    words = plain.split("-")
    if "claude" not in words:
        return None
    return next((word for word in words if word in ("haiku", "sonnet", "opus")), None)


def _version(model: EditorModel) -> tuple[int, ...]:
    """`claude-haiku-4.5` is newer than `claude-haiku-4`; a date at the end is no version."""
    return tuple(int(number) for number in re.findall(r"\d+", model.family or model.id) if len(number) < 4)
