"""What an editor sees of Todos beyond their comments."""

from __future__ import annotations

from decimal import Decimal

from contextune.core.todos.writing import Age
from contextune.protocol.wire import Params, View


class TodoFactsParams(Params, frozen=True, kw_only=True):
    """Which folder; None for the first of the workspace."""

    folder: str | None = None


class TodoFactView(View, frozen=True, kw_only=True):
    """The facts of one Todo. Texts are for people."""

    id: str
    likely: Decimal | None
    """What a Task of its own would probably cost, in dollars; None if that cannot be told."""
    likely_text: str
    """Such as `about $0.0154`, or `unpriced`; empty if nothing is to be told."""
    price_text: str
    """Such as `$0.0014 to $0.1460, likely $0.0154`."""
    author: str
    """Who wrote the line; empty if it is not committed."""
    written_at: int | None
    age: Age
    age_text: str
    """Such as `in the last 30 days`."""
    doubt_text: str
    """What speaks against having an agent do it, a sentence; empty if nothing does."""


class TodoFactsResult(View, frozen=True, kw_only=True):
    """The facts of a folder's Todos."""

    folder: str
    facts: tuple[TodoFactView, ...]


class TodoPreviewParams(Params, frozen=True, kw_only=True):
    """Which Todo of which folder; None for the first of the workspace."""

    folder: str | None = None
    todo_id: str


class TodoPreview(View, frozen=True, kw_only=True):
    """The code around a Todo."""

    text: str
    """As Markdown that is safe to show; empty if the Todo or its file is gone."""
