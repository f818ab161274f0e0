"""How an attempt stands still between two turns while its Task is paused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Idle = Callable[[], Awaitable[bool]]
"""Waits while a Task is paused; returns whether it was."""


async def never_idle() -> bool:
    """Nobody pauses it."""
    return False
