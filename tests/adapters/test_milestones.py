"""Many Runs told at once, from a real journal."""

from __future__ import annotations

from pathlib import Path

import msgspec

from contextune.adapters.journal.store import SqliteJournal
from contextune.core.model.conversation import Message
from contextune.core.proof.evidence import Baseline
from contextune.core.runs.events import MessageAdded, Noted
from contextune.core.runs.run import fold
from tests.core import past


async def test_milestones_tell_where_runs_stand_without_what_was_said(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    opened = past.created("r_1")
    baseline = Baseline(command="t", exit_code=1, tree="t0", duration_ms=9, output="long", failing=("a",))
    quote = msgspec.structs.replace(opened.quote, baseline=baseline)
    opened = msgspec.structs.replace(opened, baseline=baseline, quote=quote)
    seen = past.gate("r_1", "a", "red", 2_000, ("b",))
    loud = msgspec.structs.replace(seen, evidence=msgspec.structs.replace(seen.evidence, output="x" * 9_000))
    others = [past.created("r_2", repository="/elsewhere"), *past.joined("r_2")]
    said = MessageAdded(
        run_id="r_1", at=3, task_id="a", attempt=1, turn=1, message=Message(role="user", blocks=())
    )
    await journal.append(
        [opened, said, *past.attempted("r_1", loud), Noted(run_id="r_1", at=4, text="x"), *others]
    )
    quiet = msgspec.structs.replace(baseline, output="")
    expected = msgspec.structs.replace(
        opened, baseline=quiet, quote=msgspec.structs.replace(quote, baseline=quiet)
    )
    own = [expected, *past.attempted("r_1", seen)]
    assert await journal.milestones("/elsewhere") == others
    assert await journal.milestones(past.REPOSITORY) == own
    assert await journal.milestones() == [*own, *others]
    run = fold(await journal.milestones("/elsewhere"))
    assert run == fold(await journal.read("r_2"))
    await journal.close()
