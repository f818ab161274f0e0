"""Does parallel work fit together? What the Radar finds, and what the Ghost makes of it."""

from __future__ import annotations

from contextune.bench.figures import Bench
from contextune.bench.integrate_ghost import report_ghost
from contextune.bench.integrate_radar import report_radar


async def run(bench: Bench) -> None:
    """Report how well and how soon overlap is found, and how who breaks a combination is."""
    await report_radar(bench)
    await report_ghost(bench)
