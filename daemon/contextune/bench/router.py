"""The router against fixed starts, on simulated repositories whose rungs pass as often as is published."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from math import exp, log
from multiprocessing import get_context
from random import Random
from statistics import fmean
from typing import NamedTuple

from contextune.bench.figures import Against, Bench, Figure
from contextune.compose import price_list
from contextune.core.model.conversation import Rung
from contextune.core.model.money import PriceRange
from contextune.core.planning.plan import Complexity
from contextune.core.planning.record import Step, TaskRecord
from contextune.core.routing.outlook import AttemptCost, Outlook
from contextune.core.routing.router import Asked, Router, usual_start
from contextune.core.settings import DEFAULT_LADDER, HAIKU, OPUS, SONNET
from contextune.core.states import AttemptOutcome
from contextune.engine.money.pricing import attempt_cost

SUITE = "router"
TASKS, SEEDS, A_PLAN = 200, 50, 5
"""Tasks of a repository, repositories of a scenario, and Tasks that are quoted, and so routed, together."""
REGRET, EXCESS = 10.0, 5.0
"""What is to be reached, in percent."""

PASSES: Mapping[tuple[str, str], float] = {
    # Terminal-Bench 4.0 as github.com/jakemanger/whatmodel collects it: Haiku 5.5 39.2 %. It names no effort;
    # the lowest published figure stands for the lowest one.
    (HAIKU, "low"): 0.392,
    # SWE-bench Pro, same place: Haiku 5.5 64.8 %, Sonnet 5.5 81.3 %.
    (HAIKU, "high"): 0.648,
    (SONNET, "medium"): 0.813,
    # SWE-bench Pro, Anthropic's "Optimizing for cost and intelligence" (platform.claude.com/docs): Opus 5.5
    # 87.4 % at low effort. Medium has no figure; that of low is the careful reading.
    (OPUS, "medium"): 0.874,
}
"""Of `hard` Tasks: both benchmarks want judgement across several files."""
EASIER: Mapping[Complexity, float] = {"simple": 1.4, "standard": 0.7, "hard": 0.0, "extreme": -2.0}
"""In log-odds: an assumption, and not the router's own."""
REVERTED = 0.04
"""Of the Tasks that a rung below the last two did, this share is taken back later; an assumption."""

KINDS = ("tests", "docs", "one file", "several files")
LOW, HIGH, MEDIUM, TOP = DEFAULT_LADDER
WITH_THREE = (LOW, Rung(model=HAIKU, effort="low", tries=3), HIGH, MEDIUM, TOP)
UNQUOTED = PriceRange(low=None, likely=None, high=None, at_sonnet=None)

Shift = Callable[[str, Rung, int], float]
"""What a kind of Task adds to the log-odds of a rung, at the nth Task."""


class Scenario(NamedTuple):
    """A kind of repository."""

    name: str
    shift: Shift
    ladder: tuple[Rung, ...] = DEFAULT_LADDER
    spread: float = 2.0
    """How far Tasks differ in difficulty, in log-odds: how much the failures of rungs go together."""
    mix: tuple[Complexity, ...] = ("simple", "standard", "standard", "hard")
    bound: bool = True
    """Whether its regret has to hold."""


def _haiku(by: float) -> Shift:
    return lambda _kind, rung, _n: by if rung.model == HAIKU else 0.0


def _by_kind(kind: str, rung: Rung, _n: int) -> float:
    by = {"tests": 3.0, "docs": 2.0, "one file": -1.0, "several files": -4.0}
    return by[kind] if rung.model == HAIKU else 0.0


