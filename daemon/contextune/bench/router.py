"""The router against fixed starts, on simulated repositories whose rungs pass as often as is published."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from math import exp, log
from random import Random
from statistics import fmean
from typing import NamedTuple

from contextune.bench.figures import Against, Bench, Figure
from contextune.compose import price_list
from contextune.core.conversation import Rung
from contextune.core.money import PriceRange
from contextune.core.outlook import Outlook
from contextune.core.plan import Complexity
from contextune.core.record import Step, TaskRecord
from contextune.core.router import Asked, Router, usual_start
from contextune.core.settings import DEFAULT_LADDER, HAIKU, OPUS, SONNET
from contextune.engine.pricing import attempt_cost

TASKS, SEEDS, A_PLAN = 200, 50, 5
"""Tasks of a repository, repositories of a scenario, and Tasks that are quoted, and so routed, together."""

PASSES: Mapping[tuple[str, str], float] = {
    # SWE-bench Pro, github.com/jakemanger/whatmodel: Haiku 5.5 64.8 %, Sonnet 5.5 81.3 %.
    (HAIKU, "high"): 0.648,
    (SONNET, "medium"): 0.813,
    # SWE-bench Pro subset, platform.claude.com/docs/en/about-claude/models/optimizing-for-cost-and-intelligence:
    # Opus 5.5 87.4 % at low effort. Its medium effort has no figure; low is the careful reading.
    (OPUS, "medium"): 0.874,
    # Terminal-Bench 4.0, github.com/jakemanger/whatmodel: Haiku 5.5 39.2 %; the lowest published figure stands
    # for its lowest effort.
    (HAIKU, "low"): 0.392,
}
"""Of Tasks that are `hard`: both benchmarks want judgement across several files."""
EASIER: Mapping[Complexity, float] = {"simple": 1.4, "standard": 0.7, "hard": 0.0, "extreme": -2.0}
"""In log-odds; an assumption, and not the router's own."""

LOW, HIGH, MEDIUM, TOP = DEFAULT_LADDER
THREE = Rung(model=HAIKU, effort="low", tries=3)
WITH_THREE = (LOW, THREE, HIGH, MEDIUM, TOP)
NOT_PRICED = PriceRange(low=None, likely=None, high=None, at_sonnet=None)


class Scenario(NamedTuple):
    """A kind of repository."""

    name: str
    shift: Callable[[str, Rung, int], float]
    """What a kind of Task adds to a rung's log-odds, at the nth Task."""
    ladder: tuple[Rung, ...] = DEFAULT_LADDER
    spread: float = 2.0
    """How far Tasks differ in difficulty, in log-odds: how much failures go together."""
    mix: tuple[Complexity, ...] = ("simple", "standard", "standard", "hard")


KINDS = ("tests", "docs", "one file", "several files")


def _cheap(by: float) -> Callable[[str, Rung, int], float]:
    return lambda kind, rung, n: by if rung.model == HAIKU else 0.0


def _by_kind(kind: str, rung: Rung, n: int) -> float:
    return {"tests": 3.0, "docs": 2.0, "one file": -1.0, "several files": -4.0}[kind] * (rung.model == HAIKU)


