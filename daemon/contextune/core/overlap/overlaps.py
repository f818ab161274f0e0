"""Where the Tasks of a Plan get into each other's way, told from facts before anything is spent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from contextune.core.overlap.touches import Spot, TaskFacts
from contextune.core.planning.plan import Overlap, OverlapKind, Plan
from contextune.core.proof.suites import is_test_file
from contextune.core.source.source_file import Place

NEAR = 8
"""Lines between two Todos within which edits are likely to collide, if no symbols keep them apart."""


def find_overlaps(plan: Plan, facts: Sequence[TaskFacts]) -> tuple[Overlap, ...]:
    """Every pair of Tasks that touch the same thing, at most one overlap of a kind a pair and file.

    The strongest stand first within a pair; pairs come in the Plan's order. Pure: a benchmark may bring
    facts of its own making.
    """
    titles = {task.id: task.title for task in plan.tasks}
    known = {one.task_id: one for one in facts}
    told = [known[task.id] for task in plan.tasks if task.id in known]
    found = [
        overlap
        for one, other in combinations(told, 2)
        if _may_meet(one, other)
        for overlap in _between(one, other, titles)
    ]
    return with_order(plan, found)


def with_order(plan: Plan, overlaps: Iterable[Overlap]) -> tuple[Overlap, ...]:
    """The overlaps, with whether one of each pair now waits for the other."""
    orders = plan.orders()
    return tuple(
        msgspec.structs.replace(
            one, in_order=one.first in orders[one.second] or one.second in orders[one.first]
        )
        for one in overlaps
    )


def serialised(plan: Plan, overlaps: Iterable[Overlap]) -> Plan:
    """The Plan in which Tasks that overlap strongly go one after the other.

    Only Tasks without an order get one, so that no cycle can come of it.
    """
    before = plan.orders()
    added: dict[str, list[str]] = {}
    for one in overlaps:
        if not one.strong or one.first in before[one.second] or one.second in before[one.first]:
            continue
        added.setdefault(one.second, []).append(one.first)
        gained = before[one.first] | {one.first}
        for task_id, earlier in before.items():
            if task_id == one.second or one.second in earlier:
                before[task_id] = earlier | gained
    return Plan(
        tasks=tuple(
            msgspec.structs.replace(task, depends_on=(*task.depends_on, *added[task.id]))
            if task.id in added
            else task
            for task in plan.tasks
        )
    )


def overlap_text(overlap: Overlap) -> str:
    """An overlap in words: what two Tasks share, and how they run."""
    reason = overlap.reason or f"Two Tasks touch {overlap.symbol or overlap.path}."
    how = "They go one after the other." if overlap.in_order else "They run at the same time."
    return f"{reason} {how}"


def _may_meet(one: TaskFacts, other: TaskFacts) -> bool:
    """Quick: whether there can be anything between two Tasks."""
    return bool(
        not set(one.files).isdisjoint((*other.files, *other.named_files))
        or not set(other.files).isdisjoint(one.named_files)
        or not {*one.changes, *one.names}.isdisjoint((*other.changes, *other.names))
        or one.calls
        or other.calls
        or not set(one.tests).isdisjoint(other.tests)
    )


def _between(one: TaskFacts, other: TaskFacts, titles: Mapping[str, str]) -> list[Overlap]:
    told = _Telling(one, other, titles)
    symbols = list(_symbols(told))
    taken = {overlap.path for overlap in symbols}
    calls = list(_calls(told))
    files = [overlap for overlap in _files(told) if overlap.path not in taken]
    tests = list(_tests(told))
    # A call says more than the file in which it is, unless the two are close there.
    if calls:
        files = [
            overlap for overlap in files if overlap.strong or overlap.path not in {c.path for c in calls}
        ]
    return sorted([*symbols, *calls, *files, *tests], key=lambda overlap: not overlap.strong)


class _Telling:
    """Two Tasks, and the words for what is between them."""

    def __init__(self, one: TaskFacts, other: TaskFacts, titles: Mapping[str, str]) -> None:
        self.one, self.other = one, other
        self._titles = titles

    def title(self, facts: TaskFacts) -> str:
        """A Task as sentences name it."""
        return f"“{self._titles[facts.task_id]}”"

    def overlap(
        self,
        kind: OverlapKind,
        place: Place,
        reason: str,
        *,
        strong: bool,
        first: TaskFacts | None = None,
    ) -> Overlap:
        """The overlap; the earlier Task of the Plan goes first unless another is named."""
        ahead = first or self.one
        behind = self.other if ahead is self.one else self.one
        return Overlap(
            first=ahead.task_id,
            second=behind.task_id,
            path=place.path,
            symbol=place.symbol or None,
            kind=kind,
            strong=strong,
            reason=reason,
        )


def called(place: Place) -> str:
    """A symbol as sentences name it."""
    return f"`{place.symbol}`" if place.name[:1].isupper() else f"`{place.symbol}()`"


def _symbols(told: _Telling) -> Iterator[Overlap]:
    one, other = told.one, told.other
    both = sorted(set(one.changes) & set(other.changes))
    for place in both[:1]:
        said = f"{told.title(one)} and {told.title(other)} both touch {called(place)}."
        yield told.overlap("same_symbol", place, said, strong=True)
    if both:
        return
    for changing, naming in ((one, other), (other, one)):
        for place in sorted(set(changing.changes) & set(naming.names))[:1]:
            said = f"{told.title(changing)} changes {called(place)}, which {told.title(naming)} names."
            yield told.overlap("same_symbol", place, said, strong=True, first=changing)
            return
    nested = _nested(one.changes, other.changes)
    if nested:
        outer, inner = nested
        said = (
            f"{told.title(one)} and {told.title(other)} both touch {called(outer)}: "
            f"{called(inner)} is part of it."
        )
        close = _are_near(one.spots, other.spots, outer.path)
        yield told.overlap("same_symbol", outer, said, strong=close)
        return
    for place in sorted(set(one.names) & set(other.names))[:1]:
        said = f"{told.title(one)} and {told.title(other)} both name {called(place)}."
        yield told.overlap("same_symbol", place, said, strong=False)


def _nested(some: Sequence[Place], others: Sequence[Place]) -> tuple[Place, Place] | None:
    for one in some:
        for other in others:
            if one.path == other.path:
                for outer, inner in ((one, other), (other, one)):
                    if inner.symbol.startswith(f"{outer.symbol}."):
                        return outer, inner
    return None


def _calls(told: _Telling) -> Iterator[Overlap]:
    for changing, calling in ((told.one, told.other), (told.other, told.one)):
        own = set(changing.changes)
        call = next((call for call in calling.calls if call.to in own), None)
        if call is not None:
            where = f" in {called(Place('', call.within))}" if call.within else ""
            said = (
                f"{told.title(changing)} changes {called(call.to)}, which {told.title(calling)} uses{where}."
            )
            yield told.overlap("calls", call.to, said, strong=changing.interface, first=changing)


def _files(told: _Telling) -> Iterator[Overlap]:
    one, other = told.one, told.other
    for path in sorted(set(one.files) & set(other.files)):
        if is_test_file(path):
            said = f"{told.title(one)} and {told.title(other)} both add to {path}."
            yield told.overlap("same_test", Place(path, ""), said, strong=False)
            continue
        apart = _are_apart(one, other, path)
        close = not apart and _are_near(one.spots, other.spots, path)
        if close:
            said = f"{told.title(one)} and {told.title(other)} touch lines close together in {path}."
        else:
            where = ", in different places" if apart else ""
            said = f"{told.title(one)} and {told.title(other)} both touch {path}{where}."
        yield told.overlap("same_file", Place(path, ""), said, strong=close)
    for changing, naming in ((one, other), (other, one)):
        for path in sorted(set(changing.files) & set(naming.named_files))[:1]:
            said = f"{told.title(changing)} touches {path}, which {told.title(naming)} names."
            yield told.overlap("same_file", Place(path, ""), said, strong=False, first=changing)


def _are_apart(one: TaskFacts, other: TaskFacts, path: str) -> bool:
    """Whether symbols keep the work of two Tasks in a file apart."""
    own = {place.symbol for place in one.changes if place.path == path}
    others = {place.symbol for place in other.changes if place.path == path}
    return bool(own and others) and own.isdisjoint(others)


def _are_near(some: Sequence[Spot], others: Sequence[Spot], path: str) -> bool:
    return any(
        max(one.first, other.first) - min(one.last, other.last) <= NEAR
        for one in some
        for other in others
        if one.path == path == other.path
    )


def _tests(told: _Telling) -> Iterator[Overlap]:
    for test in sorted(set(told.one.tests) & set(told.other.tests))[:1]:
        name = f"The test {called(test)} in {test.path}" if test.symbol else test.path
        said = f"{name} covers what {told.title(told.one)} and {told.title(told.other)} change."
        yield told.overlap("same_test", test, said, strong=False)
