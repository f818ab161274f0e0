"""All that costs are told from: requests, Runs, records of Tasks and milestones of one period."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from contextune.core.base import Value
from contextune.core.model.ledger import LedgerEntry, run_of
from contextune.core.model.money import ModelPrice
from contextune.core.planning.record import TaskRecord, newest_records
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, fold
from contextune.core.settings import Settings

TAKEN_BACK = frozenset({"undone", "discarded"})
"""States of a Run whose result the user did not keep."""

WEEK_MS = 7 * 24 * 3600 * 1000


class History(Value, frozen=True, kw_only=True):
    """What happened in one period, in one repository or in all."""

    entries: tuple[LedgerEntry, ...]
    """In the order in which they were reserved."""
    runs: tuple[Run, ...]
    """Oldest first, folded from milestones: they stand where they stand, but have neither bills nor turns."""
    records: tuple[TaskRecord, ...]
    """Of Tasks that ended in the period, oldest first, the last one of each Task."""
    events: tuple[ev.AnyEvent, ...]
    """The milestones of the period, in order."""
    settings: Settings
    """Those in force."""
    prices: dict[str, ModelPrice]
    """Of the models that were used; an unpriced one is not in it."""
    played: bool = False
    """Whether `records` are of the offline model, because there are no others."""

    @property
    def weeks(self) -> Decimal:
        """How many weeks there is something of; at least one, so that no day is made a week of."""
        times = [entry.at for entry in self.entries] + [record.at for record in self.records]
        span = max(times) - min(times) if times else 0
        return max(Decimal(1), Decimal(span) / WEEK_MS)

    @property
    def days(self) -> int:
        """The same in days."""
        return round(self.weeks * 7)


def history(
    entries: Sequence[LedgerEntry],
    milestones: Sequence[ev.AnyEvent],
    settings: Settings,
    price_of: Callable[[str], ModelPrice | None],
    *,
    since: int = 0,
    until: int | None = None,
) -> History:
    """Put together what the Journal tells. `entries` are of the period already, milestones of all time."""
    of_run: dict[str, list[ev.AnyEvent]] = {}
    for event in milestones:
        of_run.setdefault(event.run_id, []).append(event)
    runs = {run_id: run for run_id, events in of_run.items() if (run := fold(events)) is not None}

    def falls(at: int) -> bool:
        return at >= since and (until is None or at < until)

    told = tuple(event for event in milestones if falls(event.at))
    records, played = _records(told, runs)
    spent_on = {run_of(entry.stream) for entry in entries}
    named = {entry.rung.model for entry in entries} | {
        step.rung.model for record in records for step in record.steps
    }
    prices = {model: price_of(model) for model in sorted(named)}
    return History(
        entries=tuple(_placed(entry, runs) for entry in entries),
        runs=tuple(run for run in runs.values() if run.id in spent_on or falls(run.created_at)),
        records=records,
        events=told,
        settings=settings,
        prices={model: price for model, price in prices.items() if price is not None},
        played=played,
    )


def _placed(entry: LedgerEntry, runs: dict[str, Run]) -> LedgerEntry:
    """The entry with its Run's repository, where it was written before entries had one."""
    run = None if entry.repository else runs.get(run_of(entry.stream))
    return entry if run is None else msgspec.structs.replace(entry, repository=run.repository)


def _records(told: Sequence[ev.AnyEvent], runs: dict[str, Run]) -> tuple[tuple[TaskRecord, ...], bool]:
    """The records of real models, or else those of the offline one, and whether they are the latter."""
    found = [event for event in told if isinstance(event, ev.TaskRecorded)]
    played = bool(found) and all(event.offline for event in found)
    newest = newest_records(event.record for event in reversed(found) if event.offline == played)
    gone = {run.id for run in runs.values() if run.state in TAKEN_BACK}
    marked = (
        msgspec.structs.replace(record, reverted=record.reverted or record.run_id in gone)
        for record in reversed(newest)
    )
    return tuple(marked), played