def _drift(kind: str, rung: Rung, n: int) -> float:
    good = (kind in ("tests", "docs")) == (n < TASKS // 2)
    return (1.5 if good else -4.0) if rung.model == HAIKU else 0.0


SCENARIOS = (
    Scenario("as published", _cheap(0.0)),
    Scenario("cheap rungs good", _cheap(2.0)),
    Scenario("cheap rungs bad", _cheap(-4.0)),
    Scenario("kinds differ", _by_kind),
    Scenario("best of 3 helps", _cheap(-0.5), WITH_THREE, 0.5),
    Scenario("best of 3 never helps", _cheap(-1.0), WITH_THREE, 6.0),
    Scenario("drift", _drift),
    Scenario("hard Tasks", _cheap(1.0), mix=("standard", "hard", "hard", "hard")),
    Scenario("only Opus passes", lambda kind, rung, n: 0.0 if rung.model == OPUS else -5.0),
)


class _Task(NamedTuple):
    """One Task as it would go on every rung: the same for whoever routes it."""

    kind: str
    complexity: Complexity
    passes: tuple[bool, ...]
    costs: tuple[Decimal, ...]
    reverted: bool
    """Whether what a cheap rung made of it is taken back later."""


class _Done(NamedTuple):
    began: int
    path: tuple[int, ...]
    accepted: bool
    dollars: Decimal
    kept: bool


def simulate(scenario: Scenario, seed: int) -> tuple[float, float, float]:
    """One repository: the router's regret, its greatest excess over the usual starts, its share of explorations.

    Regret compares dollars per accepted Task with those of the best fixed start, known only afterwards.
    """
    random = Random(f"{scenario.name} {seed}")  # noqa: S311 - a simulation
    prices = price_list()
    known: dict[tuple[Rung, Complexity], Decimal | None] = {}

    def prior(rung: Rung, complexity: Complexity) -> Decimal | None:
        if (rung, complexity) not in known:
            known[rung, complexity] = attempt_cost(prices, rung, complexity)
        return known[rung, complexity]

    tasks = [_drawn(scenario, n, random, prior) for n in range(TASKS)]
    fixed = [[_climb(task, start) for task in tasks] for start in range(len(scenario.ladder))]
    usual = [fixed[usual_start(scenario.ladder, task.complexity)][n] for n, task in enumerate(tasks)]
    routed = list(_routed(scenario, tasks, random, prior))
    spent = instead = Decimal(0)
    excess = 0.0
    for mine, other in zip((done for done, _ in routed), usual, strict=True):
        spent, instead = spent + mine.dollars, instead + other.dollars
        excess = max(excess, float(spent / instead) - 1)
    best = min(map(_dollars_per_accepted, fixed))
    regret = _dollars_per_accepted([done for done, _ in routed]) / best - 1
    return regret, excess, fmean(explored for _, explored in routed)


def _drawn(
    scenario: Scenario, n: int, random: Random, prior: Callable[[Rung, Complexity], Decimal | None]
) -> _Task:
    kind, complexity = random.choice(KINDS), random.choice(scenario.mix)
    difficulty = random.gauss(0, scenario.spread)
    passes, costs = [], []
    for rung in scenario.ladder:
        rate = PASSES[rung.model, rung.effort]
        odds = log(rate / (1 - rate)) * (1 + scenario.spread**2 / 3) ** 0.5
        odds += EASIER[complexity] + scenario.shift(kind, rung, n) - difficulty
        passed = [random.random() < 1 / (1 + exp(-odds)) for _ in range(rung.tries)]
        passes.append(any(passed))
        expected = (prior(rung, complexity) or Decimal(0)) / rung.tries
        # An agent that ends red has used more turns than one that is done.
        costs.append(
            sum(
                (expected * Decimal(random.lognormvariate(0, 0.4) * (0.9 if ok else 1.3)) for ok in passed),
                Decimal(0),
            )
        )
    return _Task(kind, complexity, tuple(passes), tuple(costs), random.random() < 0.04)


def _climb(task: _Task, start: int, then: Callable[[tuple[int, ...]], int | None] | None = None) -> _Done:
    path: tuple[int, ...] = (start,)
    while not task.passes[path[-1]]:
        following = then(path) if then else path[-1] + 1
        if following is None or following >= len(task.passes):
            break
        path = (*path, following)
    accepted = task.passes[path[-1]]
    kept = accepted and not (task.reverted and path[-1] < len(task.passes) - 2)
    return _Done(start, path, accepted, sum((task.costs[place] for place in path), Decimal(0)), kept)


def _dollars_per_accepted(done: Sequence[_Done]) -> float:
    return float(sum((one.dollars for one in done), Decimal(0))) / max(1, sum(one.kept for one in done))


def _routed(
    scenario: Scenario,
    tasks: Sequence[_Task],
    random: Random,
    prior: Callable[[Rung, Complexity], Decimal | None],
) -> list[tuple[_Done, bool]]:
    history: list[TaskRecord] = []
    found: list[tuple[_Done, bool]] = []
    for first in range(0, len(tasks), A_PLAN):
        plan = tasks[first : first + A_PLAN]
        router = Router(Outlook(scenario.ladder, history, prior))
        asked = [Asked(task.kind, task.complexity) for task in plan]
        starts = router.starts(asked, routing="learn", chance=random.random)
        records = []
        for n, (task, one, start) in enumerate(zip(plan, asked, starts, strict=True), first):
            done = _climb(
                task,
                start.index,
                lambda path, one=one, e=start.explored: router.next_rung(one, path, explored=e),
            )
            found.append((done, start.explored))
            records.append(_record(scenario, n, task, done, explored=start.explored))
        history = [*reversed(records), *history]
    return found


def _record(scenario: Scenario, n: int, task: _Task, done: _Done, *, explored: bool) -> TaskRecord:
    steps = []
    for place in done.path:
        rung, green = scenario.ladder[place], task.passes[place]
        for number in range(rung.tries):
            outcome = ("green" if number == 0 else "outdone") if green else "red"
            steps.append(Step(rung=rung, outcome=outcome, turns=8, dollars=task.costs[place] / rung.tries))
    return TaskRecord(
        run_id=f"r_{n // A_PLAN}",
        task_id=f"t{n}",
        at=n,
        kind=task.kind,
        complexity=task.complexity,
        state="accepted" if done.accepted else "failed",
        steps=tuple(steps),
        dollars=done.dollars,
        at_sonnet=done.dollars,
        unpriced=0,
        quoted=NOT_PRICED,
        explored=explored,
        reverted=done.accepted and not done.kept,
    )


async def run(bench: Bench) -> None:
    """Every scenario over every seed; the worst of each figure is what has to hold."""
    regrets, excesses = {}, {}
    for scenario in SCENARIOS:
        bench.note(scenario.name)
        results = [await asyncio.to_thread(simulate, scenario, seed) for seed in range(SEEDS)]
        regrets[scenario.name] = 100 * fmean(regret for regret, _, _ in results)
        excesses[scenario.name] = 100 * max(excess for _, excess, _ in results)
        print(
            scenario.name,
            round(regrets[scenario.name], 2),
            round(excesses[scenario.name], 2),
            round(100 * fmean(e for _, e, _ in results), 2),
            round(fmean(x for _, _, x in results), 3),
            sorted(round(100 * e, 1) for _, e, _ in results)[-5:],
        )
