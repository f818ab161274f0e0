"""The bill of one job, done by the whole product in several ways: on Haiku or Sonnet, cached or not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import msgspec

from contextune.bench.arm import HAIKU_LOW, SONNET_MEDIUM, play
from contextune.bench.caching import Unmarked, Unprimed
from contextune.bench.counted import Outcome, Shape, shape_of
from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.job import MOST_TASKS, Agent, Job
from contextune.bench.rehearsal import rehearsed
from contextune.bench.stated import Caching, agent_cost, input_tokens, saving
from contextune.compose import price_list
from contextune.core.errors import ContextuneError
from contextune.core.model.money import ModelPrice
from contextune.core.settings import HAIKU, SONNET

NEAR = 0.03
"""How far, as a share, the job may lie from what it is stated to be."""
READ_SHARE = 85.0
"""Percent of the agents' input that must come from the cache."""
AGENT_DOLLARS = Decimal("0.00769")
"""One agent's loop on Haiku 5.5 at list price, cached and primed, by arithmetic: see docs/economics.md."""
AGENT_MARGIN = Decimal("1.05")
BELOW_UNCACHED, BELOW_CACHED = 97.0, 89.0
"""Percent that the whole job must cost less than all of it on Sonnet, uncached and cached."""
PLANNING_SHARE = 25.0
"""Percent of the bill of five Tasks that planning may be."""
SHARES = (1, 2, 3, 5)
"""Of ten Tasks, how many a red Gate sends up to Sonnet."""

Bound = Literal["most", "least"]


async def run(bench: Bench) -> None:
    """Measure every arm and report what the issue's reach asks for."""
    report = _Report(bench)
    bench.note("Sizing the job")
    job = await rehearsed(Job())
    ours = await _arm(bench, "Haiku cached and primed", job, Agent(HAIKU_LOW))
    unprimed = await _arm(bench, "Haiku cached, not primed", job, Agent(HAIKU_LOW), Unprimed)
    haiku = await _arm(bench, "Haiku uncached", job, Agent(HAIKU_LOW), Unmarked)
    cached = await _arm(bench, "All-Sonnet cached and primed", job, Agent(SONNET_MEDIUM))
    uncached = await _arm(bench, "All-Sonnet uncached", job, Agent(SONNET_MEDIUM), Unmarked)
    report.shape(job, shape_of(ours.log))
    report.money(job, ours, cached=cached, uncached=uncached)
    report.arms(job, ours=ours, unprimed=unprimed, haiku=haiku, cached=cached, uncached=uncached)
    arms = [ours, unprimed, haiku, cached, uncached]
    for share in SHARES:
        agent = Agent(HAIKU_LOW, then=SONNET_MEDIUM, unfinished=share)
        ten = msgspec.structs.replace(job, tasks=MOST_TASKS)
        climbed = await _arm(bench, f"Haiku, {share} of {MOST_TASKS} Tasks done again on Sonnet", ten, agent)
        report.escalation(ten, climbed, share, sonnet=cached.agents / job.tasks)
        arms.append(climbed)
    report.honesty(arms)


async def _arm(
    bench: Bench,
    name: str,
    job: Job,
    agent: Agent,
    wrap: type[Unprimed] | None = None,
) -> Outcome:
    bench.note(name)
    return await (play(job, agent, wrap=wrap) if wrap else play(job, agent))


