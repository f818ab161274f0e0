"""When a request to one line of models may leave, by what is known of its server. Pure: time is given.

Two bounds hold at once. The buckets of `core.model.pressure` are learned from the `anthropic-ratelimit-*`
headers. A window bounds how many requests are under way: each good reply opens it by one until the server is
overloaded for the first time; from then on each window of good replies does, and an overload halves it (slow
start, additive increase, multiplicative decrease). Where the headers tell what is left, the buckets set the
pace and the window goes on opening fast; where they are missing, the window and `retry-after` decide alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, NamedTuple

from msgspec import Meta
from msgspec.structs import replace

from contextune.core.base import Value
from contextune.core.model.pressure import ROUNDING, Allowance, Amount, Bucket

LINES = ("haiku", "sonnet", "opus", "fable")
"""The lines of Claude's models that have limits of their own."""
FIRST_WINDOW = 10.0
WIDEST_WINDOW = 100.0
"""Requests under way at the same time: to begin with, and at the most. The lowest limit of the API is 50
requests a minute (platform.claude.com, "Rate limits"), and its bucket is full to begin with."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds without a request after an overload without a hint: doubling from the first to the longest."""
IDLE = 600_000
"""Milliseconds without a request after which a window that has opened says nothing any more."""
RECHECK = 100
"""Milliseconds until a process looks again at places that others hold, since nobody calls it."""
WANTED = 1_000
"""Milliseconds for which a process that found no place is taken to be still waiting for one."""
LEARNING = 0.25
"""The weight of the newest reply in what is expected of the next one."""


class Holder(Value, frozen=True, kw_only=True):
    """What one process has under way, and since when it waits for a place, if it does."""

    process: str
    in_flight: Amount = Amount()
    waiting_since: int | None = None
    seen_waiting: int = 0
    """When it last found no place."""


class Line(Value, frozen=True, kw_only=True):
    """One line of models at one server, as every process of a user sees it. Times in milliseconds."""

    at: int = 0
    """When this was so."""
    window: Annotated[float, Meta(ge=1, le=WIDEST_WINDOW)] = FIRST_WINDOW
    answered_for: int = 0
    """Requests up to this number left before the window was last halved, and halve it no more."""
    resume_at: int = 0
    """No request leaves before."""
    pause: Annotated[float, Meta(ge=0, le=LONGEST_PAUSE)] = 0.0
    """Seconds of the last pause without a hint; 0 since a request went well."""
    good_at: int = 0
    """When the last good reply came."""
    buckets: tuple[Bucket, ...] = ()
    sent: Amount = Amount()
    """All that has ever left, as it was expected to be."""
    uncached: Annotated[float, Meta(ge=0, le=1)] = 1.0
    """The share of a prompt, as it is bounded before it is sent, that counts as input."""
    output: Annotated[float, Meta(ge=0)] = 0.0
    """Output tokens that a reply is expected to have."""
    holders: tuple[Holder, ...] = ()

    @property
    def in_flight(self) -> Amount:
        """What is under way, by all processes."""
        total = Amount()
        for holder in self.holders:
            total = total.plus(holder.in_flight)
        return total

    def holder(self, process: str) -> Holder:
        """What a process has under way."""
        return next((h for h in self.holders if h.process == process), Holder(process=process))

    def without(self, processes: Iterable[str]) -> Line:
        """This line after some processes have gone."""
        gone = frozenset(processes)
        return replace(self, holders=tuple(h for h in self.holders if h.process not in gone))

    def is_hopeless(self, now: int, since: int, patience: int) -> bool:
        """Whether no good reply has come for `patience`, though somebody has waited since then."""
        return now - max(since, self.good_at) >= patience


class Ticket(Value, frozen=True, kw_only=True):
    """A request that has left."""

    process: str
    number: int
    """Counts all requests of the line."""
    sent_at: int
    prompt_tokens: int
    """The bound of its prompt by which its input was guessed."""
    amount: Amount
    beside: int
    """How many were under way then, itself included."""
    ended: Amount
    """What had ended by then: the server has counted it for sure before it counts this request."""


