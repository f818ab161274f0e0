"""What one transaction of the Journal writes: the events of many appends, and what follows from them.

Every statement lets go of the interpreter and has to get it back from threads that are at work, which takes
longer than the statement itself. So there are few, whatever the number of appends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from contextune.adapters.journal import stream_table
from contextune.adapters.journal.journal_rows import Row
from contextune.adapters.journal.ledger_table import Bookings
from contextune.adapters.journal.many_rows import insert
from contextune.core.errors import BudgetReached
from contextune.core.model.budget import Cap
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.runs.events import AnyEvent, RunMoved

COLUMNS = "events (run_id, repository, at, kind, body)"


class Entry(NamedTuple):
    """What one append writes, all or nothing."""

    rows: Sequence[Row]
    events: Sequence[AnyEvent]
    caps: Sequence[Cap]


def write(connection: sqlite3.Connection, entries: Sequence[Entry]) -> list[BudgetReached | None]:
    """Write all within the transaction that is open; one whose reservation exceeds a cap is left out.

    Returns the problem of each. Raises sqlite3.Error.
    """
    events = [event for entry in entries for event in entry.events]
    bookings = Bookings(connection, [e.request_id for e in events if isinstance(e, RequestSettled)])
    problems: list[BudgetReached | None] = []
    rows: list[Row] = []
    moved: list[RunMoved] = []
    for entry in entries:
        problems.append(bookings.problem(entry.events, entry.caps))
        if problems[-1] is not None:
            continue
        for place, event in enumerate(entry.events, start=len(rows)):
            if isinstance(event, RequestReserved | RequestSettled):
                bookings.add(event, place)
            elif isinstance(event, RunMoved):
                moved.append(event)
        rows += entry.rows
    bookings.write(insert(connection, COLUMNS, rows))
    for event in moved:
        stream_table.move(connection, event)
    return problems
