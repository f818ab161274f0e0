"""Local dates, by which people count money."""

from __future__ import annotations

from datetime import date, datetime

from contextune.core.errors import UsageProblem


def day_of(at: int) -> str:
    """The local date of a time in milliseconds since the epoch, such as `2026-11-22`."""
    return datetime.fromtimestamp(at / 1000).astimezone().date().isoformat()


def today() -> str:
    """The local date now."""
    return datetime.now().astimezone().date().isoformat()


def check_day(text: str) -> str:
    """A date as a client wrote it. Raises UsageProblem."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageProblem(f"Date {text!r}: expected a form such as 2026-11-01.") from None
