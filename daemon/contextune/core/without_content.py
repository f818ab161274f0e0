"""Events as data without what people, agents and programs said: sizes and hashes stand in for text.

What is kept is named, and the rest left out: a field that is new is left out until it is named here.
"""

from __future__ import annotations

import hashlib
from typing import Any

_NAMES = frozenset({"kind", "role", "id", "toolUseId", "name"})
"""Kept of conversations."""

_NOTHING: frozenset[str] = frozenset()
"""Kept of what a model sends to a tool."""

_FACTS = _NAMES | frozenset(
    {"runId", "taskId", "requestId", "callId", "replyId", "todoIds", "dependsOn", "waves", "uncertain"}
    | {"model", "effort", "stopReason", "complexity", "accept", "mode", "scope", "marker"}
    | {"state", "outcome", "verdict", "how", "moment", "reason", "error", "flag", "against"}
    | {"commit", "tree", "head", "branch", "upstream", "start", "ghost", "salvage", "first", "second"}
    | {"before", "after", "worktree", "afterWorktree", "indexTree", "HEAD", "index", "config", "hooks"}
    | {"path", "file", "files", "repository", "conflicts", "changed", "dirty", "skipped", "seen"}
    | {"command", "gate", "runCommand"}
    | {"budget", "dollars", "atSonnet", "worstCase", "low", "likely", "high", "limit"}
)
"""Kept outside of conversations: what the product itself says, and the names of what it works on."""

_TALK = frozenset({"message", "result"})
"""Fields that hold conversations."""


def without_content(event: dict[str, Any]) -> dict[str, Any]:
    """An event, as plain data, with text left out: prompts, replies, tool calls, output, titles, Todos."""
    # A note is a sentence of the product's own; elsewhere `text` is somebody else's.
    kept = _FACTS | {"text"} if event.get("kind") == "noted" else _FACTS
    shortened: dict[str, Any] = _shortened(event, kept)
    return shortened


def left_out(text: str) -> str:
    """What stands in for a text: its length, and a hash to compare it by."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"[{len(text)} characters, sha256 {digest}]"


def _shortened(value: Any, kept: frozenset[str], name: str = "") -> Any:
    if isinstance(value, str):
        return value if name in kept or not value else left_out(value)
    if isinstance(value, list | tuple):
        return [_shortened(item, kept, name) for item in value]
    if isinstance(value, dict):
        names = left_out if kept is _NOTHING else str
        return {names(key): _shortened(item, _kept_below(key, kept), key) for key, item in value.items()}
    return value


def _kept_below(key: str, kept: frozenset[str]) -> frozenset[str]:
    if kept is _NAMES:
        return _NOTHING if key in ("input", "data") else _NAMES
    return _NAMES if key in _TALK else kept
