"""What every JSON-RPC message must be, whatever its method. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_ID = 2**53 - 1
"""The largest whole number that every JSON implementation reads as it was written."""


def flaw(message: Any) -> str:
    """Why this is no message of JSON-RPC 2.0, a sentence; empty if it is one.

    Such a message is answered with the id null, as the specification has it: its own cannot be relied on.
    """
    if not isinstance(message, Mapping) or message.get("jsonrpc") != "2.0":
        return 'Expected one JSON-RPC object with `"jsonrpc": "2.0"`.'
    if "method" in message:
        if not isinstance(message["method"], str):
            return "Expected a text as `method`."
        return "" if "id" not in message or is_id(message["id"]) else _ID
    if "result" not in message and "error" not in message:
        return "Expected a `method`, a `result` or an `error`."
    # Whoever could not read an id answers with null.
    return "" if message.get("id") is None or is_id(message["id"]) else _ID


def is_id(value: Any) -> bool:
    """Whether a request can have this id: a text or a whole number, as LSP has it."""
    if isinstance(value, bool):
        return False
    return isinstance(value, str) or (isinstance(value, int) and abs(value) <= MAX_ID)


_ID = "Expected a text or a whole number as `id`."
