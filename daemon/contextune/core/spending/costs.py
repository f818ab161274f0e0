"""What was spent, summed from the Ledger: a request counts when it was reserved, whatever came of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from typing import TypeVar

from contextune.core.base import Value
from contextune.core.model.ledger import PLANNING, SHADOW, LedgerEntry, run_of
from contextune.core.model.money import Bill, CacheMiss, ModelPrice, Usage
from contextune.core.model.requests import CliffAvoided
from contextune.core.spending.history import History
from contextune.core.states import ENDED_TASK

K = TypeVar("K", bound=Hashable)

NO_REASON = "unexplained"
EXPIRED = "expired"
"""How reasons of cache misses are called that the server does not name, and that are the time's."""


class Tally:
    """A Bill in the making: sums many entries without a new value for each."""

    __slots__ = ("_amounts", "_counts", "_tokens")

    def __init__(self) -> None:
        self._counts = [0, 0, 0]
        self._tokens = [0, 0, 0, 0, 0, 0]
        self._amounts = [Decimal(0), Decimal(0)]

    def add(self, entry: LedgerEntry) -> None:
        """One more settled request."""
        counts, tokens, amounts, usage = self._counts, self._tokens, self._amounts, entry.usage
        counts[0] += 1
        counts[1] += entry.dollars is None
        counts[2] += entry.estimated
        tokens[0] += usage.input_tokens
        tokens[1] += usage.cache_write_5m_tokens
        tokens[2] += usage.cache_write_1h_tokens
        tokens[3] += usage.cache_read_tokens
        tokens[4] += usage.output_tokens
        tokens[5] += usage.web_searches
        amounts[0] += entry.dollars or 0
        amounts[1] += entry.at_sonnet or 0

    def bill(self) -> Bill:
        """The sum."""
        fresh, written, long_written, read, output, searches = self._tokens
        requests, unpriced, estimated = self._counts
        return Bill(
            requests=requests,
            unpriced=unpriced,
            estimated=estimated,
            usage=Usage(
                input_tokens=fresh,
                cache_write_5m_tokens=written,
                cache_write_1h_tokens=long_written,
                cache_read_tokens=read,
                output_tokens=output,
                web_searches=searches,
            ),
            dollars=self._amounts[0],
            at_sonnet=self._amounts[1],
        )


def summed(entries: Iterable[LedgerEntry], key: Callable[[LedgerEntry], K]) -> dict[K, Bill]:
    """The bill of each group of settled requests, in order of first appearance."""
    tallies: dict[K, Tally] = {}
    for entry in entries:
        if entry.settled:
            name = key(entry)
            tally = tallies.get(name)
            if tally is None:
                tally = tallies[name] = Tally()
            tally.add(entry)
    return {name: tally.bill() for name, tally in tallies.items()}


def total(entries: Iterable[LedgerEntry]) -> Bill:
    """The bill of all settled requests."""
    tally = Tally()
    for entry in entries:
        if entry.settled:
            tally.add(entry)
    return tally.bill()


class Held(Value, frozen=True, kw_only=True):
    """Requests that were reserved and are not settled yet: in flight, or of a process that died."""

    requests: int
    dollars: Decimal
    """What they can cost at most."""


def held(entries: Iterable[LedgerEntry]) -> Held:
    """What is held back."""
    open_ones = [entry for entry in entries if not entry.settled]
    return Held(
        requests=len(open_ones), dollars=sum((e.worst_case or Decimal(0) for e in open_ones), Decimal(0))
    )


def is_planning(entry: LedgerEntry) -> bool:
    """Whether a request was made for a Quote, before there was a Run."""
    return entry.stream.startswith(PLANNING)


def is_shadow(entry: LedgerEntry) -> bool:
    """Whether a request was made for a shadow sample."""
    return entry.stream.startswith(SHADOW)


def share_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """A share from 0 to 1; None if there is no whole."""
    return part / whole if whole else None


class MissLine(Value, frozen=True, kw_only=True):
    """Cache misses of one reason."""

    reason: str
    count: int
    tokens: int
    """Prompt tokens that were paid for again."""
    dollars: Decimal
    """What they cost more than if they had been read from the cache, where the model is priced."""


