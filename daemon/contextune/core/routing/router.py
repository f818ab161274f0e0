"""Chooses on which rung of the Ladder a Task begins, and whether its climb leaves one out.

Each start is weighed by what an accepted Task costs there, climbs and failures included, at the rates and
costs that the repository's own history shows. A start is learned where it has been tried enough and is
cheaper than the usual one; it is explored where a draw from what is still possible makes it the cheapest, or
where a try costs little. All of it is held to a balance: what was spent here, and the most that one
more choice can add, stays within 5 % of what the usual starts would have cost.

What a rung that was left out would have done is never known: it is reckoned with as the best that can be
believed of it. Of 1,500 simulated histories of 80 Tasks, one went beyond 5 % for a while, to 5.9 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property
from math import cos, log, pi, sqrt
from typing import NamedTuple

from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.core.model.naming import rung_text
from contextune.core.planning.plan import Complexity
from contextune.core.planning.record import TaskRecord
from contextune.core.routing.outlook import Outlook, cost_of, cost_of_acceptance
from contextune.core.settings import Routing
from contextune.core.spending.rates import visits

EXCESS = Decimal("0.05")
"""The most that learning shall cost, as a share of what the usual starts would have cost."""
AIM = Decimal("0.035")
"""The share that is aimed at: attempts may cost more than the most that is reckoned with."""
THIN = 5
"""With fewer ended Tasks a repository has no history yet."""
TRIED = 3
"""A rung is known once it was tried on so many Tasks."""
NEVER_HELPED = 5
"""A rung may be left out of a climb once it took over so many Tasks of a kind."""
MARGIN = Decimal("0.03")
"""Another start must be cheaper by this share: below that, a difference is as likely to be luck."""
MOST, LEAST = Decimal("2.5"), Decimal("0.4")
"""The most and the least that an attempt costs, of what is expected: all of its turns, or the fewest."""
CHEAP = Decimal("0.25")
"""A try below the usual start is made for its lesson if its worst is no more than this share of the Task."""
DOUBT = 2.0
"""Standard deviations: 39 in 40 rates that are possible are no better."""

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


class _Choice(NamedTuple):
    place: int
    risked: Decimal
    """Dollars."""
    explored: bool = False


def usual_start(ladder: Sequence[Rung], complexity: Complexity) -> int:
    """Where a Task begins while nothing is known of its kind: on the first rung.

    A hard one begins a rung higher, an extreme one on Opus, or on the last rung of a Ladder without Opus.
    """
    last = len(ladder) - 1
    match complexity:
        case "hard":
            return min(1, last)
        case "extreme":
            return next((i for i, rung in enumerate(ladder) if rung.model.startswith("claude-opus-")), last)
        case "simple" | "standard":
            return 0


class Router:
    """Routes Tasks up one Ladder by what is to be expected there."""

    def __init__(self, outlook: Outlook) -> None:
        self._outlook = outlook
        self._ladder = outlook.ladder

    def starts(self, asked: Sequence[Asked], *, routing: Routing, chance: Chance | None) -> tuple[Start, ...]:
        """Where Tasks that run side by side begin. Nothing is explored if `chance` is None."""
        left, found = self.balance, []
        for one in asked:
            usual = usual_start(self._ladder, one.complexity)
            said = self._why_usual(one, usual, routing)
            if said is None:
                choice = self._choice(one, usual, left, chance)
                left -= choice.risked
                reason = self._why(one, usual, choice)
                found.append(Start(index=choice.place, explored=choice.explored, reason=reason))
            else:
                found.append(Start(index=usual, explored=False, reason=said))
        return tuple(found)

    def next_rung(self, asked: Asked, failed: Sequence[int], *, explored: bool = False) -> int | None:
        """Where a Task goes on after red on these places of the Ladder; None at its end.

        A Task that explored a lower rung goes back to where it would have begun. Else it is the next place,
        unless the rungs there have taken over Tasks of this kind often enough to know that it is cheaper
        without them, even if they are as good as can be believed of them.
        """
        due, usual = failed[-1] + 1, usual_start(self._ladder, asked.complexity)
        if explored and due <= usual:
            return usual
        if due >= len(self._ladder):
            return None
        if not self._is_priced(asked):
            return due
        behind = tuple(self._ladder[place] for place in failed)
        for place in range(len(self._ladder) - 1, due, -1):
            skipped = range(due, place)
            if any(self._took_over(asked, one) < NEVER_HELPED for one in skipped):
                continue
            if self._missed(asked, due, place) > self.balance:
                continue
            moods = [DOUBT if one in skipped else 0.0 for one in range(len(self._ladder))]
            there = self._weighed(asked, place, moods=moods, failed=behind)
            if there < self._weighed(asked, due, moods=moods, failed=behind):
                return place
        return due

    @cached_property
    def balance(self) -> Decimal:
        """Dollars that may be risked: what the usual starts would have cost and a little more, less what was
        spent."""
        priced = [record for record in self._outlook.records if not record.unpriced]
        usual = sum(map(self._as_usual, priced), Decimal(0))
        return (1 + AIM) * usual - sum((record.dollars for record in priced), Decimal(0))

    def _as_usual(self, record: TaskRecord) -> Decimal:
        """What a Task would have cost, had it begun and climbed as usual.

        Rungs below the usual start would have cost nothing, and it would have passed there at once. Rungs
        that were left out might have done it, as often as can be believed of them, and what came after them
        would then not have been paid for.
        """
        ladder, made = self._ladder, list(visits([record]))
        if any(visit.rung not in ladder or visit.dollars is None for visit in made):
            return record.dollars
        asked, due = Asked(record.kind, record.complexity), usual_start(ladder, record.complexity)
        once = self._cost(asked, due)
        left, total = Decimal(1), Decimal(0)
        failed: tuple[Rung, ...] = ()
        for visit in made:
            place = ladder.index(visit.rung)
            for skipped in range(due, place):
                total += left * self._cost(asked, skipped)
                left *= 1 - Decimal(self._outlook.rates.rate(*asked, ladder[skipped], failed, z=DOUBT))
                failed = (*failed, ladder[skipped])
            if place >= due:
                total += left * (visit.dollars or Decimal(0))
                due, failed = place + 1, (*failed, visit.rung)
        afterwards = record.dollars - sum((visit.dollars or Decimal(0) for visit in made), Decimal(0))
        return (total or once) + left * afterwards

    def _choice(self, asked: Asked, usual: int, left: Decimal, chance: Chance | None) -> _Choice:
        best = self._learned(asked, usual, left)
        if chance is None:
            return best
        for place in range(usual):
            worst = self._worst(asked, usual, place, explored=True)
            # A try that costs little beside the Task itself is worth what it teaches.
            if not self._is_known(asked, usual, place) and worst <= CHEAP * self._expected(asked, usual):
                return _Choice(place, worst, explored=True) if worst <= left else best
        moods = [_normal(chance) for _ in self._ladder]
        drawn = [self._weighed(asked, place, moods=moods) for place in range(len(moods))]
        tried = min(range(len(drawn)), key=drawn.__getitem__)
        if drawn[tried] >= (1 - MARGIN) * drawn[best.place]:
            return best
        worst = self._worst(asked, usual, tried, explored=True)
        return _Choice(tried, worst, explored=True) if worst <= left else best

    def _learned(self, asked: Asked, usual: int, left: Decimal) -> _Choice:
        """The cheapest start that is known well enough."""
        known = [place for place in range(len(self._ladder)) if self._is_known(asked, usual, place)]
        costs = {place: self._weighed(asked, place) for place in known}
        best = min(known, key=costs.__getitem__)
        worst = self._worst(asked, usual, best)
        if costs[best] >= (1 - MARGIN) * costs[usual] or worst > left:
            return _Choice(usual, Decimal(0))
        if best < usual:
            return _Choice(best, worst)
        # What does it cost too much, if the rungs that it leaves out are as good as can be believed of them?
        # That several Tasks of one Plan meet their worst is less likely than that one does.
        moods = [DOUBT if place < best else 0.0 for place in range(len(self._ladder))]
        instead = self._expected(asked, usual, moods=moods)
        risked = max(Decimal(0), self._expected(asked, best) - instead)
        return _Choice(best, max(risked, worst / 2))

    def _is_known(self, asked: Asked, usual: int, place: int) -> bool:
        rates = self._outlook.rates
        if place < usual:
            return rates.tried(asked.complexity, self._ladder[place]) >= TRIED
        between = self._ladder[usual : place + 1]
        return place == usual or all(rates.seen(rung) >= TRIED for rung in between)

    def _worst(self, asked: Asked, usual: int, place: int, *, explored: bool = False) -> Decimal:
        """What a start can add at most to what the usual one costs."""
        if place > usual:
            return self._missed(asked, usual, place)
        below = range(place, min(usual, place + 1) if explored else usual)
        return MOST * sum((self._cost(asked, one) for one in below), Decimal(0))

    def _missed(self, asked: Asked, due: int, place: int) -> Decimal:
        """What it costs too much to go on at `place` if the rung that was due would have done it at once."""
        above = sum((self._cost(asked, one) for one in range(place + 1, len(self._ladder))), Decimal(0))
        return MOST * self._cost(asked, place) + above - LEAST * self._cost(asked, due)

    def _cost(self, asked: Asked, place: int) -> Decimal:
        return self._outlook.cost(self._ladder[place], asked.complexity) or Decimal(0)

    def _expected(self, asked: Asked, place: int, *, moods: Sequence[float] = ()) -> Decimal:
        return cost_of(self._outlook.way(*asked, place, moods=moods)) or Decimal(0)

    def _weighed(
        self, asked: Asked, place: int, *, moods: Sequence[float] = (), failed: tuple[Rung, ...] = ()
    ) -> Decimal:
        return cost_of_acceptance(self._outlook.way(*asked, place, moods=moods, failed=failed)) or Decimal(0)

    def _took_over(self, asked: Asked, place: int) -> int:
        return self._outlook.rates.took_over(asked.kind, self._ladder[place])

    def _why_usual(self, asked: Asked, usual: int, routing: Routing) -> str | None:
        """Why there is nothing to choose, a sentence; None if there is."""
        if routing == "fixed":
            return "The setting `routing` is `fixed`."
        if len(self._outlook.records) < THIN:
            on = rung_text(self._ladder[usual])
            if not usual:
                return f"Tasks begin on {on} until this repository has a history."
            return f"{asked.complexity.capitalize()} Tasks begin on {on} until this repository has a history."
        return None if self._is_priced(asked) else UNWEIGHED

    def _is_priced(self, asked: Asked) -> bool:
        return all(self._outlook.cost(rung, asked.complexity) is not None for rung in self._ladder)

    def _why(self, asked: Asked, usual: int, choice: _Choice) -> str:
        on, kind = rung_text(self._ladder[choice.place]), asked.kind
        if choice.explored:
            return f"Tries {on}, to learn about Tasks of kind {kind}."
        tried, accepted = self._outlook.rates.tally(kind, self._ladder[choice.place])
        if not tried:
            return f"No Task of kind {kind} was tried on {on} here yet."
        below, passed = self._outlook.rates.tally(kind, self._ladder[usual])
        if choice.place > usual and below:
            usually = rung_text(self._ladder[usual])
            return (
                f"{accepted} of {tried} Tasks of kind {kind} passed on {on} here, {passed} of {below} on "
                f"{usually}."
            )
        return f"{accepted} of {tried} Tasks of kind {kind} passed on {on} here."


def _normal(chance: Chance) -> float:
    """A draw from the normal distribution, after Box and Muller."""
    return sqrt(-2 * log(1 - chance())) * cos(2 * pi * chance())
