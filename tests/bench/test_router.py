"""The router's suite on a few repositories: the same every time, and what it reports is what must hold."""

from __future__ import annotations

import pytest

from contextune.bench import router
from contextune.bench.figures import Bench, Figure


async def test_the_suite_reports_regret_and_excess_of_every_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "SEEDS", 1)
    monkeypatch.setattr(router, "SCENARIOS", router.SCENARIOS[:2])
    figures: list[Figure] = []
    await router.run(Bench(report=figures.append, note=lambda _: None))
    told = {figure.metric: figure for figure in figures}
    assert list(told) == [
        "regret, as published",
        "greatest excess, as published",
        "regret, cheap rungs good",
        "greatest excess, cheap rungs good",
        "regret, worst scenario that has to hold",
    ]
    assert all(figure.unit == "%" and figure.suite == "router" for figure in figures)
    assert told["greatest excess, as published"].met is True
    assert told["regret, as published"].against is not None


def test_a_repository_is_the_same_every_time() -> None:
    assert router.simulate(0, 7) == router.simulate(0, 7)
    assert router.simulate(0, 7) != router.simulate(0, 8)


@pytest.mark.parametrize("number", range(len(router.SCENARIOS)))
def test_the_excess_holds_in_every_scenario(number: int) -> None:
    results = [router.simulate(number, seed) for seed in range(3)]
    assert all(0 <= result.excess <= router.EXCESS / 100 for result in results)


def test_learning_pays_where_cheap_rungs_do_hard_tasks() -> None:
    (number,) = [n for n, scenario in enumerate(router.SCENARIOS) if scenario.name == "mostly hard"]
    results = [router.simulate(number, seed) for seed in range(4)]
    assert sum(result.regret for result in results) < sum(result.usual for result in results)
