"""Links in Markdown that run commands of our extension, which lets just these through."""

from __future__ import annotations

from typing import Any, Literal, get_args
from urllib.parse import quote

import msgspec

LinkName = Literal["delegateTodo", "readQuote", "openTranscript", "reviewRun", "answerQuestion"]
"""What a link may run. None of these starts, accepts or drops anything without a further step of its user."""

PREFIX = "contextune."
COMMANDS = tuple(PREFIX + name for name in get_args(LinkName))


def link(name: LinkName, title: str, *arguments: Any) -> str:
    """A link that runs a command. `title` is ours; arguments are JSON values or Structs."""
    said = quote(msgspec.json.encode(arguments).decode(), safe="")
    return f"[{title}](command:{PREFIX}{name}?{said})"
