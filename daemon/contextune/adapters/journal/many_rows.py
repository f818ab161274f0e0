"""Many rows by few statements, which SQLite keeps ready."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

LARGE, SMALL = 64, 8
"""Rows of one statement: so many while there are, then the few that are left."""


def insert(connection: sqlite3.Connection, into: str, rows: Sequence[Sequence[Any]]) -> int:
    """Insert rows into `table (columns)`, in order, within a transaction that nobody else writes in.

    Returns the rowid of the first; the others follow it. Raises sqlite3.Error.
    """
    last = at = 0
    while at < len(rows):
        left = len(rows) - at
        count = LARGE if left >= LARGE else min(left, SMALL)
        statement = _statement(into, len(rows[at]), count)
        last = connection.execute(statement, tuple(chain(*rows[at : at + count]))).lastrowid or 0
        at += count
    return last - len(rows) + 1


@cache
def _statement(into: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * rows)}"  # noqa: S608 — `into` is our own
