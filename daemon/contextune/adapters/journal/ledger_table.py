"""The Ledger in the journal's file: a row a request, kept in the same transaction as its events.

The table holds what budgets need and where the events stand; everything else is read off the events. What a
period has cost is summed in slots of a quarter of an hour, because every time zone begins its days at one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from contextune.adapters.journal.many_rows import insert
from contextune.core.errors import BudgetReached
from contextune.core.model.budget import Cap
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.runs.events import AnyEvent

MIGRATION = """
    CREATE TABLE requests (
        request_id TEXT PRIMARY KEY,
        repository TEXT NOT NULL,
        at INTEGER NOT NULL,
        counted INTEGER NOT NULL,
        reserved_seq INTEGER NOT NULL REFERENCES events (seq),
        settled_seq INTEGER REFERENCES events (seq)
    ) STRICT;
    CREATE INDEX requests_by_time ON requests (at);
    CREATE INDEX requests_open ON requests (reserved_seq) WHERE settled_seq IS NULL;
    CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
    CREATE INDEX records ON events (seq) WHERE kind = 'task_recorded';
    CREATE INDEX endings ON events (run_id, seq)
        WHERE kind IN ('run_accepted', 'run_undone', 'run_discarded');
    CREATE TEMP TABLE told AS
    SELECT seq, run_id, kind, at, json(CAST(body AS TEXT)) AS body FROM events
     WHERE kind IN ('request_reserved', 'request_settled');
    INSERT INTO requests
    SELECT r.body ->> 'requestId',
           coalesce(c.repository, ''),
           r.at,
           CAST(0.5 + 1e12 * CAST(coalesce(
               iif(s.seq IS NULL, r.body ->> 'worstCase', s.body ->> '$.charge.dollars'), '0'
           ) AS REAL) AS INTEGER),
           r.seq,
           s.seq
      FROM told r
      LEFT JOIN told s ON s.run_id = r.run_id AND s.kind = 'request_settled'
           AND s.body ->> 'requestId' = r.body ->> 'requestId'
      LEFT JOIN events c ON c.kind = 'run_created' AND c.run_id = replace(r.run_id, 'plan_', '')
     WHERE r.kind = 'request_reserved'
    ON CONFLICT DO NOTHING;
    INSERT INTO spending SELECT at / 900000, sum(counted) FROM requests GROUP BY 1;
    DROP TABLE told;
    """
"""Brings a journal's file from version 1 to 2."""

SLOT_MS = 900_000
UNITS = Decimal(10) ** 12
"""Amounts are stored in units of 10^-12 dollars: every price list's product with a whole token is whole."""

_NAMES = {"day": "of the day", "month": "of the month"}


