"""Does parallel work fit together? What the Radar finds, what the Ghost makes of it, and how it lands."""

from __future__ import annotations

from contextune.bench.figures import Bench
from contextune.bench.integrate_accept import TRIALS, accept_figures
from contextune.bench.integrate_ghost import report_ghost
from contextune.bench.integrate_radar import report_radar


async def run(bench: Bench, states: int = TRIALS) -> None:
    """Report how overlap is found, and who breaks a combination, and what Accept and Undo lose."""
    await report_radar(bench)
    await report_ghost(bench)
    await accept_figures(bench, trials=states)
