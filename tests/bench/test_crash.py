"""The crash suite on a few Runs: nothing is lost, whenever the process dies."""

from __future__ import annotations

from contextune.bench import crash
from contextune.bench.figures import Bench, Figure


async def test_nothing_is_lost_whenever_the_process_dies() -> None:
    figures: list[Figure] = []
    notes: list[str] = []
    await crash.run(Bench(report=figures.append, note=notes.append), kills=6, points=12)
    told = {figure.metric: figure for figure in figures}
    assert told["failpoints: processes that died"].value == 12
    assert told["kills: processes that died"].value > 0
    # How long a resume takes is measured by the suite, and judged by nobody here.
    held = {name: figure.value for name, figure in told.items() if figure.reach == 0}
    assert held == dict.fromkeys(held, 0), "\n".join(notes)
    assert len(held) == 16
