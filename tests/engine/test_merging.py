"""Tasks that git cannot merge: who does it, and what is said of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.core.runs import events as ev
from contextune.core.runs.merged import merged_text
from contextune.core.runs.run import Run
from tests.adapters.test_structured_merge import BOTH, program
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, edit, finish, plays, task, turn, waits_for

FEE = edit("calc/rates.py", "RATE = 2\n", "RATE = 2\nFEE = 1\n")
TAX = edit("calc/rates.py", "RATE = 2\n", "RATE = 2\nTAX = 3\n")
ON_TOP = "# On top of the other Tasks"


async def meeting(desk: MakeDesk, folder: Path, settings: str = "") -> Run:
    """Two Tasks add a line at the same place, one after the other; the resolver keeps both."""
    flag = folder / "first is in"
    here = await desk(
        plays("list fees", turn(FEE, finish("Fee."))),
        plays("tax too", turn(waits_for(flag), TAX, finish("Tax.")), unless=[ON_TOP]),
        plays(
            "tax too",
            turn(
                edit("calc/rates.py", "=======\n", ""),
                {"name": "bash", "input": {"command": "sed -i '/^[<>|]\\{7\\}/d' calc/rates.py"}},
                finish("Both."),
            ),
            role="conflict-resolver",
        ),
        settings=f"gate = {GATE!r}\n{settings}",
        unplayed=True,
    )
    await here.start(task("list fees", "calc/rates.py"), task("tax too", "calc/rates.py"))
    await here.event(ev.TaskJoined, task_id="list")
    flag.touch()
    run = await here.until(lambda run: run.state == "review")
    text = here.file(run.ghost, "calc/rates.py")
    assert "FEE = 1\n" in text
    assert "TAX = 3\n" in text
    return run


async def test_what_a_program_that_knows_syntax_merges_goes_to_no_agent(
    desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", BOTH, monkeypatch)
    run = await meeting(desk, tmp_path)
    merged = run.task("tax")
    assert (merged.bounces, merged.merged_by, merged.merged) == (0, "mergiraf", ("calc/rates.py",))
    assert merged_text(merged) == "mergiraf merged calc/rates.py, which git could not."
    assert merged_text(run.task("list")) == ""
    # The tests have judged the result as they would any other.
    assert run.ghost_evidence is not None
    assert run.ghost_evidence.verdict == "green"


@pytest.mark.parametrize("settings", ["", "merge_by_syntax = false\n"])
async def test_without_it_the_resolver_does(
    desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    if settings:
        program(tmp_path / "bin", BOTH, monkeypatch)
    run = await meeting(desk, tmp_path, settings)
    merged = run.task("tax")
    assert (merged.bounces, merged.merged_by) == (1, "")
    assert merged_text(merged) == "conflict-resolver merged calc/rates.py, which git could not."