def misses(past: History) -> tuple[MissLine, ...]:
    """Cache misses by reason, the dearest first."""
    lines: dict[str, MissLine] = {}
    for entry in past.entries:
        if entry.miss is None:
            continue
        reason = entry.miss.reason or NO_REASON
        line = lines.get(reason, MissLine(reason=reason, count=0, tokens=0, dollars=Decimal(0)))
        lines[reason] = MissLine(
            reason=reason,
            count=line.count + 1,
            tokens=line.tokens + entry.miss.tokens,
            dollars=line.dollars + miss_cost(entry, entry.miss, past.prices.get(entry.rung.model)),
        )
    return tuple(sorted(lines.values(), key=lambda line: (-line.dollars, -line.tokens, line.reason)))


def is_expired(entry: LedgerEntry) -> bool:
    """Whether a request found its prompt gone from the cache, for no reason but the time."""
    return entry.miss is not None and EXPIRED in entry.miss.reason


def cost_of_misses(past: History, entries: Iterable[LedgerEntry]) -> Decimal:
    """What the misses among these requests cost in all."""
    costs = (
        miss_cost(entry, entry.miss, past.prices.get(entry.rung.model))
        for entry in entries
        if entry.miss is not None
    )
    return sum(costs, Decimal(0))


def miss_cost(entry: LedgerEntry, miss: CacheMiss, price: ModelPrice | None) -> Decimal:
    """What a miss cost: its tokens were written again, or sent without the cache, in place of being read."""
    if price is None:
        return Decimal(0)
    rates = price.rates_for(entry.usage.prompt_tokens)
    written = entry.usage.cache_write_5m_tokens + entry.usage.cache_write_1h_tokens
    long_lived = entry.usage.cache_write_1h_tokens > entry.usage.cache_write_5m_tokens
    again = min(miss.tokens, written)
    write = rates.cache_write_1h if long_lived else rates.cache_write_5m
    return (
        again * (write - rates.cache_read) + (miss.tokens - again) * (rates.input - rates.cache_read)
    ) / 1_000_000


class Spread(Value, frozen=True, kw_only=True):
    """Where the money went: shares of all dollars, from 0 to 1; None where nothing was paid."""

    planning: Decimal | None
    unstarted: Decimal | None
    """Planning of Quotes that never started: a part of `planning`."""
    failed: Decimal | None
    """Tasks that ended without being accepted."""
    shadow: Decimal | None
    cached: Decimal | None
    """The share of prompt tokens that came from the cache."""


def spread(past: History) -> Spread:
    """Where the money went."""
    runs = {run.id: run for run in past.runs}
    lost = {
        (run.id, task.id)
        for run in past.runs
        for task in run.tasks
        if task.state in ENDED_TASK and task.state != "accepted"
    }
    planning = unstarted = failed = shadow = Decimal(0)
    for entry in past.entries:
        paid = entry.dollars or Decimal(0)
        if is_shadow(entry):
            shadow += paid
        elif is_planning(entry):
            planning += paid
            unstarted += paid if run_of(entry.stream) not in runs else 0
        elif (entry.stream, entry.task_id) in lost:
            failed += paid
    bill = total(past.entries)
    prompt = bill.usage.prompt_tokens
    return Spread(
        planning=share_of(planning, bill.dollars),
        unstarted=share_of(unstarted, bill.dollars),
        failed=share_of(failed, bill.dollars),
        shadow=share_of(shadow, bill.dollars),
        cached=share_of(Decimal(bill.usage.cache_read_tokens), Decimal(prompt)),
    )


class Cliffs(Value, frozen=True, kw_only=True):
    """Requests that would have passed their model's price cliff and never left."""

    pruned: int
    handed_over: int
    dollars: Decimal
    """What they would have cost more than at the low price."""
    passed: int
    """Requests that did pass it."""


def cliffs(past: History) -> Cliffs:
    """Cliffs avoided, and those that were not."""
    avoided = [event for event in past.events if isinstance(event, CliffAvoided)]
    passed = 0
    for entry in past.entries:
        price = past.prices.get(entry.rung.model)
        passed += price is not None and price.cliff is not None and entry.usage.prompt_tokens > price.cliff
    return Cliffs(
        pruned=sum(event.how == "pruned" for event in avoided),
        handed_over=sum(event.how == "handed_over" for event in avoided),
        dollars=sum((event.dollars or Decimal(0) for event in avoided), Decimal(0)),
        passed=passed,
    )
