from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.journal import journal_rows, stream_table, transaction
from contextune.adapters.journal.journal_file import MIGRATIONS
from contextune.adapters.journal.store import SqliteJournal
from contextune.core.errors import BudgetReached, ContextuneError
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import Message, Rung, Text, ToolResult
from contextune.core.model.money import Charge, PriceRange, Usage
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.planning.plan import Plan
from contextune.core.planning.quote import Quote
from contextune.core.ports import Journal
from contextune.core.redact import may_hold_secret
from contextune.core.runs.endings import RunCancelled
from contextune.core.runs.events import (
    AnyEvent,
    MessageAdded,
    Noted,
    RunCreated,
    RunResumed,
    TaskEnded,
)
from contextune.core.worktrees.snapshot import Base

RUNG = Rung(model="claude-haiku-5-5", effort="low")


def reserved(request_id: str, at: int) -> RequestReserved:
    return RequestReserved(
        run_id="r1",
        at=at,
        request_id=request_id,
        task_id="t",
        role="executor",
        rung=RUNG,
        prompt_tokens=1,
        worst_case=Decimal(1_000),
    )


def settled(request_id: str, dollars: int) -> RequestSettled:
    charge = Charge(usage=Usage(), dollars=Decimal(dollars), at_sonnet=Decimal(dollars))
    return RequestSettled(
        run_id="r1", at=1, request_id=request_id, task_id="t", role="executor", rung=RUNG, charge=charge
    )


def noted(run_id: str, text: str, at: int = 1) -> Noted:
    return Noted(run_id=run_id, at=at, text=text)


async def test_reads_back_what_was_appended(tmp_path: Path) -> None:
    journal: Journal = SqliteJournal(tmp_path / "state" / "journal.db")
    message = Message(role="user", blocks=(Text(text="ö\n"), ToolResult(tool_use_id="t", content="out")))
    events: list[AnyEvent] = [
        noted("r1", "one"),
        RunResumed(run_id="r1", at=2, budget=Decimal("2.10")),
        MessageAdded(run_id="r1", at=3, task_id="t", attempt=1, turn=1, message=message),
        TaskEnded(run_id="r1", at=4, task_id="t", state="failed", reason="no"),
    ]
    await journal.append(events[:2])
    await journal.append([])
    await journal.append([noted("r2", "other"), *events[2:]])
    assert await journal.read("r1") == events
    assert await journal.read("gone") == []
    await journal.close()
    await journal.close()
    again = SqliteJournal(tmp_path / "state" / "journal.db")
    assert await again.read("r1") == events
    await again.close()
    assert (tmp_path / "state" / "journal.db").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ContextuneError, match="closed"):
        await again.append(events)


