"""What was made of plain words: a command, choices to make, or a sentence that says why neither."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contextune.core.base import Value
from contextune.core.language.intent import Intent

ReadBy = Literal["rules", "model", "nobody"]


class Option(Value, frozen=True, kw_only=True):
    """One of several commands that may be meant."""

    title: str
    intent: Intent


class Understanding(Value, frozen=True, kw_only=True):
    """What plain words stand for."""

    words: str
    by: ReadBy
    intent: Intent | None = None
    """With its Run and Task as the command line takes them; None if it is not clear."""
    options: tuple[Option, ...] = ()
    """What to choose from while it is not clear."""
    text: str = ""
    """Why it is not clear, or what is asked of the user; a sentence or two."""
    asked: bool = False
    """Whether a model was asked."""
    paid: Decimal | None = None
    """What that cost, in dollars; None if no model was asked, or if it is unpriced."""
