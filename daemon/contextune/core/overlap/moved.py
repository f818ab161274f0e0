"""Another order of a Plan's Tasks, as a person asks for it: earlier, later, or in a wave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from contextune.core.overlap.overlaps import serialised
from contextune.core.planning.plan import Overlap, Plan, Task

Step = Literal["up", "down"]


class Spot(NamedTuple):
    """A place in a Plan."""

    wave: int
    """From 1; one more than there are stands for a new wave behind the last."""
    before: str | None = None
    """The Task of that wave that comes next; None for the wave's end."""


def one_step(plan: Plan, task_id: str, step: Step) -> Spot:
    """Where a Task is after one step up or down, from wave to wave at their ends.

    Raises KeyError if there is no such Task, and ValueError, with a sentence, if it is first or last.
    """
    title = plan.task(task_id).title
    waves = plan.waves()
    number = next(number for number, wave in enumerate(waves, 1) if task_id in wave)
    wave = waves[number - 1]
    index = wave.index(task_id)
    if step == "up":
        if index > 0:
            return Spot(number, wave[index - 1])
        if number == 1:
            raise ValueError(f"“{title}” is the first Task already.")
        return Spot(number - 1)
    if index + 1 < len(wave):
        return Spot(number, wave[index + 2] if index + 2 < len(wave) else None)
    if number == len(waves) and len(wave) == 1:
        raise ValueError(f"“{title}” is the last Task already.")
    return Spot(number + 1, waves[number][0] if number < len(waves) else None)


def moved(plan: Plan, task_id: str, spot: Spot, collisions: Iterable[Overlap]) -> Plan:
    """The Plan with a Task in another place.

    In an earlier wave it waits only for Tasks of waves before that one; in a later wave for all of the wave
    before, and no Task up to there waits for it. Tasks that overlap strongly, given as `collisions`, still go
    one after the other, and then the one that was moved up goes first, the one that was moved down second.

    Raises KeyError if there is no such Task, and ValueError, with a sentence, if there is no such place.
    """
    task = plan.task(task_id)
    waves = plan.waves()
    if not 1 <= spot.wave <= len(waves) + 1:
        raise ValueError(f"There is no wave {spot.wave}: name one of 1 to {len(waves) + 1}.")
    place = {one: number for number, wave in enumerate(waves, 1) for one in wave}
    if spot.before is not None and place.get(spot.before) != spot.wave:
        raise ValueError(f"Wave {spot.wave} has no task {spot.before}.")
    here = place[task_id]
    is_later = spot.wave > here
    waits = task.depends_on
    if is_later:
        earlier = (one for one in waves[spot.wave - 2] if one != task_id)
        waits = tuple(dict.fromkeys((*waits, *earlier)))
    elif spot.wave < here:
        waits = tuple(one for one in waits if place[one] < spot.wave)
    rest = [
        _without(one, task_id) if is_later and place[one.id] <= spot.wave else one
        for one in plan.tasks
        if one.id != task_id
    ]
    rest.insert(_index(rest, spot, place), msgspec.structs.replace(task, depends_on=waits))
    return serialised(Plan(tasks=tuple(rest)), _from(task_id, collisions, first=not is_later))


def _without(task: Task, gone: str) -> Task:
    return msgspec.structs.replace(task, depends_on=tuple(one for one in task.depends_on if one != gone))


def _index(rest: Sequence[Task], spot: Spot, place: dict[str, int]) -> int:
    ids = [task.id for task in rest]
    if spot.before in ids:
        return ids.index(spot.before)
    return max((index + 1 for index, one in enumerate(ids) if place[one] <= spot.wave), default=0)


def _from(task_id: str, overlaps: Iterable[Overlap], *, first: bool) -> Iterable[Overlap]:
    """The overlaps, with the moved Task on the side that it now has."""
    for one in overlaps:
        if task_id not in (one.first, one.second):
            yield one
            continue
        other = one.second if one.first == task_id else one.first
        pair = (task_id, other) if first else (other, task_id)
        yield msgspec.structs.replace(one, first=pair[0], second=pair[1])
