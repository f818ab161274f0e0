"""The Ledger in the journal's file: a row a request, kept in the same transaction as its events.

The table holds what budgets need and where the events stand; everything else is read off the events. What a
period has cost is summed in slots of a quarter of an hour, because every time zone begins its days at one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from contextune.core.errors import BudgetReached
from contextune.core.model.budget import Cap
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.requests import RequestReserved, RequestSettled

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


def reserve(connection: sqlite3.Connection, seq: int, event: RequestReserved, caps: Sequence[Cap]) -> None:
    """Count a reservation. Raises BudgetReached if it exceeds a cap; the caller then rolls back."""
    counted = _units(event.worst_case)
    connection.execute(
        "INSERT INTO requests VALUES (?, ?, ?, ?, ?, NULL)",
        (event.request_id, event.repository, event.at, counted, seq),
    )
    _spend(connection, event.at, counted)
    for cap in caps:
        (total,) = connection.execute(
            "SELECT coalesce(sum(counted), 0) FROM spending WHERE slot >= ?", (cap.since // SLOT_MS,)
        ).fetchone()
        if counted and total > int((cap.limit * UNITS).to_integral_value(ROUND_FLOOR)):
            before = Decimal(total - counted) / UNITS
            raise BudgetReached(
                f"The budget {_NAMES[cap.scope]}, ${cap.limit}, is reached: ${before:.4f} spent or held "
                f"back, and the next request could cost ${event.worst_case:.4f}.",
                scope=cap.scope,
                needed=before + (event.worst_case or 0),
            )


def settle(connection: sqlite3.Connection, seq: int, event: RequestSettled) -> None:
    """Count what a request cost in place of what was held back for it."""
    found = connection.execute(
        "SELECT at, counted FROM requests WHERE request_id = ? AND settled_seq IS NULL", (event.request_id,)
    ).fetchone()
    if found is None:
        return  # settled already, by whoever took the Run over
    at, held = found
    counted = _units(event.charge.dollars)
    connection.execute(
        "UPDATE requests SET counted = ?, settled_seq = ? WHERE request_id = ?",
        (counted, seq, event.request_id),
    )
    _spend(connection, at, counted - held)


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


def _spend(connection: sqlite3.Connection, at: int, counted: int) -> None:
    if counted:
        connection.execute(
            "INSERT INTO spending VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET counted = counted + excluded.counted",
            (at // SLOT_MS, counted),
        )


def _units(dollars: Decimal | None) -> int:
    return int(((dollars or Decimal(0)) * UNITS).to_integral_value(ROUND_CEILING))
