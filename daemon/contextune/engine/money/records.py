"""Records of ended Tasks: made when a drive ends, read when the next Quote is made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from contextune.core.model.money import PriceRange
from contextune.core.planning.record import Step, TaskRecord, newest_records
from contextune.core.ports import Journal, Repository
from contextune.core.routing.kinds import kind_of
from contextune.core.runs.events import TaskRecorded
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import Attempt, TaskRun
from contextune.core.states import ENDED_TASK

UNQUOTED = PriceRange(low=None, likely=None, high=None, at_sonnet=None)


def record_of(run: Run, task: TaskRun, at: int) -> TaskRecord:
    """What came of an ended Task. `at` is when it ended, in milliseconds since the epoch."""
    quoted = run.quote.priced(task.id)
    return TaskRecord(
        run_id=run.id,
        task_id=task.id,
        at=at,
        kind=kind_in(run, task),
        complexity=task.task.complexity,
        state=task.state,
        steps=tuple(_step(attempt) for attempt in task.attempts),
        dollars=task.bill.dollars,
        at_sonnet=task.bill.at_sonnet,
        unpriced=task.bill.unpriced,
        quoted=quoted.price if quoted else UNQUOTED,
        explored=quoted.explored if quoted else False,
        commit=task.joined,
    )


def kind_in(run: Run, task: TaskRun) -> str:
    """What kind of Task it is: as its Quote says, or by its own facts where that is older than kinds."""
    quoted = run.quote.priced(task.id)
    return quoted.kind if quoted and quoted.kind else kind_of(task.task, run.todos)


def _step(attempt: Attempt) -> Step:
    dollars = None if attempt.bill.unpriced else attempt.bill.dollars
    return Step(rung=attempt.rung, outcome=attempt.outcome, turns=attempt.turns, dollars=dollars)


async def unrecorded(journal: Journal, run: Run, at: int) -> list[TaskRecorded]:
    """A record of each ended Task that has none yet, or that was done again since its last one."""
    known = {
        event.task_id: event.record for event in await journal.read(run.id) if isinstance(event, TaskRecorded)
    }
    made = (record_of(run, task, at) for task in run.tasks if task.state in ENDED_TASK)
    return [
        TaskRecorded(run_id=run.id, at=at, task_id=record.task_id, record=record, offline=run.offline)
        for record in made
        if not _is_same(record, known)
    ]


def _is_same(record: TaskRecord, known: Mapping[str, TaskRecord]) -> bool:
    before = known.get(record.task_id)
    return before is not None and before == msgspec.structs.replace(record, at=before.at)


async def history(journal: Journal, repository: Repository, *, offline: bool) -> tuple[TaskRecord, ...]:
    """A repository's records, newest first, one a Task; marked where the work was taken back since."""
    records = newest_records(await journal.history(str(repository.root), offline=offline))
    commits = {record.commit for record in records if record.commit is not None}
    if not commits:
        return records
    reverted = await asyncio.to_thread(repository.reverted, commits)
    return tuple(
        msgspec.structs.replace(record, reverted=record.reverted or record.commit in reverted)
        for record in records
    )
