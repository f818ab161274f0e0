"""How often a rung's work is accepted: by published figures first, then by a repository's own history.

Tasks differ in difficulty, and whoever takes over a Task that others failed meets a hard one. So a rung has
an ability and a Task a difficulty, both in log-odds, and a rung passes with the logistic of their
difference. Difficulties are spread normally. One number, their spread, then says how much is left for the
next rung after a red Gate, and for the second of three agents after the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import exp, log, prod, sqrt
from typing import NamedTuple

from contextune.core.model.conversation import Effort, Rung
from contextune.core.planning.plan import Complexity
from contextune.core.routing.trials import Trial

SPREAD = 2.7
"""The standard deviation of difficulties. Anthropic's guide to cost and intelligence has Opus 5.5 solve
87.4 % of a SWE-bench Pro subset at low effort and 95.3 % at high, and about 97 % at high after low has
failed: if failures were independent that would be 99.4 %, and this spread makes it 97.0 %."""


class _Figure(NamedTuple):
    family: str
    effort: Effort
    rate: float


PUBLISHED = (
    # SWE-bench Pro as github.com/jakemanger/whatmodel collects it. It names no effort; makers report at a
    # high one, so the figures are taken for that, which is the careful reading.
    _Figure("claude-haiku-", "high", 0.648),
    _Figure("claude-sonnet-", "high", 0.813),
    # Anthropic, "Optimizing for cost and intelligence" (platform.claude.com/docs/en/about-claude/models).
    _Figure("claude-opus-", "low", 0.874),
)
UNKNOWN = _Figure("", "medium", 0.5)
"""A model of which nothing was published: even odds, which a few Tasks soon correct."""

EFFORT_STEP = 0.87
"""What one step of effort adds to an ability: half of the way from Opus 5.5 low to high, 87.4 % to 95.3 %."""

EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "max")

EASE: dict[Complexity, float] = {"simple": 2.5, "standard": 1.25, "hard": 0.0, "extreme": -4.0}
"""What a Task's complexity adds to every ability. SWE-bench Pro wants judgement across several files, which
is what `hard` says; the other steps are assumptions that the history corrects."""

KIND_PRIOR, PLACE_PRIOR, OTHERS_PRIOR = 4.0, 6.0, 8.0
"""How many trials the expectation before a level of evidence weighs."""

HALF_LIFE = 40
"""A trial counts half when so many newer Tasks of its kind have ended: models and code change."""

_PLACES = tuple(place / 4 for place in range(-16, 17))
_GRID = tuple((SPREAD * place, exp(-place * place / 2)) for place in _PLACES)
"""Difficulties out to four standard deviations, and their weights."""
_TOTAL = sum(weight for _, weight in _GRID)


def weight_of(trial: Trial) -> float:
    """How much a trial still says, from 0 to 1."""
    return float(0.5 ** (trial.age / HALF_LIFE))


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0


def _log_odds(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return log(p / (1 - p))


@lru_cache(maxsize=256)
def ability(model: str, effort: Effort) -> float:
    """How able a model is, in log-odds: at difficulty 0 it passes with the logistic of this."""
    figure = next((one for one in PUBLISHED if model.startswith(one.family)), UNKNOWN)
    low, high = -20.0, 20.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        rate = sum(weight * _logistic(middle - difficulty) for difficulty, weight in _GRID) / _TOTAL
        low, high = (middle, high) if rate < figure.rate else (low, middle)
    return low + EFFORT_STEP * (EFFORTS.index(effort) - EFFORTS.index(figure.effort))


@lru_cache(maxsize=8192)
def published_rate(rung: Rung, complexity: Complexity, failed: tuple[Rung, ...] = ()) -> float:
    """How often a rung passes where nothing but published figures is known, after `failed` have failed."""
    ease = EASE[complexity]

    def fails(one: Rung, difficulty: float) -> float:
        return (1 - _logistic(ability(one.model, one.effort) + ease - difficulty)) ** one.tries

    reached = [(d, weight * prod(fails(one, d) for one in failed)) for d, weight in _GRID]
    return sum(weight * (1 - fails(rung, d)) for d, weight in reached) / sum(weight for _, weight in reached)


class _Evidence:
    """Trials summed: how many, how many passed, and what was expected of them in log-odds."""

    __slots__ = ("count", "expected", "passed")

    def __init__(self, trials: Iterable[Trial]) -> None:
        self.count = self.passed = 0.0
        self.expected: defaultdict[float, float] = defaultdict(float)
        for trial in trials:
            weight = weight_of(trial)
            self.count += weight
            self.passed += weight * trial.passed
            self.expected[_log_odds(published_rate(trial.rung, trial.complexity, trial.failed))] += weight

    def moves(self, shift: float, prior: float) -> float:
        """How far these trials move an expectation that is off by `shift` already, in log-odds.

        The mean of a Beta distribution whose prior is what was expected of them, worth `prior` trials.
        """
        if not self.count:
            return 0.0
        expected = sum(w * _logistic(x + shift) for x, w in self.expected.items()) / self.count
        return _log_odds((self.passed + prior * expected) / (self.count + prior)) - _log_odds(expected)


class PassRates:
    """What to expect of a rung, after a history.

    Three levels of evidence move the published rate in turn, each weighed as trials against the one before:
    the rung on other kinds of Tasks here, on this kind, and on this kind at this complexity and place, first
    or after a red Gate.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self._by_rung: defaultdict[Rung, list[Trial]] = defaultdict(list)
        for trial in trials:
            self._by_rung[trial.rung].append(trial)
        self._known: dict[tuple[str, Complexity, Rung, bool], tuple[float, float]] = {}

    def rate(
        self, kind: str, complexity: Complexity, rung: Rung, failed: tuple[Rung, ...] = (), *, z: float = 0.0
    ) -> float:
        """The share of Tasks that are accepted on a rung, after `failed` have failed on them.

        `z` asks for another point of what is possible than its middle: so many standard deviations above.
        """
        shift, count = self._learned(kind, complexity, rung, bool(failed))
        middle = _log_odds(published_rate(rung, complexity, failed)) + shift
        if not z:
            return _logistic(middle)
        p = _logistic(middle)
        return _logistic(middle + z * sqrt(1 / (p * count + 0.5) + 1 / ((1 - p) * count + 0.5)))

    def tally(self, kind: str, rung: Rung) -> tuple[int, int]:
        """How many Tasks of a kind a rung was tried on, and how many of them passed."""
        of_kind = [trial for trial in self._by_rung[rung] if trial.kind == kind]
        return len(of_kind), sum(trial.passed for trial in of_kind)

    def seen(self, rung: Rung) -> int:
        """On how many Tasks a rung was tried, first or after others."""
        return len(self._by_rung[rung])

    def took_over(self, kind: str, rung: Rung) -> int:
        """How many Tasks of a kind a rung took over after a red Gate."""
        return sum(trial.kind == kind and bool(trial.failed) for trial in self._by_rung[rung])

    def tried(self, complexity: Complexity, rung: Rung) -> int:
        """On how many Tasks, at least as complex, a rung was tried first."""
        ease = EASE[complexity]
        return sum(not trial.failed and EASE[trial.complexity] <= ease for trial in self._by_rung[rung])

    def _learned(self, kind: str, complexity: Complexity, rung: Rung, after: bool) -> tuple[float, float]:
        """The shift in log-odds, and how many trials the result is worth."""
        key = (kind, complexity, rung, after)
        if key not in self._known:
            trials = self._by_rung[rung]
            of_kind = [trial for trial in trials if trial.kind == kind]
            others = _Evidence(trial for trial in trials if trial.kind != kind)
            same = _Evidence(of_kind)
            alike = _Evidence(t for t in of_kind if t.complexity == complexity and bool(t.failed) == after)
            shift = others.moves(0.0, OTHERS_PRIOR)
            shift += same.moves(shift, KIND_PRIOR)
            shift += alike.moves(shift, PLACE_PRIOR)
            worth = KIND_PRIOR + same.count + min(others.count, OTHERS_PRIOR) / 2
            self._known[key] = (shift, worth)
        return self._known[key]
