"""The Journal: every event of every Run in one SQLite file.

WAL with `synchronous=FULL`: an event that was acknowledged survives a power cut. One thread owns the one
writing connection and commits whatever waits in one transaction, so that many agents share one sync. A file
lock around each transaction keeps a second process from writing or checkpointing at the same time, which
SQLite before 3.51.3 does not survive in every case (https://sqlite.org/wal.html#walresetbug).
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import msgspec

from contextune.adapters.journal import ledger_table, milestones, stream_table, transaction
from contextune.adapters.journal.journal_file import is_full, prepare, problem_with
from contextune.adapters.journal.journal_rows import RowEncoder, are_long
from contextune.adapters.journal.reserve import Reserve
from contextune.adapters.journal.transaction import Entry
from contextune.core.errors import BudgetReached, ContextuneError
from contextune.core.model.budget import Cap
from contextune.core.model.ledger import LedgerEntry
from contextune.core.planning.record import TaskRecord
from contextune.core.runs.events import AnyEvent, ShadowFinished, TaskRecorded

log = logging.getLogger(__name__)

GROUP_LIMIT = 512
"""The most appends that share one transaction."""

MOMENT = 0.000_3
"""Seconds that a transaction waits for one more append of those that shared the one before."""

AGAIN = 0.001
"""Seconds after a transaction in which those who shared it may be about to append again."""

SOON = 0.005
"""Seconds that events nobody stands still for wait at most for others, to share their transaction."""

HISTORY_LIMIT = 2_000
"""Records of a repository that are read: older ones say little of what a Task costs today."""

FOREVER = 2**62
"""Later than any time, in milliseconds."""


class _Append(NamedTuple):
    entry: Entry
    done: asyncio.Future[None]


_NEWS = "SELECT run_id, max(seq) FROM events WHERE seq > ? GROUP BY run_id"


class SqliteJournal:
    """core.ports.Journal on one file. Create it on any thread; append on one event loop; close it once."""

    def __init__(self, path: Path, *, secrets: Collection[str] = ()) -> None:
        """Open or create the file and bring it to the current version.

        `secrets` are values that are masked wherever they occur, beside those with a known shape. Raises
        ContextuneError if the file can't be used.
        """
        self._path = path
        self._rows = RowEncoder(secrets)
        self._queue: SimpleQueue[list[_Append] | None] = SimpleQueue()
        self._resting: list[_Append] = []
        """What may wait for others, on the event loop's side."""
        self._due: asyncio.TimerHandle | None = None
        """When it goes without them."""
        self._decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
        self._record_decoder: msgspec.json.Decoder[TaskRecorded] = msgspec.json.Decoder(TaskRecorded)
        self._shadow_decoder: msgspec.json.Decoder[ShadowFinished] = msgspec.json.Decoder(ShadowFinished)
        self._closed = False
        self._ordering: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By Run: held while rows are made, long ones in a thread, and until they are in the queue."""
        self._reserve = Reserve(path.with_name(path.name + ".reserve"))
        with self._said():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._lock = os.open(path.with_name(path.name + ".lock"), flags, 0o600)
            os.close(os.open(path, flags, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=32
            )
            try:
                with self._alone():
                    prepare(self._connection, path)
            except BaseException:
                self._connection.close()
                os.close(self._lock)
                raise
        self._reserve.hold()
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    async def append(
        self, events: Sequence[AnyEvent], *, caps: Sequence[Cap] = (), soon: bool = False
    ) -> None:
        """Record events, all or none, a Run's in the order of the calls; on return they survive a power cut.

        With `soon` they wait up to SOON for others to be synced with.

        Raises BudgetReached if a reservation among them exceeds one of `caps`, counted over all processes,
        and ContextuneError if the disk is full or the file can't be written.
        """
        if not events:
            return
        async with self._ordering[events[0].run_id]:
            if are_long(events):
                rows = await asyncio.to_thread(self._rows.rows_in_parts, events)
            else:
                rows = self._rows.rows(events)
            if self._closed:
                raise ContextuneError("The journal is closed: nothing can be recorded any more.")
            if not rows:
                return
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._resting.append(_Append(Entry(rows, events, caps), done))
            if not soon:
                self._send()
            elif self._due is None:
                self._due = asyncio.get_running_loop().call_later(SOON, self._send)
        await done

    async def read(self, run_id: str, after: int = 0) -> list[AnyEvent]:
        """The events of a Run in order but for the first `after`; empty if there are none."""
        return await asyncio.to_thread(self._read, run_id, after)

    async def news(self, since: int | None) -> tuple[int, list[str]]:
        """A place in the Journal, and the streams of events that any process has added since an earlier one.

        None stands for its present end.
        """
        if since is None:
            ((place,),) = await asyncio.to_thread(self._select, "SELECT max(seq) FROM events", ())
            return place or 0, []
        rows = await asyncio.to_thread(self._select, _NEWS, (since,))
        return max((seq for _, seq in rows), default=since), [run_id for run_id, _ in rows]

    async def runs(self, repository: str | None = None) -> list[str]:
        """Ids of Runs, newest first, of one repository or of all."""
        query = "SELECT run_id FROM events WHERE kind = 'run_created'"
        if repository is not None:
            query += " AND repository = ?"
        rows = await asyncio.to_thread(
            self._select, query + " ORDER BY seq DESC", (repository,) if repository is not None else ()
        )
        return [run_id for (run_id,) in rows]

    async def ledger(
        self, *, since: int = 0, until: int | None = None, repository: str | None = None
    ) -> list[LedgerEntry]:
        """Requests reserved from `since` to before `until`, in order; of one repository or of all."""
        values = (since, FOREVER if until is None else until, repository, repository)
        return await asyncio.to_thread(self._ledger, ledger_table.QUERY, values)

    async def unsettled(self) -> list[LedgerEntry]:
        """Requests that are held back, of every process: in flight, or left so by one that died."""
        return await asyncio.to_thread(self._ledger, ledger_table.OPEN, ())

    async def history(self, repository: str, *, offline: bool) -> list[TaskRecord]:
        """Records of a repository's ended Tasks, newest first, those of Runs that were undone `reverted`."""
        return await asyncio.to_thread(self._history, repository, offline)

    async def milestones(self, repository: str | None = None) -> list[AnyEvent]:
        """Events of all Runs in order, of one repository or of all, without conversations and requests."""
        return await asyncio.to_thread(self._milestones, repository)

    async def shadows(self, repository: str, *, offline: bool) -> list[ShadowFinished]:
        """Shadow samples of a repository's Tasks, newest first."""
        return await asyncio.to_thread(self._shadows, repository, offline)

    async def close(self) -> None:
        """Write what waits, fold the log into the file, and close it. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._send()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _send(self) -> None:
        """Have all that rests written."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._resting:
            self._queue.put(self._resting)
            self._resting = []

    def _write(self) -> None:
        """The writer thread: one transaction for all that waits, until the end is asked for."""
        ended, before, committed = False, 0, 0.0
        while not ended:
            batch, before, ended = self._gathered(before, committed)
            if batch:
                self._commit(batch)
                committed = time.monotonic()
        with suppress(sqlite3.Error, OSError), self._alone():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        os.close(self._lock)

    def _gathered(self, before: int, committed: float) -> tuple[list[_Append], int, bool]:
        """What waits, how many stood still for it, and whether the end was asked for.

        Those whose appends shared the last transaction are about to append again: they are waited for a
        moment, so that they share the next one, too. One that appends alone, or later, is never kept waiting.
        """
        batch: list[_Append] = []
        callers = 0
        taken = self._queue.get()
        if time.monotonic() - committed > AGAIN:
            before = 0
        while taken is not None:
            batch += taken
            callers += 1
            if len(batch) >= GROUP_LIMIT:
                return batch, callers, False
            try:
                taken = self._queue.get(timeout=MOMENT) if callers < before else self._queue.get_nowait()
            except Empty:
                return batch, callers, False
        return batch, callers, True

    def _commit(self, batch: list[_Append]) -> None:
        problems: Sequence[ContextuneError | None]
        try:
            with self._said():
                problems = self._insert(batch)
        except ContextuneError as said:
            problems = [said] * len(batch)
        # One wake of the loop for all: each costs a system call. It may have ended meanwhile; then nobody
        # waits for the answer.
        for loop in {append.done.get_loop() for append in batch}:
            own = [pair for pair in zip(batch, problems, strict=True) if pair[0].done.get_loop() is loop]
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle_all, own)

    def _insert(self, batch: list[_Append]) -> Sequence[ContextuneError | None]:
        """The same; on a full disk in the room that is held back, so that Runs can tell why they pause."""
        try:
            with self._alone():
                problems = self._insert_all(batch)
        except sqlite3.Error as problem:
            if not is_full(problem) or not self._reserve.release():
                raise
            log.warning("The disk is full: the room that was held back for %s is used.", self._path)
            with self._alone():
                return self._insert_all(batch)
        self._reserve.hold()
        return problems

    def _insert_all(self, batch: list[_Append]) -> Sequence[ContextuneError | None]:
        """One transaction for all; an append whose reservation exceeds a cap is taken back by itself."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            problems = transaction.write(self._connection, [append.entry for append in batch])
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return problems

    def _read(self, run_id: str, after: int) -> list[AnyEvent]:
        events = []
        for seq, body in self._select(stream_table.READ, (run_id, after)):
            try:
                events.append(self._decoder.decode(body))
            except msgspec.DecodeError as problem:
                raise ContextuneError(
                    f"Event {seq} of run {run_id} in {self._path} can't be read: {problem}. It was "
                    "written by another version of Contextune; open it with that version."
                ) from None
        return events

    def _ledger(self, query: str, values: tuple[Any, ...]) -> list[LedgerEntry]:
        rows = self._select(query, values)
        with self._readable():
            return [ledger_table.entry(*row) for row in rows]

    def _history(self, repository: str, offline: bool) -> list[TaskRecord]:
        rows = self._select(_HISTORY, (repository, HISTORY_LIMIT))
        records = []
        with self._readable():
            for body, ending in rows:
                event = self._record_decoder.decode(body)
                if event.offline == offline:
                    taken_back = ending in ("run_undone", "run_discarded")
                    records.append(msgspec.structs.replace(event.record, reverted=taken_back))
        return records

    def _milestones(self, repository: str | None) -> list[AnyEvent]:
        rows = self._select(milestones.QUERY, (repository, repository))
        with self._readable():
            return [self._decoder.decode(body) for (body,) in rows]

    def _shadows(self, repository: str, offline: bool) -> list[ShadowFinished]:
        rows = self._select(_SHADOWS, (repository, int(offline)))
        with self._readable():
            return [self._shadow_decoder.decode(body) for (body,) in rows]

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except msgspec.DecodeError as problem:
            raise ContextuneError(
                f"An event in {self._path} can't be read: {problem}. It was written by another version of "
                "Contextune; open it with that version."
            ) from None

    def _select(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
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
            raise problem_with(self._path, problem) from problem
        except OSError as problem:
            raise ContextuneError(
                f"The journal {self._path} can't be used: {problem.strerror}. Point CONTEXTUNE_HOME at a "
                "folder that you can write to."
            ) from problem


_HISTORY = """
    SELECT e.body,
           (SELECT kind FROM events x WHERE x.run_id = e.run_id
               AND x.kind IN ('run_accepted', 'run_undone', 'run_discarded') ORDER BY x.seq DESC LIMIT 1)
      FROM events e
     WHERE e.kind = 'task_recorded'
       AND e.run_id IN (SELECT run_id FROM events WHERE kind = 'run_created' AND repository = ?)
     ORDER BY e.seq DESC LIMIT ?
    """

_SHADOWS = """
    SELECT body FROM events
     WHERE kind = 'shadow_finished'
       AND run_id IN (SELECT run_id FROM events WHERE kind = 'run_created' AND repository = ?
                         AND json(CAST(body AS TEXT)) ->> 'offline' = ?)
     ORDER BY seq DESC
    """


def _settle_all(settled: Sequence[tuple[_Append, ContextuneError | None]]) -> None:
    for append, problem in settled:
        _settle(append.done, problem)


def _settle(done: asyncio.Future[None], problem: ContextuneError | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem if isinstance(problem, BudgetReached) else type(problem)(*problem.args))
