"""The suite `backpressure` in small: every job is played, and what it counts is the server's own count."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.bench import backpressure, plain_retries
from contextune.bench.backpressure import Job, run
from contextune.bench.figures import Bench, Figure
from contextune.bench.plain_retries import Endless, Unthrottled
from contextune.engine.money.throttle import Throttle
from contextune.offline.limits import RateLimit


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {
        "AGENTS": 4,
        "REQUESTS": 16,
        "PER_MINUTE": 60,
        "LONG_REQUESTS": 2,
        "LONG_PER_MINUTE": 1_000_000,
        "OVERLOADED": 0.3,
        "PASSAGES": 5,
    }
    for name, value in small.items():
        monkeypatch.setattr(backpressure, name, value)


async def test_every_figure_is_told() -> None:
    figures: list[Figure] = []
    await run(Bench(report=figures.append, note=lambda _: None))
    assert [figure.metric.partition(": ")[2] for figure in figures[1:]] == [
        "agents that finish",
        "refused in all",
        "refused after 10 s",
        "wall time, 4.0 s by the limit itself",
        "agents that finish",
        "refused in all",
        "refused after 10 s",
        "wall time, 0.0 s by the limit itself",
        "agents that finish",
        "refused in all",
        "wall time",
    ]
    assert [f.value for f in figures if f.metric.endswith("agents that finish")] == [4, 4, 4]
    # Sixty requests at once, then one a second: this small job is too short to hold the bound by itself.
    wall = figures[4]
    assert wall.value >= 3.9
    assert wall.reach == pytest.approx(1.15 * 4)
    assert figures[3].met is True


@pytest.mark.parametrize("kind", [Throttle, Unthrottled, Endless])
async def test_an_outcome_is_what_the_server_counted(tmp_path: Path, kind: type[Throttle]) -> None:
    outcome = await Job(tmp_path / "job", RateLimit(requests_per_minute=1_000), 3, kind=kind).play()
    assert (outcome.finished, outcome.refused, outcome.refused_late) == (4, 0, 0.0)
    assert outcome.input_tokens > 0


async def test_plain_retries_give_up_and_endless_ones_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_retries, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(plain_retries, "LONGEST_PAUSE", 0.01)
    plain = await Job(tmp_path / "plain", None, 1, overloaded=1.0, kind=Unthrottled).play()
    endless = await Job(tmp_path / "endless", None, 1, overloaded=1.0, kind=Endless).play()
    assert (plain.finished, endless.finished) == (0, 4)
    assert plain.refused == 4 * Unthrottled.tries < endless.refused