class Admission(NamedTuple):
    """Whether a request may leave. Without a ticket it waits: until a time, or None for a place."""

    line: Line
    ticket: Ticket | None
    until: int | None


def line_of(model: str) -> str:
    """The line of models that shares its limits with this one; a model of others is a line of its own."""
    return next((line for line in LINES if "claude" in model and line in model), model)


def admit(line: Line, now: int, process: str, *, prompt_tokens: int, since: int) -> Admission:
    """Let a request of a process leave, or tell how long it waits. `since`: when it began to wait."""
    line = _at(line, now)
    if now < line.resume_at:
        return Admission(line, None, line.resume_at)
    own = line.holder(process)
    others = [holder for holder in line.holders if holder.process != process]
    if line.in_flight.requests >= int(line.window) or _yields(line, own, others, since):
        line = _with(line, replace(own, waiting_since=since, seen_waiting=now))
        elsewhere = any(other.in_flight.requests or _waits(other, now) for other in others)
        return Admission(line, None, now + RECHECK if elsewhere else None)
    amount = Amount(
        requests=1,
        input_tokens=math.ceil(prompt_tokens * line.uncached),
        output_tokens=math.ceil(line.output),
    )
    wait = max((bucket.wait(amount.of(bucket.resource)) for bucket in line.buckets), default=0.0)
    if wait > 0:
        return Admission(line, None, now + math.ceil(wait))
    ticket = Ticket(
        process=process,
        number=line.sent.requests + 1,
        sent_at=now,
        prompt_tokens=prompt_tokens,
        amount=amount,
        beside=line.in_flight.requests + 1,
        ended=line.sent.less(line.in_flight),
    )
    drawn = tuple(bucket.taken(amount.of(bucket.resource)) for bucket in line.buckets)
    line = replace(line, buckets=drawn, sent=line.sent.plus(amount))
    held = Holder(process=process, in_flight=own.in_flight.plus(amount))
    return Admission(_with(line, held), ticket, None)


def answered(
    line: Line,
    now: int,
    ticket: Ticket,
    *,
    input_tokens: int,
    output_tokens: int,
    allowances: tuple[Allowance, ...],
) -> Line:
    """The line after a good reply. `input_tokens` are those that were not read from the cache."""
    line = _at(line, now)
    used = 2 * max(ticket.beside, line.in_flight.requests) >= line.window
    line = _returned(line, ticket)
    actual = Amount(requests=1, input_tokens=input_tokens, output_tokens=output_tokens)
    line = _corrected(line, ticket.amount.plus(actual, -1))
    # A server that tells nothing about its limits is another one than that which did.
    told = {allowance.resource for allowance in allowances}
    line = replace(line, buckets=tuple(bucket for bucket in line.buckets if bucket.resource in told))
    line = _learned(line, now, ticket, allowances, produced=output_tokens)
    if used:
        never_refused = line.answered_for == 0
        step = 1.0 if "requests" in told or never_refused else 1 / line.window
        line = replace(line, window=min(WIDEST_WINDOW, line.window + step))
    share = min(1.0, input_tokens / max(1, ticket.prompt_tokens))
    return replace(
        line,
        good_at=now,
        pause=0.0 if ticket.number > line.answered_for else line.pause,
        uncached=share if line.good_at == 0 else line.uncached + LEARNING * (share - line.uncached),
        output=line.output + (LEARNING if line.good_at else 1.0) * (output_tokens - line.output),
    )


def overloaded(
    line: Line,
    now: int,
    ticket: Ticket,
    *,
    counted: bool,
    retry_after: float | None,
    allowances: tuple[Allowance, ...],
    chance: float,
) -> Line:
    """The line after the server took no more requests.

    `counted` tells whether the server may count the request all the same; `retry_after` is its hint in
    seconds; `chance`, from 0 to 1, spreads what would otherwise happen at once.
    """
    line = failed(
        line, now, ticket, counted=counted, retry_after=retry_after, allowances=allowances, chance=chance
    )
    if ticket.number <= line.answered_for:
        return line
    line = replace(line, window=max(1.0, line.window / 2), answered_for=line.sent.requests)
    if retry_after is not None:
        return line
    pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, 2 * line.pause))
    resume_at = now + round(spread(pause, chance) * 1000)
    return replace(line, pause=pause, resume_at=max(line.resume_at, resume_at))


