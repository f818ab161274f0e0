"""parallel-development-expert: which Todos of a repository can be done side by side, and at what price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contextune.core.advice.advice import Advice, Point, Step
from contextune.core.base import Value
from contextune.core.model.money import PriceRange
from contextune.core.plain_text import one_line
from contextune.core.planning.plan import Overlap, Plan
from contextune.core.planning.record import Forecast
from contextune.core.spending.wording import count_text, dollars_text, forecast_text, price_text, saving_text

SKILL = "parallel-development-expert"
MOST_SHOWN = 12
"""Tasks of a wave, and overlaps, that are told."""


class ParallelFacts(Value, frozen=True, kw_only=True):
    """What the answer is told from."""

    plan: Plan
    """A Plan by code, those Tasks that collide one after the other."""
    overlaps: tuple[Overlap, ...]
    prices: tuple[PriceRange, ...]
    """One a Task, in the order of the Plan."""
    price: PriceRange
    forecast: Forecast | None = None
    left_out: int = 0
    """Todos beyond those that one Run takes."""


def parallel_advice(facts: ParallelFacts) -> Advice:
    """Waves with what each Task is expected to cost, then what Tasks share."""
    plan = facts.plan
    if not plan.tasks:
        return Advice(
            skill=SKILL,
            summary="There are no Todos here, so there is nothing to do in parallel yet.",
            steps=(),
        )
    waves = plan.waves()
    prices = {task.id: price for task, price in zip(plan.tasks, facts.prices, strict=True)}
    points = [_wave(plan, number, wave, prices) for number, wave in enumerate(waves, 1)]
    points += _overlaps(facts.overlaps)
    points.append(_money(facts))
    return Advice(
        skill=SKILL, summary=_summary(facts, waves), points=tuple(points), steps=_steps(plan, waves)
    )


def _summary(facts: ParallelFacts, waves: Sequence[Sequence[str]]) -> str:
    number = sum(len(task.todo_ids) for task in facts.plan.tasks)
    todos, tasks = count_text(number, "Todo"), count_text(len(facts.plan.tasks), "Task")
    if number == 1:
        said = "1 Todo makes 1 Task: there is nothing beside it."
    elif len(facts.plan.tasks) == 1:
        said = f"{todos} make 1 Task: there is nothing beside it."
    elif len(waves) == 1:
        said = f"{todos} make {tasks}: all can go side by side."
    else:
        more = count_text(len(waves) - 1, "wave")
        said = f"{todos} make {tasks}: {len(waves[0])} can begin at once, the others follow in {more}."
    if facts.left_out:
        said += f" {facts.left_out} more Todos are left out: one Run takes no more."
    return said


def _wave(plan: Plan, number: int, wave: Sequence[str], prices: Mapping[str, PriceRange]) -> Point:
    details = []
    for task_id in wave[:MOST_SHOWN]:
        task = plan.task(task_id)
        title, files = one_line(task.title), ", ".join(task.files[:2])
        after = "”, “".join(one_line(plan.task(before).title) for before in task.depends_on)
        likely = prices[task_id].likely
        if likely is None:
            told = (
                f"{title} ({files}; unpriced, after “{after}”)" if after else f"{title} ({files}; unpriced)"
            )
        elif after:
            told = f"{title} ({files}; probably {dollars_text(likely)}, after “{after}”)"
        else:
            told = f"{title} ({files}; probably {dollars_text(likely)})"
        details.append(told)
    if len(wave) > MOST_SHOWN:
        details.append(f"and {len(wave) - MOST_SHOWN} more Tasks")
    text = f"Wave {number}, side by side:" if len(wave) > 1 else f"Wave {number}, alone:"
    return Point(text=text, details=tuple(details))


def _overlaps(overlaps: Sequence[Overlap]) -> list[Point]:
    strong = [one.reason for one in overlaps if one.strong]
    weak = [one.reason for one in overlaps if not one.strong]
    found = []
    for text, reasons in (
        ("Better one after the other:", strong),
        ("They meet, and can still go side by side:", weak),
    ):
        if reasons:
            more = [f"and {len(reasons) - MOST_SHOWN} more overlaps"] if len(reasons) > MOST_SHOWN else []
            found.append(Point(text=text, details=(*map(one_line, reasons[:MOST_SHOWN]), *more)))
    return found


def _money(facts: ParallelFacts) -> Point:
    price = facts.price
    details = []
    if price.likely is not None and price.at_sonnet:
        saving = saving_text(1 - price.likely / price.at_sonnet)
        sonnet = dollars_text(price.at_sonnet)
        details.append(
            f"The same on Sonnet alone: {sonnet}, {saving} less."
            if saving
            else f"The same on Sonnet alone: {sonnet}."
        )
    details.append(
        forecast_text(facts.forecast)
        if facts.forecast
        else "No Task has ended here yet: the price is a general estimate, not yet this repository's own."
    )
    return Point(text=f"In all {price_text(price)}, without planning.", details=tuple(details))


def _steps(plan: Plan, waves: Sequence[Sequence[str]]) -> tuple[Step, ...]:
    steps = []
    if len(waves) > 1 and len(waves[0]) > 1:
        ids = [todo_id for task_id in waves[0] for todo_id in plan.task(task_id).todo_ids]
        title = f"Do the {len(waves[0])} Tasks of the first wave, after the Quote"
        steps.append(Step(title=title, arguments=("run", "--todo", *ids)))
    steps.append(Step(title="Do all Todos, after the Quote", arguments=("run", "--all")))
    return tuple(steps)
