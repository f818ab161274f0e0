"""Does parallel work fit together? What the Radar finds while agents write, and how soon."""

from __future__ import annotations

from contextune.bench.figures import Bench
from contextune.bench.integrate_radar import report_radar


async def run(bench: Bench) -> None:
    """Report how well and how soon overlap is found."""
    await report_radar(bench)
