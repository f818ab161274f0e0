"""The simulation of many agents, where its outcome can be told beforehand."""

from __future__ import annotations

import pytest

from contextune.bench.ray_simulation import MODEL_SECONDS, REQUESTS_A_MINUTE, Measured, simulate

FREE = Measured(daemon=1e-6, git=1e-6, lease=1e-6, turns=4)


def test_few_agents_wait_for_the_model_alone() -> None:
    found = simulate(40, FREE, 2)
    assert found.tasks == pytest.approx(40 * 60 / (4 * MODEL_SECONDS), rel=0.1)
    assert max(found.busy, key=lambda name: found.busy[name]) == "the rate limit"
    assert found.busy["the rate limit"] < 10


def test_the_rate_limit_bounds_many() -> None:
    found = simulate(2_000, FREE, 2)
    assert found.tasks == pytest.approx(REQUESTS_A_MINUTE / 4, rel=0.05)
    assert found.busy["the rate limit"] == pytest.approx(100, abs=2)


def test_a_slow_daemon_bounds_them_before() -> None:
    found = simulate(2_000, FREE._replace(daemon=0.1), 2)
    assert found.tasks == pytest.approx(600 / 4, rel=0.05)
    assert found.busy["the daemon"] == pytest.approx(100, abs=2)


def test_processors_share_what_git_does() -> None:
    found = simulate(2_000, FREE._replace(git=0.1), 4)
    assert found.tasks == pytest.approx(4 * 600 / 4, rel=0.05)
    assert found.busy["git"] == pytest.approx(100, abs=2)
