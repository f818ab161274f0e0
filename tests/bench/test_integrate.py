"""The suite `integrate` on a little: that its pairs are what they say, and that what it reports holds."""

from __future__ import annotations

import ast

from contextune.bench.figures import Bench, Figure
from contextune.bench.integrate_pairs import pairs
from contextune.bench.integrate_radar import report_radar
from contextune.bench.integrate_sources import repository


def test_the_pairs_are_of_all_outcomes_and_change_something() -> None:
    files = repository()
    made = pairs(200, seed=7)
    assert {pair.outcome: sum(one.outcome == pair.outcome for one in made) for pair in made} == dict.fromkeys(
        ("disjoint", "textual", "semantic", "clean"), 50
    )
    for pair in made:
        assert (pair.outcome == "semantic") == bool(pair.symbol)
        for side in (pair.first, pair.second):
            for path, text in side.items():
                assert text != files.get(path), pair.variant
                if path.endswith(".py") and text is not None:
                    ast.parse(text)


async def test_what_the_radar_tells_of_them() -> None:
    figures: list[Figure] = []
    await report_radar(Bench(report=figures.append, note=lambda _: None), 28, {"small": 0})
    told = {figure.metric: figure.value for figure in figures}
    # A busy machine may miss one; the suite itself is where all have to be right.
    assert told["pairs judged right as to whether git can merge them"] >= 26
    assert told["semantic breaks found"] == 100
    assert told["pairs that fit and are told not to"] == 0
    assert told["write to overlap told, small, median"] > 0
