"""The Ledger beside the events: a row a request, budgets of a period, records of Tasks, older files."""

from __future__ import annotations

import asyncio
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextune.adapters.journal import ledger_table
from contextune.adapters.journal.journal_file import MIGRATIONS
from contextune.adapters.journal.store import SqliteJournal
from contextune.core.errors import BudgetReached
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import Rung
from contextune.core.model.money import CacheMiss, Charge, PriceRange, Usage
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.planning.record import Step, TaskRecord
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunUndone
from tests.protocol.samples import REPOSITORY, created, make_quote

HAIKU = Rung(model="claude-haiku-5-5", effort="low")
HOUR = 3_600_000


def reserved(name: str, worst: str | None, *, at: int = HOUR, stream: str = "r_1") -> RequestReserved:
    return RequestReserved(
        run_id=stream,
        at=at,
        request_id=name,
        task_id="t",
        role="executor",
        rung=HAIKU,
        prompt_tokens=10,
        worst_case=None if worst is None else Decimal(worst),
        attempt=2,
        repository=REPOSITORY,
    )


def settled(request: RequestReserved, dollars: str, **more: Any) -> RequestSettled:
    charge = Charge(usage=Usage(output_tokens=3), dollars=Decimal(dollars), at_sonnet=Decimal(1))
    return RequestSettled(
        run_id=request.run_id,
        at=request.at + 5,
        request_id=request.request_id,
        task_id=request.task_id,
        role=request.role,
        rung=request.rung,
        charge=charge,
        attempt=request.attempt,
        **more,
    )


