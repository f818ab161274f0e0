"""The file of the Journal: how it is opened, and how it comes to the version of this Contextune."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from contextune.adapters.journal import ledger_table, stream_table
from contextune.core.errors import ContextuneError, PlaceProblem

MIGRATIONS = (
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        repository TEXT,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE INDEX events_by_run ON events (run_id, seq);
    CREATE INDEX runs_by_start ON events (seq) WHERE kind = 'run_created';
    """,
    ledger_table.MIGRATION,
    stream_table.MIGRATION,
)
"""Each brings the file from the version of its place to the next; `PRAGMA user_version` counts them."""


def connect_durable(path: Path) -> sqlite3.Connection:
    """SQLite as the Journal sets it up, for any thread, without the Journal."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    _make_durable(connection)
    return connection


def _make_durable(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to this version. Raises ContextuneError if a newer one wrote it."""
    _make_durable(connection)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise ContextuneError(
            f"The journal {path} is of version {version}, this Contextune knows {len(MIGRATIONS)}: "
            "use the newer Contextune that wrote it."
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")


def is_full(problem: sqlite3.Error) -> bool:
    """Whether SQLite found no room to write."""
    return _code(problem) == sqlite3.SQLITE_FULL


def _code(problem: sqlite3.Error) -> int:
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF


def problem_with(path: Path, problem: sqlite3.Error) -> ContextuneError:
    """What SQLite said, as one sentence; a full disk is a PlaceProblem: the Run can go on later."""
    code = _code(problem)
    if is_full(problem):
        return PlaceProblem(
            f"The disk is full: the journal {path} can't be written. Free some space, then resume the run."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return ContextuneError(
            f"The journal {path} can't be opened for writing: check the rights of its folder."
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return ContextuneError(f"The journal {path} is damaged ({problem}): move it away to start a new one.")
    return ContextuneError(f"The journal {path} can't be used: {problem}.")
