"""Suggestions about the Ladder: where a kind of Task should begin, and rungs that never helped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from contextune.core.model.conversation import Rung
from contextune.core.model.naming import rung_text
from contextune.core.spending.chance import Share, ratio, share
from contextune.core.spending.history import History
from contextune.core.spending.rates import Visit, mean, visits
from contextune.core.spending.suggestion import LEAST, WORTH, SettingValue, Suggestion, bounds, cents
from contextune.core.spending.wording import dollars_text

RECENT = 10
"""Tasks by which it is told where a kind begins now."""


def start_rungs(past: History) -> Iterator[Suggestion]:
    """Where a kind of Task should begin, if not where it does. With routing `learn` this is done already."""
    cells: dict[tuple[str, str], list[Visit]] = {}
    for visit in visits(past.records):
        cells.setdefault((visit.kind, visit.complexity), []).append(visit)
    for (kind, complexity), found in cells.items():
        suggestion = _better_start(past, kind, complexity, found)
        if suggestion is not None:
            yield suggestion


def _better_start(past: History, kind: str, complexity: str, found: Sequence[Visit]) -> Suggestion | None:
    starts = [visit for visit in found if visit.first]
    now, _ = Counter(visit.rung for visit in starts[-RECENT:]).most_common(1)[0]
    begun = [visit for visit in starts if visit.rung == now]
    cost_now = mean(visit.rest for visit in begun)
    if len(begun) < LEAST or cost_now is None:
        return None
    best: tuple[Decimal, Rung, Share, Decimal] | None = None
    for rung in dict.fromkeys(visit.rung for visit in found):
        stays = [visit for visit in found if visit.rung == rung]
        passed = _passed(stays)
        if rung == now or passed.of < LEAST or _setting(past, rung, now) is None:
            continue
        cost = _cost_of_starting(stays, passed, mean(visit.dollars for visit in begun), cost_now)
        if cost is not None and cost < cost_now and (best is None or cost < best[0]):
            best = (cost, rung, passed, cost_now - cost)
    if best is None:
        return None
    cost, rung, passed, saved = best
    weekly = saved * len(begun) / past.weeks
    if weekly < WORTH:
        return None
    setting, value = _setting(past, rung, now) or (None, None)
    return Suggestion(
        id=f"start-rung:{kind}:{complexity}",
        sentence=(
            f"Tasks of kind {kind} ({complexity}) pass on {rung_text(rung)} {passed.hits} of {passed.of} "
            f"times: start them there, about {cents(weekly)} a week."
        ),
        weekly=weekly,
        computed=(
            f"Passed {bounds(passed)}. A Task costs {dollars_text(cost_now)} from {rung_text(now)} on, and "
            f"at most {dollars_text(cost)} from {rung_text(rung)} on, failures and climbing included; "
            f"{len(begun)} Tasks in {past.days} days."
        ),
        setting=setting,
        value=value,
        hits=passed.hits,
        of=passed.of,
    )


def _passed(stays: Sequence[Visit]) -> Share:
    decided = [visit.passed for visit in stays if visit.passed is not None]
    return share(decided.count(True), len(decided))


def _cost_of_starting(
    stays: Sequence[Visit], passed: Share, each_now: Decimal | None, cost_now: Decimal
) -> Decimal | None:
    """What a Task costs that begins there, on the side of caution; None if that is not known.

    Below the present rung, a Task that fails goes on as it does now, and fails as often as Wilson's bound
    allows. Above it, it costs what Tasks have cost from there on, at the upper end of the interval: those
    that came there by climbing were the harder ones.
    """
    each = mean(visit.dollars for visit in stays)
    if each is None or each_now is None:
        return None
    if each < each_now:
        return each + (1 - passed.low) * cost_now
    rest = ratio([(visit.rest, Decimal(1)) for visit in stays if visit.rest is not None])
    return None if rest is None else rest.high


def _setting(past: History, rung: Rung, now: Rung) -> tuple[str, SettingValue] | None:
    """What to set for Tasks to begin on a rung; None if the settings have them begin there already."""
    ladder, routing = past.settings.ladder, past.settings.routing
    if rung not in ladder:
        # A cheaper rung that is no longer on the Ladder comes back, below the one where Tasks begin now.
        place = ladder.index(now) if now in ladder else 0
        return ("ladder", (*ladder[:place], rung, *ladder[place:]))
    if routing == "learn" or ladder[0] == rung:
        return None
    return ("routing", "learn")


def useless_rungs(past: History) -> Iterator[Suggestion]:
    """Rungs of the Ladder that cost more than they save."""
    ladder = past.settings.ladder
    found = list(visits(past.records))
    for place, rung in enumerate(ladder if len(ladder) > 1 else ()):
        stays = [visit for visit in found if visit.rung == rung]
        passed, each = _passed(stays), mean(visit.dollars for visit in stays)
        if passed.of < LEAST or each is None:
            continue
        above = ladder[place + 1] if place + 1 < len(ladder) else None
        saved = _saved_without(above, found, passed, each)
        if saved is None or saved * passed.of / past.weeks < WORTH:
            continue
        weekly = saved * passed.of / past.weeks
        seen, cost, days = bounds(passed), dollars_text(each), past.days
        yield Suggestion(
            id=f"useless-rung:{rung}",
            sentence=(
                f"{rung_text(rung)} has helped {passed.hits} of {passed.of} times: take it off the ladder, "
                f"about {cents(weekly)} a week."
            ),
            weekly=weekly,
            computed=(
                f"Passed {seen}. To try it costs {cost} before {rung_text(above)} takes over; it was tried "
                f"{passed.of} times in {days} days. What it saves when it passes, at most, is taken off."
                if above
                else f"Passed {seen}. To try it costs {cost} and the Task fails anyway; it was tried "
                f"{passed.of} times in {days} days. What it saves when it passes, at most, is taken off."
            ),
            setting="ladder",
            value=tuple(other for other in ladder if other != rung),
            hits=passed.hits,
            of=passed.of,
        )


def _saved_without(
    above: Rung | None, found: Sequence[Visit], passed: Share, each: Decimal
) -> Decimal | None:
    """Dollars a stay that are saved without the rung; None if it helps, or that cannot be told."""
    if above is None:
        return each if not passed.hits else None
    beyond = [visit.rest for visit in found if visit.rung == above and visit.rest is not None]
    next_cost = mean(beyond)
    if len(beyond) < LEAST or next_cost is None:
        return None
    saved = each - passed.high * next_cost
    return saved if saved > 0 else None
