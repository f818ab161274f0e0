"""What may reach a program that reads JSON from a terminal: no control sequences, no tricks of direction."""

from __future__ import annotations

import json

from contextune.core.plain_text import STEERING


def in_json(text: str) -> str:
    """JSON with what steers escaped: it occurs in strings alone, so that the value stays the same."""
    return STEERING.sub(lambda match: json.dumps(match[0])[1:-1], text)