def failed(
    line: Line,
    now: int,
    ticket: Ticket,
    *,
    counted: bool,
    retry_after: float | None = None,
    allowances: tuple[Allowance, ...] = (),
    chance: float = 0.0,
) -> Line:
    """The line after a request came to nothing for a reason that says nothing about the server's load."""
    line = _returned(_at(line, now), ticket)
    if not counted:
        line = _corrected(line, ticket.amount)
    line = _learned(line, now, ticket, allowances, produced=0)
    if retry_after is None:
        return line
    resume_at = now + round(1000 * retry_after + 250 * chance)
    return replace(line, resume_at=max(line.resume_at, resume_at))


def spread(seconds: float, chance: float) -> float:
    """A time between three quarters and five quarters of `seconds`, for a chance from 0 to 1."""
    return seconds * (0.75 + chance / 2)


def _at(line: Line, now: int) -> Line:
    """The line at a later time."""
    if now < line.at:
        # The clock was set back: what was to come is as far away as before.
        back = line.at - now
        resume_at, good_at = max(0, line.resume_at - back), min(line.good_at, now)
        return replace(line, at=now, resume_at=resume_at, good_at=good_at)
    passed = now - line.at
    filled = tuple(bucket.filled(passed) for bucket in line.buckets)
    window = min(line.window, FIRST_WINDOW) if passed > IDLE and not line.in_flight.requests else line.window
    return replace(line, at=now, buckets=filled, window=window)


def _yields(line: Line, own: Holder, others: list[Holder], since: int) -> bool:
    """Whether a place goes to another process: one below its share that has waited longer or has less."""
    waiting = [other for other in others if _waits(other, line.at)]
    share = line.window / (1 + sum(other.in_flight.requests > 0 or other in waiting for other in others))
    return any(
        other.in_flight.requests < share
        and (own.in_flight.requests >= share or (other.waiting_since or 0) < since)
        for other in waiting
    )


def _waits(holder: Holder, now: int) -> bool:
    return holder.waiting_since is not None and 0 <= now - holder.seen_waiting < WANTED


def _with(line: Line, changed: Holder) -> Line:
    rest = tuple(holder for holder in line.holders if holder.process != changed.process)
    idle = changed.in_flight == Amount() and changed.waiting_since is None
    return replace(line, holders=rest if idle else (*rest, changed))


def _returned(line: Line, ticket: Ticket) -> Line:
    """A place given back. The process may be unknown by now, if the record of it was lost."""
    holder = line.holder(ticket.process)
    return _with(line, replace(holder, in_flight=holder.in_flight.less(ticket.amount)))


def _corrected(line: Line, amount: Amount) -> Line:
    return replace(line, buckets=tuple(b.corrected(amount.of(b.resource)) for b in line.buckets))


def _learned(
    line: Line, now: int, ticket: Ticket, allowances: tuple[Allowance, ...], *, produced: int
) -> Line:
    """The line's buckets with what headers tell.

    The headers were made at some time between this request's leaving and now, so they give bounds, and our
    own count tells where between them. At the least, all that had not ended when it left is still to be
    counted, and its own output; at the most, the server has counted all, and has filled up ever since.
    """
    known = {bucket.resource: bucket for bucket in line.buckets}
    open_ = line.sent.less(ticket.ended.plus(ticket.amount))
    for told in allowances:
        if told.limit < 1:
            continue
        error = ROUNDING[told.resource]
        sure = told.remaining - (0 if told.resource == "requests" else error)
        fresh = Bucket(resource=told.resource, limit=told.limit, level=sure)
        if uncounted := open_.of(told.resource):
            fresh = fresh.taken(uncounted)
        if told.resource == "output-tokens":
            fresh = fresh.corrected(-produced)
        bucket = known.get(told.resource)
        if bucket is not None:
            most = replace(fresh, level=told.remaining + error).filled(now - ticket.sent_at).level
            fresh = replace(fresh, level=min(most, max(fresh.level, bucket.level)))
        known[told.resource] = fresh
    return replace(line, buckets=tuple(known[name] for name in sorted(known)))
