"""What a server allows, as it is learned: never more than its buckets hold, never less than one request."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextune.core.model.admission import (
    FIRST_PAUSE,
    FIRST_WINDOW,
    IDLE,
    LONGEST_PAUSE,
    RECHECK,
    WANTED,
    WIDEST_WINDOW,
    Line,
    Ticket,
    admit,
    answered,
    failed,
    line_of,
    overloaded,
)
from contextune.core.model.pressure import MINUTE, TRANSIT, Allowance, Amount, Resource
from contextune.offline.errors import ApiError
from contextune.offline.limits import Limiter, RateLimit

NOW = 1_800_000_000_000
"""Some time, in milliseconds since the epoch."""


def let_in(
    line: Line, now: int = NOW, *, process: str = "own", tokens: int = 100, since: int = NOW
) -> tuple[Line, Ticket]:
    """Let one request leave, which must be possible."""
    line, ticket, _ = admit(line, now, process, prompt_tokens=tokens, since=since)
    assert ticket is not None
    return line, ticket


def good(line: Line, ticket: Ticket, now: int = NOW, *told: Allowance, output: int = 10) -> Line:
    """A good reply to a prompt of which nothing was cached."""
    return answered(
        line, now, ticket, input_tokens=ticket.prompt_tokens, output_tokens=output, allowances=told
    )


def refused(line: Line, ticket: Ticket, now: int = NOW, *told: Allowance, after: float | None = None) -> Line:
    """A 429 that the server does not count."""
    return overloaded(line, now, ticket, counted=False, retry_after=after, allowances=told, chance=0.5)


def told(limit: int, remaining: int, resource: Resource = "requests") -> Allowance:
    return Allowance(resource=resource, limit=limit, remaining=remaining, reset_at=NOW)


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("claude-haiku-5-5", "haiku"),
        ("claude-haiku-4-5", "haiku"),
        ("eu.anthropic.claude-sonnet-5-5-v1:0", "sonnet"),
        ("claude-opus-5-5", "opus"),
        ("claude-fable-5-2", "fable"),
        ("qwen3-coder:30b", "qwen3-coder:30b"),
        ("haiku-writer:7b", "haiku-writer:7b"),
    ],
)
def test_models_of_a_line_share_its_limits(model: str, line: str) -> None:
    assert line_of(model) == line


def full(line: Line) -> tuple[Line, list[Ticket]]:
    """A line with as many requests under way as it lets in."""
    tickets = []
    for _ in range(int(line.window)):
        line, ticket = let_in(line)
        tickets.append(ticket)
    line, none, until = admit(line, NOW, "own", prompt_tokens=1, since=NOW)
    assert (none, until) == (None, None), "only a reply to one of them makes room"
    return line, tickets


def test_until_a_server_refuses_for_the_first_time_each_good_reply_opens_the_window_by_one() -> None:
    line, tickets = full(Line())
    for ticket in tickets:
        line = good(line, ticket)
    # The last few replies come while less than half of it is under way, and say nothing.
    assert 1.5 * FIRST_WINDOW <= line.window <= 2 * FIRST_WINDOW


def test_after_that_it_opens_by_one_for_each_window_of_good_replies() -> None:
    line, ticket = let_in(Line())
    line = refused(line, ticket, NOW, after=0)
    assert line.window == FIRST_WINDOW / 2
    line = msgspec.structs.replace(line, resume_at=NOW)
    line, tickets = full(line)
    for ticket in tickets:
        line = good(line, ticket)
    assert line.window == pytest.approx(FIRST_WINDOW / 2 + 1, abs=0.2)


def test_with_the_servers_own_word_for_what_is_left_the_window_opens_faster() -> None:
    line, ticket = let_in(Line())
    line = refused(line, ticket, NOW, after=0)
    line, tickets = full(msgspec.structs.replace(line, resume_at=NOW))
    for number, ticket in enumerate(tickets):
        line = good(line, ticket, NOW, told(1000, 990 - number))
    assert line.window >= FIRST_WINDOW / 2 + 4


def test_a_window_that_is_not_used_does_not_open() -> None:
    line = Line(at=NOW, window=20)
    for _ in range(50):
        line, ticket = let_in(line)
        line = good(line, ticket)
    assert line.window == 20


def test_the_window_is_halved_once_for_all_that_was_under_way() -> None:
    line = Line(at=NOW, window=16)
    tickets = []
    for _ in range(16):
        line, ticket = let_in(line)
        tickets.append(ticket)
    for ticket in tickets:
        line = refused(line, ticket)
    assert line.window == 8
    line, ticket = let_in(line, NOW + 1_000)
    assert refused(line, ticket, NOW + 1_000).window == 4


def test_pauses_double_where_the_server_gives_no_hint_and_end_with_a_good_reply() -> None:
    line, now, pauses = Line(), NOW, []
    for _ in range(9):
        line, ticket = let_in(line, now)
        line = refused(line, ticket, now)
        pauses.append((line.resume_at - now) / 1000)
        now = line.resume_at
    assert pauses == [FIRST_PAUSE * 2**n for n in range(6)] + [LONGEST_PAUSE] * 3
    assert line.window == 1
    line, ticket = let_in(line, now)
    line = good(line, ticket, now)
    line, ticket = let_in(line, now)
    assert refused(line, ticket, now).resume_at == now + FIRST_PAUSE * 1000


def test_a_hint_holds_the_line_for_every_process() -> None:
    line, ticket = let_in(Line())
    line = refused(line, ticket, NOW, after=7)
    assert NOW + 7_000 <= line.resume_at <= NOW + 7_250
    for process in ("own", "other"):
        _, none, until = admit(line, NOW + 1, process, prompt_tokens=1, since=NOW)
        assert (none, until) == (None, line.resume_at)
    let_in(line, line.resume_at)


def test_a_shorter_hint_does_not_end_a_longer_one() -> None:
    line, first = let_in(Line())
    line, second = let_in(line)
    line = refused(line, first, NOW, after=60)
    line = failed(line, NOW, second, counted=True, retry_after=1)
    assert line.resume_at >= NOW + 60_000


def test_a_bucket_sets_the_pace_and_what_was_refused_goes_back_into_it() -> None:
    line, ticket = let_in(Line())
    line = good(line, ticket, NOW, told(60, 1))
    line, ticket = let_in(line)
    _, none, until = admit(line, NOW, "own", prompt_tokens=1, since=NOW)
    assert (none, until) == (None, NOW + 1_000)
    line = failed(line, NOW, ticket, counted=False)
    let_in(line)


def test_a_request_larger_than_the_bucket_leaves_when_the_bucket_is_full() -> None:
    line, ticket = let_in(Line(), tokens=10)
    line = good(line, ticket, NOW, told(6_000, 1_000, "input-tokens"))
    _, none, until = admit(line, NOW, "own", prompt_tokens=50_000, since=NOW)
    assert none is None
    assert until is not None
    assert NOW < until <= NOW + MINUTE
    let_in(line, until, tokens=50_000)


def test_input_is_guessed_by_what_was_not_read_from_the_cache() -> None:
    line, ticket = let_in(Line(), tokens=10_000)
    assert ticket.amount.input_tokens == 10_000
    line = answered(line, NOW, ticket, input_tokens=1_000, output_tokens=300, allowances=())
    line, ticket = let_in(line, tokens=20_000)
    assert ticket.amount == Amount(requests=1, input_tokens=2_000, output_tokens=300)


def test_tokens_that_were_guessed_too_high_go_back_into_the_bucket() -> None:
    limits = told(60_000, 20_000, "input-tokens")
    line, ticket = let_in(Line(), tokens=10_000)
    line = good(line, ticket, NOW, limits)
    line, ticket = let_in(line, tokens=10_000)
    (before,) = line.buckets
    limits = told(60_000, 19_500, "input-tokens")
    line = answered(line, NOW, ticket, input_tokens=500, output_tokens=10, allowances=(limits,))
    assert line.buckets[0].level == pytest.approx(before.level + 9_500, abs=501)


def test_a_server_that_tells_nothing_any_more_is_not_held_to_what_another_told() -> None:
    line, ticket = let_in(Line())
    line = good(line, ticket, NOW, told(50, 0))
    line, ticket = let_in(line, NOW + MINUTE)
    assert good(line, ticket, NOW + MINUTE).buckets == ()


def test_somebody_elses_requests_are_seen_in_the_headers() -> None:
    line, ticket = let_in(Line())
    line = good(line, ticket, NOW, told(50, 40))
    line, ticket = let_in(line, NOW + 100)
    line = good(line, ticket, NOW + 200, told(50, 5))
    assert line.buckets[0].level < 7


def test_a_window_that_opened_long_ago_says_nothing() -> None:
    line, ticket = let_in(Line(at=NOW, window=50))
    line = good(line, ticket)
    assert let_in(line, NOW + IDLE)[0].window == 50
    assert let_in(line, NOW + 2 * IDLE)[0].window == FIRST_WINDOW


def test_a_clock_that_is_set_back_makes_no_wait_longer() -> None:
    line, ticket = let_in(Line())
    line = refused(line, ticket, NOW, after=10)
    an_hour_ago = NOW - 3_600_000
    _, _, until = admit(line, an_hour_ago, "own", prompt_tokens=1, since=an_hour_ago)
    assert until is not None
    assert 0 < until - an_hour_ago <= 10_250


def test_a_place_goes_to_the_process_that_has_less_than_its_share() -> None:
    line = Line(at=NOW, window=2)
    line, first = let_in(line, process="a")
    line, _ = let_in(line, process="a")
    line, none, until = admit(line, NOW, "b", prompt_tokens=1, since=NOW)
    assert (none, until) == (None, NOW + RECHECK)
    line = good(line, first, NOW + 10)
    line, none, _ = admit(line, NOW + 10, "a", prompt_tokens=1, since=NOW + 10)
    assert none is None, "it leaves the place to the other one"
    let_in(line, NOW + RECHECK, process="b")


def test_processes_take_turns_at_a_single_place() -> None:
    line, ticket = let_in(Line(at=NOW, window=1), process="a")
    line, none, _ = admit(line, NOW, "b", prompt_tokens=1, since=NOW)
    line = good(line, ticket, NOW + 5)
    line, none, _ = admit(line, NOW + 5, "a", prompt_tokens=1, since=NOW + 5)
    assert none is None
    let_in(line, NOW + 50, process="b")


def test_a_process_that_waits_no_more_holds_nobody_up() -> None:
    line, ticket = let_in(Line(at=NOW, window=1), process="a")
    line, _, _ = admit(line, NOW, "b", prompt_tokens=1, since=NOW)
    line = good(line, ticket, NOW + 5)
    let_in(line, NOW + WANTED, process="a")


def test_what_a_process_held_that_has_gone_counts_no_more() -> None:
    line = Line(at=NOW, window=1)
    line, _ = let_in(line, process="a")
    let_in(line.without({"a"}), process="b")


def test_a_reply_whose_place_was_lost_frees_none_of_another() -> None:
    line, ticket = let_in(Line(), process="a")
    line, _ = let_in(line.without({"a"}), process="b")
    line = good(line, ticket)
    assert line.in_flight.requests == 1


class Step(NamedTuple):
    """Something that happens to a line."""

    kind: str
    after: int
    """Milliseconds since the step before."""
    which: int
    """Which of the requests under way it is about."""


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["send", "send", "good", "told", "overload", "hint", "fail"]),
        st.integers(0, 2_000),
        st.integers(0, 100),
    ),
    max_size=200,
)


@given(STEPS)
def test_the_window_keeps_its_bounds_whatever_happens(steps: list[Step]) -> None:
    line, now, under_way = Line(), NOW, list[Ticket]()
    for kind, after, which in steps:
        now += after
        if kind == "send":
            line, ticket, until = admit(line, now, "own", prompt_tokens=100, since=now)
            if ticket is not None:
                under_way.append(ticket)
                assert len(under_way) <= line.window
            else:
                assert under_way or (until is not None and until > now), "somebody wakes it"
        elif under_way:
            ticket = under_way.pop(which % len(under_way))
            match kind:
                case "good":
                    line = good(line, ticket, now)
                case "told":
                    line = good(line, ticket, now, told(1000, 500))
                case "overload" | "hint":
                    before = line.window
                    line = refused(line, ticket, now, after=1 if kind == "hint" else None)
                    assert line.window in (before, max(1.0, before / 2))
                case _:
                    line = failed(line, now, ticket, counted=True)
        assert 1 <= line.window <= WIDEST_WINDOW
        assert line.in_flight.requests == len(under_way)


class Wish(NamedTuple):
    """A request that a process makes."""

    process: str
    at: int
    """Milliseconds from the start; it leaves then or later."""
    tokens: int
    there: int
    """Milliseconds until the server has it."""
    back: int
    """Milliseconds from its headers to the end of the reply."""


WISHES = st.lists(
    st.builds(
        Wish,
        st.sampled_from(["a", "b"]),
        st.integers(0, 60_000),
        st.integers(1, 900),
        st.integers(0, TRANSIT),
        st.integers(0, 20_000),
    ),
    min_size=5,
    max_size=120,
)


@settings(max_examples=150)
@given(WISHES, st.integers(1, 90), st.integers(1_000, 60_000), st.booleans())
def test_once_the_limit_is_known_the_server_refuses_nothing(
    wishes: list[Wish], per_minute: int, tokens_per_minute: int, used_before: bool
) -> None:
    world = Simulation(RateLimit(requests_per_minute=per_minute, input_tokens_per_minute=tokens_per_minute))
    for _ in range(per_minute if used_before else 0):
        world.somebody_else()
    world.run(wishes)
    assert world.done == len(wishes)
    assert world.refused_knowingly == 0
    assert world.refused <= FIRST_WINDOW, "only those that left before the first headers came"


class Simulation:
    """Two processes that share a line, and a server that limits them, in a time of its own."""

    def __init__(self, limit: RateLimit) -> None:
        self.now = NOW
        self.line = Line()
        self.done = self.refused = self.refused_knowingly = 0
        self._server = Limiter(limit, lambda: self.now / 1000)
        self._order = count()
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []

    def somebody_else(self) -> None:
        self._server.admit(b"me", "haiku", 1)

    def run(self, wishes: list[Wish]) -> None:
        for wish in wishes:
            self._plan(wish.at, partial(self._leave, wish))
        while self._agenda:
            self.now, _, act = heapq.heappop(self._agenda)
            act()

    def _plan(self, after: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now + after, next(self._order), act))

    def _leave(self, wish: Wish) -> None:
        self.line, ticket, until = admit(
            self.line, self.now, wish.process, prompt_tokens=wish.tokens, since=NOW + wish.at
        )
        if ticket is None:
            self._plan(RECHECK if until is None else until - self.now, partial(self._leave, wish))
        else:
            knew = bool(self.line.buckets)
            self._plan(wish.there, lambda: self._arrive(wish, ticket, knew=knew))

    def _arrive(self, wish: Wish, ticket: Ticket, *, knew: bool) -> None:
        try:
            self._server.admit(b"me", "haiku", wish.tokens)
        except ApiError as error:
            self.refused += 1
            self.refused_knowingly += knew
            hint = float(error.headers["retry-after"])
            self.line = refused(self.line, ticket, self.now, *self._headers(), after=hint)
            self._leave(wish)
            return
        allowances = self._headers()
        self._plan(wish.back, lambda: self._answered(ticket, allowances))

    def _answered(self, ticket: Ticket, allowances: tuple[Allowance, ...]) -> None:
        self.done += 1
        self.line = good(self.line, ticket, self.now, *allowances)

    def _headers(self) -> tuple[Allowance, ...]:
        headers = self._server.headers(b"me", "haiku")
        names: tuple[Resource, ...] = ("requests", "input-tokens")
        return tuple(
            told(
                int(headers[f"anthropic-ratelimit-{name}-limit"]),
                int(headers[f"anthropic-ratelimit-{name}-remaining"]),
                name,
            )
            for name in names
        )
