"""What may reach a terminal or a program that reads JSON: no control sequences, no tricks of direction."""

from __future__ import annotations

import json

from contextune.core.plain_text import STEERING, one_line, plain

__all__ = ["in_json", "one_line", "plain"]


def in_json(text: str) -> str:
    """JSON with those signs escaped: they occur in its strings alone, so that its value stays the same."""
    return STEERING.sub(lambda match: json.dumps(match[0])[1:-1], text)