def _drifting(kind: str, rung: Rung, n: int) -> float:
    good = (kind in ("tests", "docs")) == (n < TASKS // 2)
    return (1.5 if good else -4.0) if rung.model == HAIKU else 0.0


def _opus_alone(_kind: str, rung: Rung, _n: int) -> float:
    return 0.0 if rung.model == OPUS else -5.0


SCENARIOS = (
    Scenario("as published", _haiku(0.0)),
    Scenario("cheap rungs good", _haiku(2.0)),
    Scenario("cheap rungs bad", _haiku(-4.0)),
    Scenario("kinds differ", _by_kind),
    Scenario("best of 3 helps", _haiku(-0.5), WITH_THREE, spread=0.5),
    Scenario("best of 3 never helps", _haiku(-1.0), WITH_THREE, spread=6.0),
    Scenario("drift", _drifting),
    Scenario("mostly hard", _haiku(1.0), mix=("standard", "hard", "hard", "hard")),
    # Here the balance sets the pace: one Opus attempt in vain costs what twenty Tasks may exceed.
    Scenario("only Opus passes", _opus_alone, bound=False),
    Scenario("some extreme", _haiku(0.0), mix=(*("standard",) * 7, "hard", "hard", "extreme")),
)


class Result(NamedTuple):
    """One repository, as shares."""

    regret: float
    """Dollars per accepted Task above those of the best fixed start, which is known only afterwards."""
    usual: float
    """The regret of beginning as usual."""
    excess: float
    """The most by which the sum so far was ever above that of beginning as usual, on the same Tasks."""


class _Task(NamedTuple):
    """One Task as it would go on every rung: the same for whoever routes it."""

    kind: str
    complexity: Complexity
    passes: tuple[bool, ...]
    costs: tuple[Decimal, ...]
    taken_back: bool


class _Done(NamedTuple):
    path: tuple[int, ...]
    accepted: bool
    kept: bool
    dollars: Decimal


async def run(bench: Bench) -> None:
    """Every scenario over all seeds: the mean regret, and the greatest excess of all."""
    loop = asyncio.get_running_loop()
    worst = 0.0
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        for number, scenario in enumerate(SCENARIOS):
            bench.note(f"{scenario.name}: {SEEDS} repositories of {TASKS} Tasks")
            results = await asyncio.gather(
                *(loop.run_in_executor(workers, simulate, number, seed) for seed in range(SEEDS))
            )
            regret = 100 * fmean(result.regret for result in results)
            usual = 100 * fmean(result.usual for result in results)
            excess = 100 * max(result.excess for result in results)
            if scenario.bound:
                worst = max(worst, regret)
            against = Against(name="beginning as usual", value=round(usual, 2))
            bench.report(
                _figure(f"regret, {scenario.name}", regret, REGRET if scenario.bound else None, against)
            )
            bench.report(_figure(f"greatest excess, {scenario.name}", excess, EXCESS))
    bench.report(_figure("regret, worst scenario that has to hold", worst, REGRET))


def _figure(metric: str, value: float, reach: float | None, against: Against | None = None) -> Figure:
    met = None if reach is None else value <= reach
    return Figure(
        suite=SUITE, metric=metric, value=round(value, 2), unit="%", against=against, reach=reach, met=met
    )


def simulate(number: int, seed: int) -> Result:
    """One repository of a scenario, by its place among SCENARIOS."""
    scenario = SCENARIOS[number]
    random = Random(f"{scenario.name} {seed}")  # noqa: S311 - a simulation
    prior = _prior()
    tasks = [_drawn(scenario, n, random, prior) for n in range(TASKS)]
    fixed = [[_climb(task, start) for task in tasks] for start in range(len(scenario.ladder))]
    usual = [fixed[usual_start(scenario.ladder, task.complexity)][n] for n, task in enumerate(tasks)]
    routed = _routed(scenario, tasks, random, prior)
    spent = instead = Decimal(0)
    excess = 0.0
    for mine, other in zip(routed, usual, strict=True):
        spent, instead = spent + mine.dollars, instead + other.dollars
        excess = max(excess, float(spent / instead) - 1)
    best = min(map(_dollars_per_accepted, fixed))
    return Result(
        regret=_dollars_per_accepted(routed) / best - 1,
        usual=_dollars_per_accepted(usual) / best - 1,
        excess=excess,
    )


def _prior() -> AttemptCost:
    """What attempts cost at today's prices, by the very prior that Quotes start from."""
    prices = price_list()
    known: dict[tuple[Rung, Complexity], Decimal | None] = {}

    def prior(rung: Rung, complexity: Complexity) -> Decimal | None:
        if (rung, complexity) not in known:
            known[rung, complexity] = attempt_cost(prices, rung, complexity)
        return known[rung, complexity]

    return prior


def _drawn(scenario: Scenario, n: int, random: Random, prior: AttemptCost) -> _Task:
    kind, complexity = random.choice(KINDS), random.choice(scenario.mix)
    difficulty = random.gauss(0, scenario.spread)
    # A logistic averaged over normal difficulties is flatter: this keeps the published rates in the mean.
    steeper = (1 + scenario.spread**2 / 3) ** 0.5
    passes, costs = [], []
    for rung in scenario.ladder:
        rate = PASSES[rung.model, rung.effort]
        odds = (
            steeper * log(rate / (1 - rate)) + EASIER[complexity] + scenario.shift(kind, rung, n) - difficulty
        )
        passed = [random.random() < 1 / (1 + exp(-odds)) for _ in range(rung.tries)]
        passes.append(any(passed))
        expected = (prior(rung, complexity) or Decimal(0)) / rung.tries
        # An agent that ends red has taken more turns than one that is done.
        drawn = (Decimal(random.lognormvariate(0, 0.4) * (0.9 if ok else 1.3)) for ok in passed)
        costs.append(expected * sum(drawn, Decimal(0)))
    return _Task(kind, complexity, tuple(passes), tuple(costs), random.random() < REVERTED)


def _climb(task: _Task, start: int, then: Callable[[Sequence[int]], int | None] | None = None) -> _Done:
    """One Task from `start` up; `then` tells the place after red on some, by default the next one."""
    path = [start]
    while not task.passes[path[-1]]:
        following = path[-1] + 1 if then is None else then(path)
        if following is None or following >= len(task.passes):
            break
        path.append(following)
    accepted = task.passes[path[-1]]
    kept = accepted and not (task.taken_back and path[-1] < len(task.passes) - 2)
    return _Done(tuple(path), accepted, kept, sum((task.costs[place] for place in path), Decimal(0)))


def _dollars_per_accepted(done: Sequence[_Done]) -> float:
    return float(sum((one.dollars for one in done), Decimal(0))) / max(1, sum(one.kept for one in done))


def _routed(scenario: Scenario, tasks: Sequence[_Task], random: Random, prior: AttemptCost) -> list[_Done]:
    history: list[TaskRecord] = []
    found: list[_Done] = []
    for first in range(0, len(tasks), A_PLAN):
        plan = tasks[first : first + A_PLAN]
        router = Router(Outlook(scenario.ladder, history, prior))
        asked = [Asked(task.kind, task.complexity) for task in plan]
        starts = router.starts(asked, routing="learn", chance=random.random)
        done = [
            _climb(task, start.index, _follow(router, one, explored=start.explored))
            for task, one, start in zip(plan, asked, starts, strict=True)
        ]
        found += done
        for n, (task, one_done) in enumerate(zip(plan, done, strict=True), first):
            history.insert(0, _record(scenario.ladder, n, task, one_done))
    return found


def _follow(router: Router, asked: Asked, *, explored: bool) -> Callable[[Sequence[int]], int | None]:
    return lambda failed: router.next_rung(asked, failed, explored=explored)


def _record(ladder: Sequence[Rung], n: int, task: _Task, done: _Done) -> TaskRecord:
    steps = []
    for place in done.path:
        rung = ladder[place]
        for number in range(rung.tries):
            better: AttemptOutcome = "green" if number == 0 else "outdone"
            outcome: AttemptOutcome = better if task.passes[place] else "red"
            steps.append(Step(rung=rung, outcome=outcome, turns=1, dollars=task.costs[place] / rung.tries))
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
        quoted=UNQUOTED,
        reverted=done.accepted and not done.kept,
    )
