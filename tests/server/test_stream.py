"""At most one message a key and interval, and the last state always arrives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest

from contextune.server.stream import Coalescer


class StillTimers:
    """Time that moves when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None], /) -> None:
        self._due.append((self.now + delay, callback))

    def move(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [entry for entry in self._due if entry[0] <= end]:
            first = min(due, key=lambda entry: entry[0])
            self._due.remove(first)
            self.now = first[0]
            first[1]()
        self.now = end


def test_the_first_message_goes_at_once_and_the_last_is_never_lost() -> None:
    timers = StillTimers()
    sent: list[int] = []
    coalescer = Coalescer(timers, 0.1)
    for number in range(5):
        coalescer.offer("run", partial(sent.append, number))
    assert sent == [0]
    timers.move(0.1)
    assert sent == [0, 4]
    timers.move(1)
    assert sent == [0, 4]


def test_a_thousand_changes_a_second_are_at_most_ten_messages() -> None:
    timers = StillTimers()
    sent: list[tuple[float, int]] = []

    def send(number: int) -> None:
        sent.append((timers.now, number))

    coalescer = Coalescer(timers, 0.1)
    for number in range(1000):
        coalescer.offer("run", partial(send, number))
        timers.move(0.001)
    timers.move(0.1)
    assert sent[-1][1] == 999
    times = [at for at, _ in sent]
    assert all(later - earlier >= 0.0999 for earlier, later in pairwise(times))
    assert len(sent) <= 12


def test_news_does_not_wait_for_the_turn_of_what_only_moves_on() -> None:
    timers = StillTimers()
    sent: list[tuple[float, int]] = []

    def send(number: int) -> None:
        sent.append((round(timers.now - 100, 3), number))

    coalescer = Coalescer(timers, 0.1)
    coalescer.offer("run", partial(send, 1), 1.0)
    coalescer.offer("run", partial(send, 2), 1.0)
    timers.move(0.05)
    coalescer.offer("run", partial(send, 3))
    coalescer.offer("run", partial(send, 4), 1.0)
    timers.move(0.04)
    assert sent == [(0.0, 1)]
    timers.move(0.2)
    assert sent == [(0.0, 1), (0.1, 4)]
    # What the turn of the longer one was for is sent: nothing comes of it.
    timers.move(2)
    assert len(sent) == 2
    coalescer.offer("run", partial(send, 5), 1.0)
    coalescer.offer("run", partial(send, 6), 1.0)
    timers.move(0.5)
    coalescer.offer("run", partial(send, 7))
    timers.move(2)
    assert [number for _, number in sent] == [1, 4, 5, 7]


def test_keys_do_not_wait_for_each_other() -> None:
    timers = StillTimers()
    sent: list[str] = []
    coalescer = Coalescer(timers, 0.1)
    for key in ("a", "b", "a"):
        coalescer.offer(key, partial(sent.append, key))
    assert sent == ["a", "b"]


def test_after_a_pause_a_message_goes_at_once_again() -> None:
    timers = StillTimers()
    sent: list[int] = []
    coalescer = Coalescer(timers, 0.1)
    coalescer.offer("run", lambda: sent.append(1))
    timers.move(0.2)
    coalescer.offer("run", lambda: sent.append(2))
    assert sent == [1, 2]


def test_what_fails_does_not_block_its_key() -> None:
    timers = StillTimers()
    sent: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError

    coalescer = Coalescer(timers, 0.1)
    coalescer.offer("run", lambda: sent.append(1))
    coalescer.offer("run", fail)
    with pytest.raises(ZeroDivisionError):
        timers.move(0.1)
    sent.append(-1)
    timers.move(0.1)
    coalescer.offer("run", lambda: sent.append(2))
    assert sent == [1, -1, 2]


def test_whoever_is_behind_reads_the_newest_alone() -> None:
    timers = StillTimers()
    sent: list[int] = []
    behind = True
    coalescer = Coalescer(timers, 0.1, lambda: behind)
    for number in range(100):
        coalescer.offer("run", partial(sent.append, number))
        timers.move(0.05)
    assert sent == []
    behind = False
    timers.move(0.1)
    assert sent == [99]
    coalescer.offer("run", partial(sent.append, 100))
    timers.move(0.1)
    assert sent == [99, 100]


def test_a_key_may_rest_longer_than_the_others() -> None:
    timers = StillTimers()
    sent: list[str] = []
    coalescer = Coalescer(timers, 0.1)
    for key, interval in (("short", None), ("long", 0.5)):
        coalescer.offer(key, partial(sent.append, f"{key} 1"), interval)
        coalescer.offer(key, partial(sent.append, f"{key} 2"), interval)
    timers.move(0.1)
    assert sent == ["short 1", "long 1", "short 2"]
    timers.move(0.4)
    assert sent == ["short 1", "long 1", "short 2", "long 2"]
