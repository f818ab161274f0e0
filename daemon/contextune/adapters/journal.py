"""The Journal: every event of every Run in one SQLite file.

WAL with `synchronous=FULL`: an event that was acknowledged survives a power cut. One thread owns the one
writing connection and commits whatever waits in one transaction, so that many agents share one sync. A file
lock around each transaction keeps a second process from writing or checkpointing at the same time, which
SQLite before 3.51.3 does not survive in every case (https://sqlite.org/wal.html#walresetbug).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import msgspec

from contextune.core.errors import ContextuneError
from contextune.core.events import AnyEvent, RunCreated
from contextune.core.redact import HINT, redact_all

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
)
"""Each brings the file from the version of its place to the next; `PRAGMA user_version` counts them."""

GROUP_LIMIT = 512
"""The most appends that share one transaction."""

_Row = tuple[str, str | None, int, str, bytes]


class _Append(NamedTuple):
    rows: list[_Row]
    done: asyncio.Future[None]


class SqliteJournal:
    """core.ports.Journal on one file. Create it on any thread; append on one event loop; close it once."""

    def __init__(self, path: Path, *, secrets: Collection[str] = ()) -> None:
        """Open or create the file and bring it to the current version.

        `secrets` are values that are masked wherever they occur, beside those with a known shape. Raises
        ContextuneError if the file can't be used.
        """
        self._path = path
        self._secrets = tuple(secrets)
        self._queue: SimpleQueue[_Append | None] = SimpleQueue()
        self._encoder = msgspec.json.Encoder()
        self._decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
        self._closed = False
        with self._said():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._lock = os.open(path.with_name(path.name + ".lock"), flags, 0o600)
            os.close(os.open(path, flags, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=16
            )
            try:
                with self._alone():
                    _prepare(self._connection, path)
            except BaseException:
                self._connection.close()
                os.close(self._lock)
                raise
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    async def append(self, events: Sequence[AnyEvent]) -> None:
        """Record events, all or none; on return they survive a power cut.

        Raises ContextuneError if the disk is full or the file can't be written.
        """
        if self._closed:
            raise ContextuneError("The journal is closed: nothing can be recorded any more.")
        if not events:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put(_Append([self._row(event) for event in events], done))
        await done

    async def read(self, run_id: str) -> list[AnyEvent]:
        """All events of a Run in order; empty if there is no such Run."""
        rows = await asyncio.to_thread(
            self._select, "SELECT seq, body FROM events WHERE run_id = ? ORDER BY seq", (run_id,)
        )
        events = []
        for seq, body in rows:
            try:
                events.append(self._decoder.decode(body))
            except msgspec.DecodeError as problem:
                raise ContextuneError(
                    f"Event {seq} of run {run_id} in {self._path} can't be read: {problem}. It was "
                    "written by another version of Contextune; open it with that version."
                ) from None
        return events

    async def runs(self, repository: str | None = None) -> list[str]:
        """Ids of Runs, newest first, of one repository or of all."""
        query = "SELECT run_id FROM events WHERE kind = 'run_created'"
        if repository is not None:
            query += " AND repository = ?"
        rows = await asyncio.to_thread(
            self._select, query + " ORDER BY seq DESC", (repository,) if repository is not None else ()
        )
        return [run_id for (run_id,) in rows]

    async def close(self) -> None:
        """Write what waits, fold the log into the file, and close it. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _row(self, event: AnyEvent) -> _Row:
        body = self._encoder.encode(event)
        if self._secrets or HINT.search(body):
            body = self._encoder.encode(redact_all(msgspec.to_builtins(event), self._secrets))
        repository = event.repository if isinstance(event, RunCreated) else None
        kind = str(type(event).__struct_config__.tag)
        return (event.run_id, repository, event.at, kind, body)

    def _write(self) -> None:
        """The writer thread: one transaction for all that waits, until the end is asked for."""
        ended = False
        while not ended:
            batch: list[_Append] = []
            taken = self._queue.get()
            while taken is not None:
                batch.append(taken)
                if len(batch) >= GROUP_LIMIT:
                    break
                try:
                    taken = self._queue.get_nowait()
                except Empty:
                    break
            ended = taken is None
            if batch:
                self._commit(batch)
        with suppress(sqlite3.Error, OSError), self._alone():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        os.close(self._lock)

    def _commit(self, batch: list[_Append]) -> None:
        problem: ContextuneError | None = None
        try:
            with self._said(), self._alone():
                self._insert([row for append in batch for row in append.rows])
        except ContextuneError as said:
            problem = said
        for append in batch:
            # The loop may have ended meanwhile; then nobody waits for the answer.
            with suppress(RuntimeError):
                append.done.get_loop().call_soon_threadsafe(_settle, append.done, problem)

    def _insert(self, rows: list[_Row]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(
                "INSERT INTO events (run_id, repository, at, kind, body) VALUES (?, ?, ?, ?, ?)", rows
            )
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _select(self, query: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
        with self._said():
            uri = self._path.absolute().as_uri() + "?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=30)) as reader:
                return reader.execute(query, values).fetchall()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Turn what SQLite and the system say into one sentence."""
        try:
            yield
        except sqlite3.Error as problem:
            raise ContextuneError(_sentence(self._path, problem)) from problem
        except OSError as problem:
            raise ContextuneError(
                f"The journal {self._path} can't be used: {problem.strerror}. Point CONTEXTUNE_HOME at a "
                "folder that you can write to."
            ) from problem


def _settle(done: asyncio.Future[None], problem: ContextuneError | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(ContextuneError(*problem.args))


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise ContextuneError(
            f"The journal {path} is of version {version}, this Contextune knows {len(MIGRATIONS)}: "
            "use the newer Contextune that wrote it."
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")


def _sentence(path: Path, problem: sqlite3.Error) -> str:
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return f"The disk is full: the journal {path} can't be written. Free some space, then resume the run."
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"The journal {path} can't be opened for writing: check the rights of its folder."
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return f"The journal {path} is damaged ({problem}): move it away to start a new one."
    return f"The journal {path} can't be used: {problem}."