class _Report:
    """The figures, each worked out where it is told."""

    def __init__(self, bench: Bench) -> None:
        self._say: Callable[[Figure], None] = bench.report
        prices = price_list()
        self._haiku, self._sonnet = _known(prices.price(HAIKU)), _known(prices.price(SONNET))

    def shape(self, job: Job, told: Shape) -> None:
        """Whether the job was the stated one."""
        self._stated("shared prefix", told.prefix_tokens, "tokens", job.prefix_tokens)
        self._stated("first turn beyond the prefix", told.first_tokens, "tokens", job.turn_tokens)
        self._stated("prompt added a turn", told.step_tokens, "tokens", job.turn_tokens)
        self._stated("output a turn", told.output_tokens, "tokens", job.output_tokens)
        self._stated("turns a Task", told.turns, "turns", job.turns)
        self._stated("input an agent", told.input_tokens, "tokens", input_tokens(job))

    def money(self, job: Job, ours: Outcome, *, cached: Outcome, uncached: Outcome) -> None:
        """What the product promises of the bill."""
        usage = ours.usage
        read = 100 * usage.cache_read_tokens / usage.prompt_tokens
        self._bounded("input read from cache", read, "%", READ_SHARE, "least")
        self._bounded(
            "cost an agent",
            ours.agents / job.tasks,
            "USD",
            AGENT_DOLLARS * AGENT_MARGIN,
            "most",
            against=("by arithmetic", agent_cost(self._haiku, job, "primed")),
        )
        self._below("below all-Sonnet uncached", ours, uncached, BELOW_UNCACHED)
        self._below("below all-Sonnet cached", ours, cached, BELOW_CACHED)
        self._bounded(
            "planning, of the bill", 100 * ours.planning / ours.dollars, "%", PLANNING_SHARE, "most"
        )
        self._plain("planner's input", ours.planner_usage.prompt_tokens, "tokens")
        self._plain("planner's output", ours.planner_usage.output_tokens, "tokens")

    def arms(
        self,
        job: Job,
        *,
        ours: Outcome,
        unprimed: Outcome,
        haiku: Outcome,
        cached: Outcome,
        uncached: Outcome,
    ) -> None:
        """The bill of each arm, beside the arithmetic of its agents and its own planning."""
        told: tuple[tuple[str, Outcome, ModelPrice, Caching], ...] = (
            ("bill, Haiku cached and primed", ours, self._haiku, "primed"),
            ("bill, Haiku cached, not primed", unprimed, self._haiku, "rolling"),
            ("bill, Haiku uncached", haiku, self._haiku, "none"),
            ("bill, all-Sonnet cached and primed", cached, self._sonnet, "primed"),
            ("bill, all-Sonnet uncached", uncached, self._sonnet, "none"),
        )
        for name, outcome, price, caching in told:
            stated = outcome.planning + job.tasks * agent_cost(price, job, caching)
            self._plain(name, outcome.dollars, "USD", against=("by arithmetic", stated))

    def escalation(self, job: Job, climbed: Outcome, share: int, *, sonnet: Decimal) -> None:
        """What a red Gate costs: the job with some Tasks done again, below all of it on Sonnet, cached."""
        all_sonnet = climbed.planning + job.tasks * sonnet
        stated_sonnet = agent_cost(self._sonnet, job, "primed")
        # Those who do Tasks again share a prefix among themselves; a lone one has nobody to share it with.
        few = msgspec.structs.replace(job, tasks=share)
        again = agent_cost(self._sonnet, few, "primed" if share > 1 else "rolling") * share / job.tasks
        stated = agent_cost(self._haiku, job, "primed") + again
        planning = climbed.planning / job.tasks
        self._plain(
            f"below all-Sonnet cached, {100 * share // job.tasks} % done again",
            100 * saving(climbed.dollars, all_sonnet),
            "%",
            against=("by arithmetic", 100 * saving(planning + stated, planning + stated_sonnet)),
        )

    def honesty(self, arms: list[Outcome]) -> None:
        """What holds for every request of every arm."""
        longest = max(one.longest_prompt for one in arms)
        self._bounded("longest prompt of all arms", longest, "tokens", self._haiku.cliff or 0, "most")
        self._plain("requests of all arms", sum(len(one.log) for one in arms), "requests")
        differing = sum(one.differing for one in arms)
        self._bounded("requests on which Ledger and server differ", differing, "requests", 0, "most")

    def _below(self, metric: str, ours: Outcome, other: Outcome, reach: float) -> None:
        self._bounded(metric, 100 * saving(ours.dollars, other.dollars), "%", reach, "least")

    def _stated(self, metric: str, value: float, unit: str, stated: float) -> None:
        met = abs(value - stated) <= NEAR * stated
        self._say(Figure(suite="economy", metric=metric, value=value, unit=unit, reach=stated, met=met))

    def _bounded(
        self,
        metric: str,
        value: float | Decimal,
        unit: str,
        reach: float | Decimal,
        bound: Bound,
        *,
        against: tuple[str, Decimal] | None = None,
    ) -> None:
        met = value <= reach if bound == "most" else value >= reach
        self._say(
            Figure(
                suite="economy",
                metric=metric,
                value=float(value),
                unit=unit,
                against=_against(against),
                reach=float(reach),
                met=met,
            )
        )

    def _plain(
        self, metric: str, value: float | Decimal, unit: str, *, against: tuple[str, Decimal] | None = None
    ) -> None:
        self._say(
            Figure(suite="economy", metric=metric, value=float(value), unit=unit, against=_against(against))
        )


def _against(named: tuple[str, Decimal] | None) -> Against | None:
    return None if named is None else Against(name=named[0], value=float(named[1]))


def _known(price: ModelPrice | None) -> ModelPrice:
    if price is None:
        raise ContextuneError("The price table lacks a model of the job; renew it.")
    return price
