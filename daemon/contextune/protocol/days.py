"""Local dates, by which people count money."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from contextune.core.errors import UsageProblem

QUARTER_MS = 900_000
"""Every time zone begins its days at one of these."""

EARLIEST, LATEST = date(1971, 1, 1), date(9000, 1, 1)
"""Between these a date has a time of day in every zone."""


def day_of(at: int) -> str:
    """The local date of a time in milliseconds since the epoch, such as `2026-11-22`."""
    return _day_of(at // QUARTER_MS)


@lru_cache(maxsize=4096)
def _day_of(quarter: int) -> str:
    return datetime.fromtimestamp(quarter * QUARTER_MS / 1000).astimezone().date().isoformat()


def today() -> str:
    """The local date now."""
    return datetime.now().astimezone().date().isoformat()


def seconds_left() -> float:
    """Until the local day ends, a little more rather than less."""
    now = datetime.now().astimezone()
    return max(1.0, next_day_start(now.date().isoformat()) / 1000 - now.timestamp() + 1)


def start_of(day: str) -> int:
    """The first millisecond of a local date."""
    # Without a zone, `timestamp` takes the offset that holds at that very time, daylight saving included.
    return int(datetime.combine(date.fromisoformat(day), datetime.min.time()).timestamp() * 1000)


def next_day_start(day: str) -> int:
    """The first millisecond after a local date."""
    return start_of((date.fromisoformat(day) + timedelta(days=1)).isoformat())


def day_named(text: str, argument: str) -> str:
    """A date that an argument gives. Raises UsageProblem that names it."""
    try:
        return check_day(text)
    except UsageProblem:
        raise UsageProblem(f"{argument}: {text!r} is no date, such as 2026-11-01.") from None


def check_day(text: str) -> str:
    """A date as a client wrote it. Raises UsageProblem."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not EARLIEST <= day <= LATEST:
        raise UsageProblem(f"Date {text!r}: expected a form such as 2026-11-01.")
    return day.isoformat()
