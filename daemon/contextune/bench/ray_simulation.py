"""More agents than a machine here holds, simulated event by event with what was measured in the same run."""

from __future__ import annotations

import heapq
import os
import random
from typing import NamedTuple

from contextune.bench.figures import Bench, Figure

AGENTS = (10, 100, 1_000, 10_000)
MODEL_SECONDS = 10.0
"""Of one reply, exponentially spread: what a real model takes rather than the suite's."""
REQUESTS_A_MINUTE = 4_000
"""What the model's server lets through."""
STEPS = ("the repository", "the rate limit", "the model", "the daemon", "git")
"""Of a turn; the first one only where a Task begins."""
SECONDS = 600.0
"""Simulated, after as many to fill the queues."""
SEED = 20261127


class Measured(NamedTuple):
    """What a turn and a Task cost, in seconds."""

    daemon: float
    """Of the daemon's one thread of Python, a turn."""
    git: float
    """Of git's processes beside it, a turn; they share the processors."""
    lease: float
    """Of the repository, one worktree at a time, a Task."""
    turns: int
    """Of a Task."""


class Simulated(NamedTuple):
    """How a number of agents got on."""

    tasks: float
    """A minute."""
    busy: dict[str, float]
    """Of each station, the share of the time in percent in which it was at work."""


class _Station:
    """Serves whoever comes, in order, so many at a time."""

    def __init__(self, servers: int) -> None:
        self._free = [0.0] * servers
        self.served = 0.0
        self._servers = servers

    def leave(self, at: float, takes: float, since: float) -> float:
        """When who comes at a time is done; what is served after `since` counts."""
        begins = max(at, heapq.heappop(self._free))
        heapq.heappush(self._free, begins + takes)
        if since <= begins < since + SECONDS:
            self.served += takes
        return begins + takes

    def busy(self, seconds: float) -> float:
        """The share of its servers' time, in percent."""
        return min(100.0, 100 * self.served / (self._servers * seconds))


def simulate(agents: int, measured: Measured, processors: int) -> Simulated:
    """So many agents, each of which does one Task after the other."""
    chance = random.Random(SEED)  # noqa: S311 - it draws times, and the same ones each time
    stations = {
        "the daemon": _Station(1),
        "git": _Station(processors),
        "the repository": _Station(1),
        "the rate limit": _Station(1),
    }
    since, until = SECONDS, 2 * SECONDS
    done = 0  # turns
    queue = [(chance.random() * MODEL_SECONDS, number, 0, 0) for number in range(agents)]
    heapq.heapify(queue)
    while queue:
        at, number, turn, step = heapq.heappop(queue)
        if at >= until:
            break
        # Each step is an event of its own: whoever comes first is served first.
        match STEPS[step]:
            case "the repository":
                at = stations["the repository"].leave(at, measured.lease, since) if turn == 0 else at
            case "the rate limit":
                at = stations["the rate limit"].leave(at, 60 / REQUESTS_A_MINUTE, since)
            case "the model":
                at += chance.expovariate(1 / MODEL_SECONDS)
            case "the daemon":
                at = stations["the daemon"].leave(at, measured.daemon, since)
            case _:
                at = stations["git"].leave(at, measured.git, since)
                turn = (turn + 1) % measured.turns
                done += since <= at < until
        heapq.heappush(queue, (at, number, turn, (step + 1) % len(STEPS)))
    busy = {name: station.busy(SECONDS) for name, station in stations.items()}
    return Simulated(done / measured.turns / SECONDS * 60, busy)


def report_simulation(bench: Bench, suite: str, measured: Measured) -> None:
    """Report what each number of agents comes to, and what holds it up."""
    processors = os.cpu_count() or 1
    for agents in AGENTS:
        found = simulate(agents, measured, processors)
        name = max(found.busy, key=lambda one: found.busy[one])
        metric = f"simulated, {agents:,} agents: Tasks; busiest is {name} at {found.busy[name]:.0f} %"
        bench.report(Figure(suite=suite, metric=metric, value=found.tasks, unit="a minute"))
    turn = MODEL_SECONDS + measured.daemon + measured.git
    capacities = {
        "the daemon": turn / measured.daemon,
        "git on this machine's processors": turn * processors / measured.git,
        "the repository": turn * measured.turns / measured.lease,
        f"a limit of {REQUESTS_A_MINUTE:,} requests a minute": turn * REQUESTS_A_MINUTE / 60,
    }
    for name, agents_at in capacities.items():
        bench.report(
            Figure(suite=suite, metric=f"agents that saturate {name}", value=agents_at, unit="agents")
        )
