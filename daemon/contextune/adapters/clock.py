"""The machine's own clock."""

from __future__ import annotations

import time


class SystemClock:
    """core.ports.Clock by the time of day."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000
