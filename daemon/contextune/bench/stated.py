"""The job's price by arithmetic alone: what the tables of docs/economics.md are computed with."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contextune.bench.job import Job
from contextune.core.model.money import ModelPrice, Usage

Caching = Literal["none", "rolling", "primed"]
"""none: no breakpoint; rolling: each turn reads what the one before it wrote; primed: rolling, and the shared
prefix is written once ahead of all agents."""


def agent_cost(price: ModelPrice, job: Job, caching: Caching) -> Decimal:
    """Dollars of one agent's whole loop; its share of the priming is in it."""
    total = price.cost(_priming(job)) / job.tasks if caching == "primed" else Decimal(0)
    cached = job.prefix_tokens if caching == "primed" else 0
    for turn in range(1, job.turns + 1):
        prompt = job.prefix_tokens + turn * job.turn_tokens
        total += price.cost(
            Usage(input_tokens=prompt, output_tokens=job.output_tokens)
            if caching == "none"
            else Usage(
                cache_read_tokens=cached,
                cache_write_5m_tokens=prompt - cached,
                output_tokens=job.output_tokens,
            )
        )
        cached = prompt
    return total


def input_tokens(job: Job) -> int:
    """Prompt tokens of one agent's whole loop, all turns together."""
    return sum(job.prefix_tokens + turn * job.turn_tokens for turn in range(1, job.turns + 1))


def _priming(job: Job) -> Usage:
    return Usage(cache_write_5m_tokens=job.prefix_tokens)


def saving(cost: Decimal, against: Decimal) -> Decimal:
    """The share saved, 0 to 1."""
    return 1 - cost / against
