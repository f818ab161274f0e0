"""The machine's own clock."""

from __future__ import annotations

import time
from datetime import datetime


class SystemClock:
    """core.ports.Clock by the time of day."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def day_start(self, at: int) -> int:
        """The first millisecond of the local day in which `at` lies."""
        local = _local(at)
        return _milliseconds(local.year, local.month, local.day)

    def month_start(self, at: int) -> int:
        """The first millisecond of the local month in which `at` lies."""
        local = _local(at)
        return _milliseconds(local.year, local.month, 1)


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000).astimezone()


def _milliseconds(year: int, month: int, day: int) -> int:
    # Without a zone, `timestamp` takes the offset that holds at that very time, daylight saving included.
    return int(datetime(year, month, day).timestamp() * 1000)  # noqa: DTZ001 the local zone is meant