class Bookings:
    """What one transaction changes in the Ledger: gathered event by event, in their order, then written."""

    def __init__(self, connection: sqlite3.Connection, settled: Sequence[str]) -> None:
        """`settled` are the ids of all requests that it will settle."""
        self._connection = connection
        self._held = self._open(settled) if settled else {}
        """When each was reserved, and how much is held back for it."""
        self._reserved: list[tuple[str, str, int, int, int]] = []
        self._settled: list[tuple[int, int, str]] = []
        self._spent: dict[int, int] = {}
        """By slot."""
        self._before: dict[int, int] = {}
        """What was spent before this transaction, from each slot on that was asked for."""

    def problem(self, events: Sequence[AnyEvent], caps: Sequence[Cap]) -> BudgetReached | None:
        """The cap that a reservation among the events exceeds, as a problem; None if there is none."""
        beside = 0  # reserved by the same events
        for event in events if caps else ():
            if not isinstance(event, RequestReserved) or not (counted := _units(event.worst_case)):
                continue
            for cap in caps:
                total = self._total(cap.since // SLOT_MS) + beside
                if total + counted > int((cap.limit * UNITS).to_integral_value(ROUND_FLOOR)):
                    before = Decimal(total) / UNITS
                    return BudgetReached(
                        f"The budget {_NAMES[cap.scope]}, ${cap.limit}, is reached: ${before:.4f} spent or "
                        f"held back, and the next request could cost ${event.worst_case:.4f}.",
                        scope=cap.scope,
                        needed=before + (event.worst_case or 0),
                    )
            beside += counted
        return None

    def add(self, event: RequestReserved | RequestSettled, place: int) -> None:
        """Count an event, which will be this one of all that the transaction writes, from 0."""
        if isinstance(event, RequestReserved):
            counted = _units(event.worst_case)
            self._reserved.append((event.request_id, event.repository, event.at, counted, place))
            self._held[event.request_id] = event.at, counted
            self._spend(event.at, counted)
        elif (held := self._held.pop(event.request_id, None)) is not None:
            at, before = held
            counted = _units(event.charge.dollars)
            self._settled.append((counted, place, event.request_id))
            self._spend(at, counted - before)
        # Else it is settled already, by whoever took the Run over.

    def write(self, first: int) -> None:
        """Write it all; `first` is the number of the transaction's first event."""
        insert(self._connection, _INTO, [(*row, first + place) for *row, place in self._reserved])
        for counted, place, request_id in self._settled:
            self._connection.execute(_SETTLE, (counted, first + place, request_id))
        for slot, counted in self._spent.items():
            if counted:
                self._connection.execute(_SPEND, (slot, counted))

    def _open(self, settled: Sequence[str]) -> dict[str, tuple[int, int]]:
        rows = self._connection.execute(_HELD, (msgspec.json.encode(settled).decode(),))
        return {request_id: (at, counted) for request_id, at, counted in rows}

    def _spend(self, at: int, counted: int) -> None:
        slot = at // SLOT_MS
        self._spent[slot] = self._spent.get(slot, 0) + counted

    def _total(self, since: int) -> int:
        before = self._before.get(since)
        if before is None:
            (before,) = self._connection.execute(_TOTAL, (since,)).fetchone()
            self._before[since] = before
        return before + sum(counted for slot, counted in self._spent.items() if slot >= since)


_INTO = "requests (request_id, repository, at, counted, reserved_seq)"
_SETTLE = "UPDATE requests SET counted = ?, settled_seq = ? WHERE request_id = ?"
_SPEND = "INSERT INTO spending VALUES (?, ?) ON CONFLICT DO UPDATE SET counted = counted + excluded.counted"
_TOTAL = "SELECT coalesce(sum(counted), 0) FROM spending WHERE slot >= ?"
_HELD = """
    SELECT request_id, at, counted FROM requests
     WHERE request_id IN (SELECT value FROM json_each(?)) AND settled_seq IS NULL
    """

QUERY = """
    SELECT r.body, q.repository, s.body FROM requests q
      JOIN events r ON r.seq = q.reserved_seq
      LEFT JOIN events s ON s.seq = q.settled_seq
     WHERE q.at >= ? AND q.at < ? AND (? IS NULL OR q.repository = ?)
     ORDER BY q.reserved_seq
    """

OPEN = """
    SELECT r.body, q.repository, NULL FROM requests q
      JOIN events r ON r.seq = q.reserved_seq
     WHERE q.settled_seq IS NULL
     ORDER BY q.reserved_seq
    """

_reserved = msgspec.json.Decoder(RequestReserved)
_settled = msgspec.json.Decoder(RequestSettled)


def entry(reserved_body: bytes, repository: str, settled_body: bytes | None) -> LedgerEntry:
    """One row of QUERY as an entry of the Ledger. Raises msgspec.DecodeError."""
    reserved = _reserved.decode(reserved_body)
    settled = None if settled_body is None else _settled.decode(settled_body)
    known = LedgerEntry(
        request_id=reserved.request_id,
        stream=reserved.run_id,
        repository=repository,
        task_id=reserved.task_id,
        attempt=reserved.attempt,
        role=reserved.role,
        rung=reserved.rung,
        at=reserved.at,
        worst_case=reserved.worst_case,
        settled=settled is not None,
    )
    if settled is None:
        return known
    return msgspec.structs.replace(
        known,
        usage=settled.charge.usage,
        dollars=settled.charge.dollars,
        at_sonnet=settled.charge.at_sonnet,
        estimated=settled.charge.estimated,
        miss=settled.miss,
        error=settled.error,
    )


def _units(dollars: Decimal | None) -> int:
    return int(((dollars or Decimal(0)) * UNITS).to_integral_value(ROUND_CEILING))
