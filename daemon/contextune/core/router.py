"""Chooses on which rung of the Ladder a Task begins, and whether the climb skips one.

Each start is weighed by what an accepted Task costs there, climbs and failures included, at the rates and
costs that the repository's own history shows. A start is learned where it has been tried enough and is
cheaper than the usual one; it is explored where a draw from what is still possible makes it the cheapest.
Both are held to a balance: what was spent here, and the most that an exploration can add, stays within 5 % of
what the usual starts would have cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import cos, log, pi, sqrt
from typing import NamedTuple

from contextune.core.base import Value
from contextune.core.conversation import Rung
from contextune.core.naming import rung_text
from contextune.core.outlook import Outlook, cost_of, cost_of_acceptance
from contextune.core.plan import Complexity
from contextune.core.record import TaskRecord
from contextune.core.settings import Routing
from contextune.core.trials import visits

EXCESS = Decimal("0.05")
"""The most that learning may cost, as a share of what the usual starts would have cost."""
THIN = 5
"""With fewer ended Tasks a repository has no history yet."""
TRIED = 3
"""A rung is known once it was tried on so many Tasks of a kind."""
NEVER_HELPED = 5
"""A rung may be skipped on the climb once it took over so many Tasks of a kind."""
MARGIN = Decimal("0.05")
"""Another start must be cheaper by this share: below that, a difference is as likely to be luck."""
MOST, LEAST = Decimal("2.5"), Decimal("0.4")
"""The most and the least that an attempt costs, of what is expected: all of its turns, or the fewest."""
DOUBT = 1.3
"""Standard deviations: nine in ten rates that are possible are no better."""

UNWEIGHED = "Not every rung has a price, so none can be preferred."

Chance = Callable[[], float]
"""A fresh number from 0 to below 1."""


class Asked(NamedTuple):
    """A Task that is to begin somewhere."""

    kind: str
    complexity: Complexity


class Start(Value, frozen=True, kw_only=True):
    """Where a Task begins."""

    index: int
    """The place on the Ladder, from 0."""
    explored: bool
    """Whether it begins there to learn about that rung."""
    reason: str
    """Why, a sentence for people."""


def usual_start(ladder: Sequence[Rung], complexity: Complexity) -> int:
    """Where a Task begins while nothing is known of its kind: on the first rung.

    A hard one begins where model or effort first differs from that, an extreme one on Opus, or on the last
    rung of a Ladder without Opus.
    """
    last, first = len(ladder) - 1, (ladder[0].model, ladder[0].effort)
    match complexity:
        case "hard":
            return next((i for i, rung in enumerate(ladder) if (rung.model, rung.effort) != first), last)
        case "extreme":
            return next((i for i, rung in enumerate(ladder) if rung.model.startswith("claude-opus-")), last)
        case "simple" | "standard":
            return 0


def choose(
    outlook: Outlook, asked: Sequence[Asked], *, routing: Routing, chance: Chance | None
) -> tuple[Start, ...]:
    """Where Tasks that run side by side begin. `chance` None explores nothing."""
    left, starts = balance(outlook), []
    for one in asked:
        choice = _Choice(outlook, one, left)
        start, risked = (choice.fixed(), Decimal(0)) if routing == "fixed" else choice.start(chance)
        left -= risked
        starts.append(start)
    return tuple(starts)


def next_rung(outlook: Outlook, asked: Asked, failed: Sequence[int]) -> int | None:
    """Where a Task goes on after red on these places of the Ladder; None at its end.

    The next place, unless the rungs there have taken over Tasks of this kind often enough to know that it is
    cheaper without them.
    """
    following = failed[-1] + 1
    if following >= len(outlook.ladder):
        return None
    behind = tuple(outlook.ladder[place] for place in failed)

    def weighed(place: int) -> Decimal | None:
        return cost_of_acceptance(outlook.way(*asked, place, failed=behind))

    best, least = following, weighed(following)
    if least is None:
        return following
    least *= 1 - MARGIN
    for place in range(following + 1, len(outlook.ladder)):
        if outlook.rates.took_over(asked.kind, outlook.ladder[place - 1]) < NEVER_HELPED:
            break
        cost = weighed(place)
        if cost is not None and cost < least:
            best, least = place, cost
    return best


def balance(outlook: Outlook) -> Decimal:
    """Dollars that may be risked: 1.05 of what the usual starts would have cost, less what was spent."""
    return sum(
        (
            (1 + EXCESS) * _as_usual(outlook, record) - record.dollars
            for record in outlook.records
            if not record.unpriced
        ),
        Decimal(0),
    )


def _as_usual(outlook: Outlook, record: TaskRecord) -> Decimal:
    """What a Task would at least have cost, had it begun as usual."""
    made, ladder = visits(record.steps), outlook.ladder
    usual = usual_start(ladder, record.complexity)
    if made[0].rung not in ladder or made[0].rung == ladder[usual]:
        return record.dollars
    began = ladder.index(made[0].rung)
    if began < usual:
        # The climb to the usual start and beyond would have been the same without what came before it.
        above = [v.dollars or Decimal(0) for v in made if v.rung in ladder[usual:]]
        return sum(above, Decimal(0)) or LEAST * (outlook.cost(ladder[usual], record.complexity) or 0)
    # The rungs below might have done it: as often as can be believed of them.
    moods = [DOUBT] * len(ladder)
    skipped = outlook.way(record.kind, record.complexity, usual, moods=moods)[: began - usual]
    left = skipped[-1].reached * (1 - skipped[-1].passes)
    return (cost_of(skipped) or Decimal(0)) + left * record.dollars


class _Choice:
    """Where one Task begins."""

    def __init__(self, outlook: Outlook, asked: Asked, left: Decimal) -> None:
        self._outlook = outlook
        self._asked = asked
        self._left = left
        """Dollars that may be risked."""
        self._usual = usual_start(outlook.ladder, asked.complexity)

    def fixed(self) -> Start:
        """As the setting wants it."""
        return Start(index=self._usual, explored=False, reason="The setting `routing` is `fixed`.")

    def start(self, chance: Chance | None) -> tuple[Start, Decimal]:
        """The start, and the dollars that are risked by it."""
        usual, ladder = self._usual, self._outlook.ladder
        if len(self._outlook.records) < THIN:
            whose = self._asked.complexity.capitalize() + " Tasks" if usual else "Tasks"
            until = f"{whose} begin on {rung_text(ladder[usual])} until this repository has a history."
            return Start(index=usual, explored=False, reason=until), Decimal(0)
        costs = [self._weighed(place) for place in range(len(ladder))]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs):
            return Start(index=usual, explored=False, reason=UNWEIGHED), Decimal(0)
        best, risked = self._learned(known)
        tried, risk = (best, risked) if chance is None else self._explored(best, risked, chance)
        if tried == best:
            return Start(index=best, explored=False, reason=self._why(best)), risked
        on, kind = rung_text(ladder[tried]), self._asked.kind
        return Start(
            index=tried, explored=True, reason=f"Tries {on}, to learn about Tasks of kind {kind}."
        ), risk

    def _learned(self, costs: Sequence[Decimal]) -> tuple[int, Decimal]:
        """The cheapest start that is known well enough, and what is risked by it."""
        usual = self._usual
        best = min(filter(self._is_known, range(len(costs))), key=costs.__getitem__)
        if costs[best] >= (1 - MARGIN) * costs[usual]:
            return usual, Decimal(0)
        # What does it cost too much, if the rungs that it leaves out are as good as can be believed of them?
        moods = [DOUBT if place < best else 0.0 for place in range(len(costs))]
        there = cost_of(self._outlook.way(*self._asked, best)) or Decimal(0)
        instead = cost_of(self._outlook.way(*self._asked, usual, moods=moods)) or Decimal(0)
        risked = max(Decimal(0), there - instead)
        return (best, risked) if risked <= self._left else (usual, Decimal(0))

    def _explored(self, best: int, risked: Decimal, chance: Chance) -> tuple[int, Decimal]:
        """The start that a draw makes the cheapest, if the balance bears the worst of it."""
        moods = [_normal(chance) for _ in self._outlook.ladder]
        drawn = [self._weighed(place, moods) or Decimal(0) for place in range(len(moods))]
        tried = min(range(len(drawn)), key=drawn.__getitem__)
        if drawn[tried] >= (1 - MARGIN) * drawn[best]:
            return best, risked
        risk = self._worst(tried)
        return (tried, risk) if risk <= self._left else (best, risked)

    def _worst(self, place: int) -> Decimal:
        """What a start can add at most to what the usual one costs."""
        costs = [
            self._outlook.cost(rung, self._asked.complexity) or Decimal(0) for rung in self._outlook.ladder
        ]
        if place <= self._usual:
            return MOST * sum(costs[place : self._usual], Decimal(0))
        return MOST * sum(costs[place:], Decimal(0)) - LEAST * costs[self._usual]

    def _is_known(self, place: int) -> bool:
        rates, ladder, (kind, complexity) = self._outlook.rates, self._outlook.ladder, self._asked
        if place < self._usual:
            return rates.tried(kind, complexity, ladder[place]) >= TRIED
        between = ladder[self._usual : place + 1]
        return place == self._usual or all(rates.tally(kind, rung)[0] >= TRIED for rung in between)

    def _weighed(self, place: int, moods: Sequence[float] = ()) -> Decimal | None:
        return cost_of_acceptance(self._outlook.way(*self._asked, place, moods=moods))

    def _why(self, best: int) -> str:
        kind, ladder = self._asked.kind, self._outlook.ladder

        def passed(place: int) -> str:
            tried, accepted = self._outlook.rates.tally(kind, ladder[place])
            return f"{accepted} of {tried}" if tried else "none"

        said = f"{passed(best)} Tasks of kind {kind} passed on {rung_text(ladder[best])}"
        if not self._outlook.rates.tally(kind, ladder[best])[0]:
            return f"No Task of kind {kind} was tried on {rung_text(ladder[best])} here yet."
        if best > self._usual:
            return f"{said} here, {passed(self._usual)} on {rung_text(ladder[self._usual])}."
        return f"{said} here."


def _normal(chance: Chance) -> float:
    """A draw from the normal distribution, after Box and Muller."""
    return sqrt(-2 * log(1 - chance())) * cos(2 * pi * chance())
