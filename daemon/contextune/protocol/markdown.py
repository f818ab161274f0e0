"""Words of files, models and people inside Markdown of ours."""

from __future__ import annotations

import re

from contextune.core.plain_text import one_line

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-!|~])")


def literal(text: str) -> str:
    """The same words without effect on the Markdown around them."""
    return _MARKUP.sub(r"\\\1", text)


def row(text: str) -> str:
    """Such words on one line."""
    return literal(one_line(text))
