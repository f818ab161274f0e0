"""What a client says of itself at the start: whether it is our extension, and its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

EXTENSION = "contextune-vscode"
"""How our own extension names itself."""
SECTION = "contextune"
"""The settings of ours among those of an editor."""


def is_extension(options: Any) -> bool:
    """Whether `initializationOptions` are those of our extension."""
    return isinstance(options, Mapping) and options.get("client") == EXTENSION


def own_section(settings: Any) -> Mapping[str, Any] | None:
    """Our own settings among those of an editor; None if it sent none."""
    ours = settings.get(SECTION) if isinstance(settings, Mapping) else None
    return ours if isinstance(ours, Mapping) else None


def snake_keys(settings: Mapping[str, Any]) -> dict[str, Any]:
    """An editor's settings with keys in snake_case, unset ones left out."""
    return {
        re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower(): value
        for key, value in settings.items()
        if value is not None
    }