async def test_many_writers_keep_their_own_order(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")

    async def agent(run_id: str) -> None:
        for number in range(50):
            await journal.append([noted(run_id, str(number)), noted(run_id, f"{number}b")])

    await asyncio.gather(*(agent(f"r{i}") for i in range(16)))
    for i in range(16):
        texts = [event.text for event in await journal.read(f"r{i}") if isinstance(event, Noted)]
        assert texts == [f"{number}{part}" for number in range(50) for part in ("", "b")]
    await journal.close()


async def test_what_nobody_stands_still_for_shares_the_next_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[int] = []
    write = transaction.write

    def counted(connection: sqlite3.Connection, entries: Sequence[transaction.Entry]) -> Any:
        together.append(len(entries))
        return write(connection, entries)

    monkeypatch.setattr(transaction, "write", counted)
    journal = SqliteJournal(tmp_path / "journal.db")
    await asyncio.gather(
        journal.append([noted("r1", "one")], soon=True),
        journal.append([noted("r2", "two")], soon=True),
        journal.append([noted("r1", "three")]),
    )
    assert together == [3]
    await journal.append([noted("r1", "four")], soon=True)  # nobody follows: it goes by itself
    last = asyncio.ensure_future(journal.append([noted("r1", "five")], soon=True))
    await asyncio.sleep(0)
    await journal.close()
    await last
    assert together == [3, 1, 1]
    again = SqliteJournal(tmp_path / "journal.db")
    assert await again.read("r1") == [noted("r1", text) for text in ("one", "three", "four", "five")]
    await again.close()


@pytest.mark.parametrize("many", [1, 8, 9, 64, 100])
async def test_many_rows_keep_their_numbers(tmp_path: Path, many: int) -> None:
    """The Ledger's rows lead to their events, however many statements wrote those."""
    journal = SqliteJournal(tmp_path / "journal.db")
    await asyncio.gather(
        *(journal.append([noted("r1", str(n)), reserved(f"q_{n}", n)], soon=True) for n in range(many)),
        *(journal.append([settled(f"q_{n}", n)]) for n in range(0, many, 3)),
    )
    entries = await journal.ledger()
    assert [(e.request_id, e.at, e.settled) for e in entries] == [
        (f"q_{n}", n, n % 3 == 0) for n in range(many)
    ]
    assert sum(e.dollars or 0 for e in entries) == sum(Decimal(n) for n in range(0, many, 3))
    await journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as file:
        ((total,),) = file.execute("SELECT coalesce(sum(counted), 0) FROM spending")
    assert total == sum(10**12 * (n if n % 3 == 0 else 1_000) for n in range(many))


async def test_a_cap_counts_what_the_same_transaction_settles(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db")
    cap = Cap(scope="day", since=0, limit=Decimal(1_500))
    outcomes = await asyncio.gather(
        journal.append([reserved("q_1", 1)], caps=[cap], soon=True),
        journal.append([reserved("q_2", 2)], caps=[cap], soon=True),
        journal.append([settled("q_1", 1)], soon=True),
        journal.append([reserved("q_3", 3)], caps=[cap]),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), BudgetReached, type(None), type(None)]
    assert str(outcomes[1]) == (
        "The budget of the day, $1500, is reached: $1000.0000 spent or held back, and the next request could "
        "cost $1000.0000."
    )
    assert [e.request_id for e in await journal.ledger()] == ["q_1", "q_3"]
    await journal.close()


async def test_a_cap_counts_all_reservations_of_one_append(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db")
    cap = Cap(scope="day", since=0, limit=Decimal(1_500))
    with pytest.raises(BudgetReached, match=r"\$1000\.0000 spent or held back"):
        await journal.append([reserved("q_1", 1), reserved("q_2", 2)], caps=[cap])
    assert await journal.ledger() == []
    await journal.append([reserved("q_3", 3)], caps=[cap])
    await journal.close()


async def test_two_journals_on_one_file_both_keep_everything(tmp_path: Path) -> None:
    first, second = SqliteJournal(tmp_path / "j.db"), SqliteJournal(tmp_path / "j.db")
    await asyncio.gather(
        *(journal.append([noted("r", f"{n}")]) for n in range(100) for journal in (first, second))
    )
    assert len(await first.read("r")) == 200
    await first.close()
    await second.append([RunCancelled(run_id="r", at=9)])
    assert len(await second.read("r")) == 201
    await second.close()


async def test_streams_are_read_from_where_they_are(tmp_path: Path) -> None:
    """More events than a slot of the file holds, of streams that lie within each other."""
    journal = SqliteJournal(tmp_path / "j.db")
    streams = ["r_a", "r_b", "plan_r_a"]
    events = [noted(streams[n % 7 % 3], str(n), at=n) for n in range(5_000)]
    for start in range(0, 5_000, 500):
        await journal.append(events[start : start + 500])
    await journal.append([noted("r_late", "one"), noted("r_a", "again")])
    for stream in streams:
        own = [event for event in events if event.run_id == stream]
        own += [noted("r_a", "again")] if stream == "r_a" else []
        assert await journal.read(stream) == own
        assert await journal.read(stream, after=len(own) - 2) == own[-2:]
        assert await journal.read(stream, after=len(own)) == []
    assert await journal.read("r_late") == [noted("r_late", "one")]
    await journal.close()
    with sqlite3.connect(tmp_path / "j.db") as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN " + stream_table.READ, ("r_a", 0)).fetchall()
        slots = connection.execute("SELECT slot FROM streams WHERE run_id = 'r_late'").fetchall()
    connection.close()
    steps = [step for *_, step in plan]
    assert [step.split()[0] for step in steps] == ["SEARCH", "SEARCH"], steps
    assert slots == [(5_001 // 1024,)]


async def test_a_large_event_is_looked_through_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[bool, set[str]] = {True: set(), False: set()}

    def look(body: bytes) -> bool:
        threads[len(body) > journal_rows.AT_ONCE].add(threading.current_thread().name)
        return may_hold_secret(body)

    monkeypatch.setattr(journal_rows, "may_hold_secret", look)
    journal = SqliteJournal(tmp_path / "j.db")
    key = "sk-ant-api03-" + "x9Y_" * 20
    large = "word " * 800_000 + key
    appends = [
        journal.append([noted("large", large)]),
        *(journal.append([noted("r", "x")]) for _ in range(9)),
    ]
    await asyncio.gather(*appends)
    assert await journal.read("large") == [noted("large", large.replace(key, "sk-ant-[masked]"))]
    assert len(await journal.read("r")) == 9
    await journal.close()
    here = threading.current_thread().name
    assert threads[False] == {here}
    assert len(threads[True]) == 1
    assert here not in threads[True]


async def test_what_is_looked_through_while_the_journal_closes_is_refused(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    late = asyncio.ensure_future(journal.append([noted("r", "x" * (journal_rows.AT_ONCE + 1))]))
    await asyncio.sleep(0)
    await journal.close()
    with pytest.raises(ContextuneError, match="closed"):
        await late


async def test_masks_secrets(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db", secrets=["local-server-key"])
    key = "sk-ant-api03-" + "x9Y_" * 20
    await journal.append([noted("r", f"key {key}"), noted("r", "key local-server-key")])
    assert await journal.read("r") == [noted("r", "key sk-ant-[masked]"), noted("r", "key [masked]")]
    await journal.close()
    stored = b"".join(file.read_bytes() for file in _files(tmp_path))
    assert b"[masked]" in stored
    assert b"x9Y_" not in stored
    assert b"local-server-key" not in stored


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def _count(path: Path) -> int:
    journal = SqliteJournal(path)
    events = await journal.read("r")
    await journal.close()
    return len(events)


WRITER = """
import asyncio, sys
from pathlib import Path
from contextune.adapters.journal import journal_rows
from contextune.adapters.journal import stream_table
from contextune.adapters.journal.store import SqliteJournal
from contextune.core.errors import BudgetReached, ContextuneError
from contextune.core.model.budget import Cap
from contextune.core.runs.events import AnyEvent, Noted
async def main():
    journal = SqliteJournal(Path(sys.argv[1]))
    for n in range(int(sys.argv[2])):
        try:
            await journal.append([Noted(run_id="r", at=n, text="x" * 400)])
        except ContextuneError as problem:
            print("said", problem, flush=True)
            break
        print(n, flush=True)
    await journal.close()
"""


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path) -> None:
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER + "\nasyncio.run(main())", str(tmp_path / "j.db"), "1000000"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for line in writer.stdout:
            if line.strip() == "40":
                writer.send_signal(signal.SIGKILL)
                break
        last = [40, *(int(line) for line in writer.stdout if line.endswith("\n"))][-1]
        writer.stdout.close()
        writer.wait()
        assert asyncio.run(_count(tmp_path / "j.db")) >= last + 1
        (tmp_path / "j.db").unlink()


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    limited = textwrap.dedent(
        """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", WRITER + limited + "\nasyncio.run(main())", str(tmp_path / "j.db"), "5000"],
        capture_output=True,
        text=True,
        check=True,
    )
    *acknowledged, said = done.stdout.splitlines()
    assert said.startswith("said The ")
    assert str(tmp_path / "j.db") in said
    with sqlite3.connect(tmp_path / "j.db") as connection:
        (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
    connection.close()
    assert count == len(acknowledged) > 5


async def test_says_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ContextuneError, match="CONTEXTUNE_HOME"):
        SqliteJournal(tmp_path / "file" / "j.db")
    (tmp_path / "bad.db").write_bytes(b"this is no database, certainly not" * 100)
    with pytest.raises(ContextuneError, match="damaged"):
        SqliteJournal(tmp_path / "bad.db")
    with sqlite3.connect(tmp_path / "new.db") as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(ContextuneError, match="newer Contextune"):
        SqliteJournal(tmp_path / "new.db")
    journal = SqliteJournal(tmp_path / "j.db")
    await journal.append([noted("r", "x")])
    await journal.close()
    with sqlite3.connect(tmp_path / "j.db") as connection:
        connection.execute("""UPDATE events SET body = CAST('{"kind":"from_the_future"}' AS BLOB)""")
    connection.close()
    journal = SqliteJournal(tmp_path / "j.db")
    with pytest.raises(ContextuneError, match="another version"):
        await journal.read("r")
    await journal.close()


async def test_lists_runs_newest_first(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    await journal.append([created("a", "/one"), created("b", "/two")])
    await journal.append([noted("a", "x"), created("c", "/one")])
    assert await journal.runs() == ["c", "b", "a"]
    assert await journal.runs("/one") == ["c", "a"]
    assert await journal.runs("/gone") == []
    await journal.close()


def created(run_id: str, repository: str) -> RunCreated:
    base = Base(commit="c", tree="t", head="c", branch="main")
    plan = Plan(tasks=())
    price = PriceRange(low=None, likely=None, high=None, at_sonnet=None)
    quote = Quote(
        id="q",
        repository=repository,
        title="x",
        base=base,
        todos=(),
        plan=plan,
        waves=(),
        overlaps=(),
        tasks=(),
        price=price,
        planning=(),
        budget=Decimal(2),
        agents=1,
        gate=None,
        baseline=None,
    )
    return RunCreated(
        run_id=run_id,
        at=1,
        repository=repository,
        title="x",
        base=base,
        plan=plan,
        todos=(),
        quote=quote,
        baseline=None,
        gate=None,
        budget=Decimal(2),
        agents=1,
        accept="none",
        ladder=(Rung(model="m", effort="low"),),
        offline=False,
    )


async def test_a_long_event_of_one_run_lets_no_other_run_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()
    monkeypatch.setattr(
        journal_rows,
        "may_hold_secret",
        lambda body: looked.wait(30) if len(body) > journal_rows.AT_ONCE else False,
    )
    journal = SqliteJournal(tmp_path / "j.db")
    long = asyncio.ensure_future(journal.append([noted("r", "x " * journal_rows.AT_ONCE)]))
    await asyncio.sleep(0)
    await asyncio.wait_for(journal.append([noted("other", "short")]), 20)
    assert not long.done()
    looked.set()
    await long
    await journal.close()


async def test_a_short_event_does_not_overtake_a_long_one(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    long = noted("r", "x " * journal_rows.AT_ONCE)
    await asyncio.gather(journal.append([long]), journal.append([noted("r", "short")]))
    assert await journal.read("r") == [long, noted("r", "short")]
    await journal.close()
