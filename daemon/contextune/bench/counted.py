"""What an arm came to, as the product's Ledger has it and as the model's server logged it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from statistics import fmean
from typing import NamedTuple

from contextune.bench.job import PLANNING
from contextune.core.base import Value
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.money import Usage
from contextune.offline.log import LoggedRequest

PLANNER = "orchestrator"


class Outcome(NamedTuple):
    """The requests of one arm, planning and priming among them, from both sides."""

    ledger: list[LedgerEntry]
    log: list[LoggedRequest]

    @property
    def dollars(self) -> Decimal:
        """The whole bill."""
        return sum((entry.counted for entry in self.ledger), Decimal(0))

    @property
    def planning(self) -> Decimal:
        """The planner's part of the bill."""
        return sum((entry.counted for entry in self.ledger if entry.role == PLANNER), Decimal(0))

    @property
    def agents(self) -> Decimal:
        """All but the planner's part: the agents' requests, and the priming of their prefix."""
        return self.dollars - self.planning

    @property
    def usage(self) -> Usage:
        """The tokens of all requests but the planner's."""
        total = Usage()
        for entry in self.ledger:
            if entry.role != PLANNER:
                total = total.plus(entry.usage)
        return total

    @property
    def planner_usage(self) -> Usage:
        """The planner's tokens."""
        total = Usage()
        for entry in self.ledger:
            if entry.role == PLANNER:
                total = total.plus(entry.usage)
        return total

    @property
    def differing(self) -> int:
        """Requests of which Ledger and log do not tell the same, or only one of them tells at all.

        One that the Ledger has without tokens and dollars never reached the server.
        """
        sent = [entry for entry in self.ledger if entry.usage != Usage() or entry.counted]
        ours = Counter((entry.rung.model, entry.usage) for entry in sent)
        theirs = Counter((one.model or "", usage_of(one)) for one in self.log)
        return max((ours - theirs).total(), (theirs - ours).total())

    @property
    def longest_prompt(self) -> int:
        """Prompt tokens of the longest request, by the server's log."""
        return max(usage_of(one).prompt_tokens for one in self.log)


class Shape(Value, frozen=True, kw_only=True):
    """What the agents of an arm were really asked, by the server's log; tokens are means."""

    agents: int
    turns: float
    prefix_tokens: int
    """The most that an agent's first request read of what another had left in the cache."""
    first_tokens: float
    """Prompt tokens of the first request beyond the prefix."""
    step_tokens: float
    """Prompt tokens that each later turn added, the reply before it included."""
    output_tokens: float
    """Tokens of a reply."""
    input_tokens: float
    """Prompt tokens of one agent's loop, all turns together."""


def shape_of(log: list[LoggedRequest]) -> Shape:
    """The shape of the job that an arm really was. Conversations other than the planner's are agents'."""
    loops: dict[str, list[Usage]] = {}
    for one in sorted(log, key=lambda one: (one.conversation or "", one.turn or 0)):
        if one.conversation not in (None, PLANNING):
            loops.setdefault(one.conversation, []).append(usage_of(one))
    each = list(loops.values())
    requests = [usage for loop in each for usage in loop]
    prefix = max(loop[0].cache_read_tokens for loop in each)
    steps = [(loop[-1].prompt_tokens - loop[0].prompt_tokens) / max(1, len(loop) - 1) for loop in each]
    return Shape(
        agents=len(each),
        turns=len(requests) / len(each),
        prefix_tokens=prefix,
        first_tokens=fmean(loop[0].prompt_tokens - prefix for loop in each),
        step_tokens=fmean(steps),
        output_tokens=fmean(usage.output_tokens for usage in requests),
        input_tokens=sum(usage.prompt_tokens for usage in requests) / len(each),
    )


def usage_of(one: LoggedRequest) -> Usage:
    """A logged request's tokens in the product's own words; none if it was refused."""
    usage = one.usage
    if usage is None:
        return Usage()
    return Usage(
        input_tokens=usage.input_tokens,
        cache_write_5m_tokens=usage.ephemeral_5m_input_tokens,
        cache_write_1h_tokens=usage.ephemeral_1h_input_tokens,
        cache_read_tokens=usage.cache_read_input_tokens,
        output_tokens=usage.output_tokens,
    )