async def test_a_request_is_one_row_from_reserved_to_settled(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    one, two = reserved("q1", "0.5"), reserved("q2", None, at=2 * HOUR)
    await journal.append([one, two])
    assert [entry.request_id for entry in await journal.unsettled()] == ["q1", "q2"]
    miss = CacheMiss(reason="tools_changed", tokens=7)
    await journal.append([settled(one, "0.25", miss=miss)])
    first, second = await journal.ledger()
    assert (first.counted, first.settled, first.attempt, first.miss) == (Decimal("0.25"), True, 2, miss)
    assert (first.usage.output_tokens, first.repository) == (3, REPOSITORY)
    assert (second.counted, second.settled, second.worst_case) == (Decimal(0), False, None)
    assert await journal.ledger(since=HOUR + 1) == [second]
    assert await journal.ledger(until=2 * HOUR) == [first]
    assert await journal.ledger(repository="/elsewhere") == []
    assert await journal.unsettled() == [second]
    await journal.close()


async def test_a_reservation_beyond_a_cap_is_taken_back_and_its_neighbours_stay(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    cap = Cap(scope="day", since=HOUR, limit=Decimal("1"))
    yesterday = reserved("q0", "50", at=HOUR - 1_800_000)
    await journal.append([yesterday], caps=[Cap(scope="day", since=0, limit=Decimal(50))])
    outcomes = await asyncio.gather(
        *(journal.append([reserved(f"q{n}", "0.4")], caps=[cap]) for n in range(1, 5)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 2
    assert all(isinstance(outcome, BudgetReached) for outcome in refused)
    assert [entry.request_id for entry in await journal.unsettled()] == ["q0", "q1", "q2"]
    assert len(await journal.read("r_1")) == 3
    await journal.append([settled(reserved("q1", "0.4"), "0.1")])
    await journal.append([reserved("q5", "0.5")], caps=[cap])
    with pytest.raises(BudgetReached) as caught:
        await journal.append([reserved("q6", "0.01")], caps=[cap])
    assert (caught.value.scope, caught.value.needed) == ("day", Decimal("1.01"))
    await journal.close()


async def test_two_processes_share_the_budget_of_a_day(tmp_path: Path) -> None:
    """Each on a connection of its own, as two processes have: what one holds back the other sees."""
    one, other = SqliteJournal(tmp_path / "j.db"), SqliteJournal(tmp_path / "j.db")
    cap = Cap(scope="day", since=0, limit=Decimal("1"))
    outcomes = await asyncio.gather(
        *((one, other)[n % 2].append([reserved(f"q{n}", "0.03")], caps=[cap]) for n in range(60)),
        return_exceptions=True,
    )
    assert sum(outcome is None for outcome in outcomes) == 33
    await one.close()
    await other.close()


STEPS = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 400_000), st.booleans(), st.integers(0, 400_000)), max_size=40
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_what_a_period_counts_is_the_sum_of_its_requests(
    steps: list[tuple[int, int, bool, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def run() -> None:
        path = tmp_path_factory.mktemp("ledger") / "j.db"
        journal = SqliteJournal(path)
        for number, (hour, worst, ends, cost) in enumerate(steps):
            request = reserved(f"q{number}", str(Decimal(worst) / 10**9), at=hour * HOUR)
            await journal.append([request])
            if ends:
                await journal.append([settled(request, str(Decimal(cost) / 10**9))])
                await journal.append([settled(request, "9")])  # a second word on it counts for nothing
        counted = [entry.counted for entry in await journal.ledger(since=3 * HOUR)]
        total = sum(counted, Decimal(0))
        below = Cap(scope="month", since=3 * HOUR, limit=total)
        await journal.append([reserved("fits", "0", at=9 * HOUR)], caps=[below])
        with pytest.raises(BudgetReached):
            await journal.append([reserved("not", "0.000000001", at=9 * HOUR)], caps=[below])
        await journal.close()

    asyncio.run(run())


def record(run_id: str, task_id: str, **more: Any) -> TaskRecord:
    price = PriceRange(low=Decimal(1), likely=Decimal(2), high=Decimal(3), at_sonnet=Decimal(9))
    return TaskRecord(
        run_id=run_id,
        task_id=task_id,
        at=5,
        kind="tests",
        complexity="simple",
        state="accepted",
        steps=(Step(rung=HAIKU, outcome="green", turns=3, dollars=Decimal("0.1")),),
        dollars=Decimal("0.1"),
        at_sonnet=Decimal(1),
        unpriced=0,
        quoted=price,
        **more,
    )


async def test_the_history_of_a_repository_knows_what_was_taken_back(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    for run_id, repository in (("r_1", REPOSITORY), ("r_2", REPOSITORY), ("r_3", "/elsewhere")):
        told = record(run_id, "a")
        recorded = ev.TaskRecorded(run_id=run_id, at=5, task_id="a", record=told, offline=False)
        await journal.append([created(make_quote(repository), run_id), recorded])
    played = ev.TaskRecorded(run_id="r_2", at=6, task_id="b", record=record("r_2", "b"), offline=True)
    await journal.append([played, RunUndone(run_id="r_1", at=7, branch="main", after="f" * 40)])
    taken_back = msgspec.structs.replace(record("r_1", "a"), reverted=True)
    assert await journal.history(REPOSITORY, offline=False) == [record("r_2", "a"), taken_back]
    assert await journal.history(REPOSITORY, offline=True) == [record("r_2", "b")]
    await journal.close()


async def test_a_file_of_the_first_version_gets_its_ledger(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    old = sqlite3.connect(path)
    old.executescript(f"BEGIN; {MIGRATIONS[0]}; PRAGMA user_version = 1; COMMIT;")
    one, two, planning = (
        reserved("q1", "0.5"),
        reserved("q2", "0.25", at=2 * HOUR),
        reserved("q3", "0.125", stream="plan_r_1"),
    )
    unpriced = reserved("q4", None)
    for event in (planning, created(make_quote(), "r_1"), one, settled(one, "0.000012"), two, unpriced):
        kind = str(type(event).__struct_config__.tag)
        repository = event.repository if isinstance(event, ev.RunCreated) else None
        body = msgspec.json.encode(event)
        old.execute(
            "INSERT INTO events (run_id, repository, at, kind, body) VALUES (?, ?, ?, ?, ?)",
            (event.run_id, repository, event.at, kind, body),
        )
    old.commit()
    old.close()
    journal = SqliteJournal(path)
    found = await journal.ledger()
    assert [(entry.request_id, entry.repository, entry.counted) for entry in found] == [
        ("q3", REPOSITORY, Decimal("0.125")),
        ("q1", REPOSITORY, Decimal("0.000012")),
        ("q2", REPOSITORY, Decimal("0.25")),
        ("q4", REPOSITORY, Decimal(0)),
    ]
    spent = Cap(scope="month", since=0, limit=Decimal("0.375012"))
    await journal.append([reserved("q5", "0")], caps=[spent])
    with pytest.raises(BudgetReached):
        await journal.append([reserved("q6", "0.000001")], caps=[spent])
    await journal.close()
    assert ledger_table.SLOT_MS * 4 == HOUR
