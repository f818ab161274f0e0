"""What any version has written is read by this one, and means what it meant."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from contextune import __version__
from contextune.adapters.journal.store import SqliteJournal
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.runs.events import AnyEvent
from tests.journals.recordings import MEND, Recording, all_recorded, as_known, decoded, states_of
from tests.journals.stories import MakeDesk, tell_all

PRESENT = Recording(__version__)
UNRECORDED = {"amend_refused", "cliff_avoided", "noted", "processor_awaited", "processor_taken"}
UNRECORDED |= {"run_moved", "task_decided"}
"""One takes a conversation of 100,000 tokens, others a person, a busy machine, or harm to the repository."""
each_version = pytest.mark.parametrize("recording", all_recorded(), ids=lambda one: one.version)


async def test_records_the_present_version(
    request: pytest.FixtureRequest, desk: MakeDesk, tmp_path: Path
) -> None:
    if not request.config.getoption("--record-journals"):
        pytest.skip(f"records only when it is asked to: {MEND}")
    here = await tell_all(desk, tmp_path)
    PRESENT.write(here.home / "journal.db", tmp_path)


def test_every_version_of_the_changelog_is_recorded() -> None:
    changelog = Path(__file__).parents[2] / "CHANGELOG.md"
    told = [line.split()[1] for line in changelog.read_text().splitlines() if line.startswith("## ")]
    missing = {__version__, *told} - {one.version for one in all_recorded()}
    assert not missing, f"No journal of {missing} is recorded. With that version: {MEND}"


@each_version
def test_it_folds_to_the_runs_that_its_own_version_told(recording: Recording) -> None:
    then = msgspec.json.decode(recording.state.read_bytes())
    now = states_of(decoded(recording.lines()))
    assert as_known(now, then) == then, f"Old Runs change their state; if version {__version__} shall: {MEND}"


@each_version
async def test_its_file_is_brought_to_this_version_and_replays(recording: Recording, tmp_path: Path) -> None:
    recording.restore(tmp_path / "journal.db")
    journal = SqliteJournal(tmp_path / "journal.db")
    events = decoded(recording.lines())
    try:
        for run_id in {event.run_id for event in events}:
            assert await journal.read(run_id) == [event for event in events if event.run_id == run_id]
        ledger = [
            (one.request_id, one.stream, one.settled, one.dollars or Decimal(0))
            for one in await journal.ledger()
        ]
        runs = await journal.runs()
        milestones = await journal.milestones()
    finally:
        await journal.close()
    assert ledger == _billed(events)
    assert sorted(runs) == sorted(states_of(events))
    assert {one.run_id for one in milestones} == set(runs)
    assert _schema(tmp_path / "journal.db") == await _new_schema(tmp_path / "new.db")


def test_the_present_version_is_recorded_as_it_is_now() -> None:
    mend = f"The journal of {__version__} is recorded as it was before: {MEND}"
    lines = PRESENT.lines()
    kinds = {str(kind.__struct_config__.tag) for kind in get_args(AnyEvent)}
    assert {msgspec.json.decode(line)["kind"] for line in lines} | UNRECORDED == kinds, mend
    assert [msgspec.json.encode(event) for event in decoded(lines)] == lines, mend


def _billed(events: list[AnyEvent]) -> list[tuple[str, str, bool, Decimal]]:
    """Each request with what it cost, in the order in which they left."""
    settled = {one.request_id: one for one in events if isinstance(one, RequestSettled)}
    reserved = [one for one in events if isinstance(one, RequestReserved)]
    return [
        (one.request_id, one.run_id, one.request_id in settled, _cost(settled.get(one.request_id)))
        for one in reserved
    ]


def _cost(settled: RequestSettled | None) -> Decimal:
    return Decimal(0) if settled is None else settled.charge.dollars or Decimal(0)


def _schema(path: Path) -> list[tuple[Any, ...]]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(query).fetchall()
        version = connection.execute("PRAGMA user_version").fetchall()
    return [*((*row[:3], " ".join((row[3] or "").split())) for row in rows), *version]


async def _new_schema(path: Path) -> list[tuple[Any, ...]]:
    await SqliteJournal(path).close()
    return _schema(path)
