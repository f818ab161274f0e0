"""What Tasks are expected to cost and come to, rung by rung: prior figures, moved by a history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from contextune.core.model.conversation import Rung
from contextune.core.planning.plan import Complexity
from contextune.core.planning.record import TaskRecord, newest_records
from contextune.core.routing.pass_rates import PassRates, weight_of
from contextune.core.routing.trials import trials

AttemptCost = Callable[[Rung, Complexity], Decimal | None]
"""What all tries of a rung at a Task cost, in dollars, before there is a history; None if unpriced."""

COST_PRIOR = 4.0
"""How many attempts the prior cost of an attempt weighs against those that were made."""


class Leg(NamedTuple):
    """One rung of a Task's way up."""

    rung: Rung
    reached: Decimal
    """The probability of getting there."""
    passes: Decimal
    """The probability of an accepted end there, once reached."""
    cost: Decimal | None
    """Dollars of all tries there; None if unpriced."""


class Outlook:
    """What is to be expected on one Ladder, by the records of one repository, newest first."""

    def __init__(self, ladder: Sequence[Rung], history: Sequence[TaskRecord], prior: AttemptCost) -> None:
        self.ladder = tuple(ladder)
        self.records = tuple(record for record in newest_records(history) if record.steps)
        tried = trials(self.records)
        self.rates = PassRates(tried)
        self._prior = prior
        weights: defaultdict[Rung, float] = defaultdict(lambda: COST_PRIOR)
        ratios: defaultdict[Rung, float] = defaultdict(lambda: COST_PRIOR)
        for trial in tried:
            expected = prior(trial.rung, trial.complexity)
            if expected and trial.dollars is not None:
                weights[trial.rung] += weight_of(trial)
                ratios[trial.rung] += weight_of(trial) * float(trial.dollars / expected)
        self._moved = {rung: Decimal(ratios[rung] / weights[rung]) for rung in weights}

    def cost(self, rung: Rung, complexity: Complexity) -> Decimal | None:
        """What all tries of a rung at a Task are expected to cost, in dollars; None if unpriced."""
        prior = self._prior(rung, complexity)
        return None if prior is None else prior * self.moved(rung)

    def moved(self, rung: Rung) -> Decimal:
        """What an attempt on a rung costs here, as a multiple of what it was expected to before."""
        return self._moved.get(rung, Decimal(1))

    def way(
        self,
        kind: str,
        complexity: Complexity,
        start: int,
        *,
        failed: tuple[Rung, ...] = (),
        moods: Sequence[float] = (),
    ) -> tuple[Leg, ...]:
        """The rungs from `start` on, after `failed` have failed.

        `moods` has one number a rung of the Ladder: by how many standard deviations its rate is taken to be
        better than the middle of what is possible.
        """
        legs, reached = [], 1.0
        for place in range(start, len(self.ladder)):
            rung = self.ladder[place]
            passes = self.rates.rate(kind, complexity, rung, failed, z=moods[place] if moods else 0.0)
            legs.append(Leg(rung, Decimal(reached), Decimal(passes), self.cost(rung, complexity)))
            reached *= 1 - passes
            failed = (*failed, rung)
        return tuple(legs)


def cost_of(way: Sequence[Leg]) -> Decimal | None:
    """What a Task costs that goes this way, in dollars; None if a rung of it is unpriced."""
    costs = [leg.reached * leg.cost for leg in way if leg.cost is not None]
    return sum(costs, Decimal(0)) if len(costs) == len(way) else None


def cost_of_acceptance(way: Sequence[Leg]) -> Decimal | None:
    """What each accepted Task costs if all go this way: those that failed at its end are paid for too."""
    cost, accepted = cost_of(way), sum((leg.reached * leg.passes for leg in way), Decimal(0))
    return None if cost is None or not accepted else cost / accepted
