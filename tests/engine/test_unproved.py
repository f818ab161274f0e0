"""Green that proves nothing: the agent is asked once for the missing test, and what stays so is shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from contextune.agents.briefing import OBJECTION
from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import ToolResult
from contextune.core.proof.evidence import Evidence
from contextune.core.proof.proof import LineSpan, Proof
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.engine.attempts.attempt import SECOND_LOOK
from tests.engine.conftest import MakeDesk
from tests.engine.test_resume import killed
from tests.engine.world import AREA, Desk, bash, edit, finish, plays, task, turn, waits_for, write

GATE = f"{sys.executable} -B -m unittest -q"
SETTINGS = f"gate = {GATE!r}\n"
NEW = "def half(x):\n    return x / 2\n"
TEST = """\
import unittest

from calc.half import half


class TestHalf(unittest.TestCase):
    def test_half(self):
        self.assertEqual(half(4), %s)
"""
TITLE = "add half"
FIRST = turn(write("calc/half.py", NEW), finish("Half."))


def evidence_of(run: Run) -> tuple[Evidence, Proof]:
    """What the last Gate of the only attempt saw."""
    evidence = run.tasks[0].attempts[0].evidence
    assert evidence is not None
    assert evidence.proof is not None
    return evidence, evidence.proof


def asked(here: Desk) -> list[str]:
    """The words by which agents were asked for a test."""
    return asked_in(here.heard)


def asked_in(events: Sequence[ev.AnyEvent]) -> list[str]:
    said = [event for event in events if isinstance(event, ev.MessageAdded)]
    results = [b.content for event in said for b in event.message.blocks if isinstance(b, ToolResult)]
    return [words for words in results if words.startswith(OBJECTION)]


async def test_work_that_a_test_runs_is_proved_and_nobody_is_asked(desk: MakeDesk) -> None:
    old, new = "return w * h", "return abs(w * h)"
    here = await desk(plays(AREA, turn(edit("calc/area.py", old, new), finish())), settings=SETTINGS)
    run = await here.finish(task(AREA, "calc/area.py"))
    evidence, proof = evidence_of(run)
    assert (evidence.verdict, proof.state, asked(here)) == ("green", "proved", [])


async def test_an_agent_is_asked_for_the_missing_test(desk: MakeDesk) -> None:
    here = await desk(
        plays(TITLE, FIRST, turn(write("tests/test_half.py", TEST % 2), finish("Half, tested."))),
        settings=SETTINGS,
    )
    run = await here.finish(task(TITLE))
    (words,) = asked(here)
    assert words.startswith(f"{OBJECTION} It proves nothing yet: no test runs calc/half.py line 2. Write")
    verdicts = [event.evidence.verdict for event in here.heard if isinstance(event, ev.GateFinished)]
    assert verdicts == ["unproved", "green", "green"]
    assert (run.tasks[0].state, run.tasks[0].summary) == ("accepted", "Half, tested.")
    assert not any(change.flag for change in run.changes)


async def test_what_stays_unproved_is_taken_but_not_accepted_unseen(desk: MakeDesk) -> None:
    here = await desk(plays(TITLE, FIRST, turn(finish("As it is."))), settings=SETTINGS)
    run = await here.finish(task(TITLE), accept="merge")
    evidence, proof = evidence_of(run)
    assert proof.unrun == (LineSpan(path="calc/half.py", first=2, last=2),)
    assert (evidence.verdict, len(asked(here))) == ("unproved", 1)
    assert run.tasks[0].attempts[0].outcome == "green"
    flag = "has line 2 that no test runs"
    assert (run.state, {c.path: c.flag for c in run.changes}) == ("review", {"calc/half.py": flag})
    with pytest.raises(UsageProblem, match="line 2 that no test runs"):
        await here.app.accept(run.id, "merge")
    assert (await here.app.accept(run.id, "merge", seen=["calc/half.py"])).state == "accepted"


async def test_a_test_that_fails_is_red_like_any_other(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            TITLE,
            FIRST,
            turn(write("tests/test_half.py", TEST % 3), finish()),
            turn(write("tests/test_half.py", TEST % 2), finish("Mended.")),
        ),
        settings=SETTINGS,
    )
    run = await here.finish(task(TITLE))
    verdicts = [event.evidence.verdict for event in here.heard if isinstance(event, ev.GateFinished)]
    assert verdicts[:3] == ["unproved", "red", "green"]
    assert (run.tasks[0].summary, len(asked(here))) == ("Mended.", 1)


async def test_an_agent_that_does_not_come_to_an_end_is_taken_at_what_it_had(desk: MakeDesk) -> None:
    wander = [turn(bash(f"echo {n} > tests/test_note{n}.txt")) for n in range(SECOND_LOOK)]
    here = await desk(plays(TITLE, FIRST, *wander), settings=SETTINGS)
    run = await here.finish(task(TITLE))
    done = run.tasks[0]
    assert (done.state, done.summary, done.attempts[0].outcome) == ("accepted", "Half.", "green")
    assert [change.path for change in done.changes] == ["calc/half.py"]


async def test_nobody_looks_where_the_user_does_not_want_it(desk: MakeDesk) -> None:
    here = await desk(plays(TITLE, FIRST), settings=SETTINGS + 'prove = "off"\n')
    run = await here.finish(task(TITLE))
    evidence = run.tasks[0].attempts[0].evidence
    assert evidence is not None
    assert (evidence.verdict, evidence.proof) == ("green", None)


@pytest.mark.parametrize(
    ("path", "content"),
    [("README.md", "Half.\n"), ("calc/data.json", "{}\n"), ("calc/words.py", '"""Words."""\n')],
)
async def test_what_has_no_line_to_run_needs_no_test(desk: MakeDesk, path: str, content: str) -> None:
    here = await desk(plays(TITLE, turn(write(path, content), finish())), settings=SETTINGS)
    run = await here.finish(task(TITLE))
    evidence, proof = evidence_of(run)
    assert (evidence.verdict, proof.state) == ("green", "nothing")


async def test_where_no_tool_can_tell_nothing_is_claimed(desk: MakeDesk) -> None:
    # Without its start-up module, Python cannot be watched.
    settings = f"gate = '{sys.executable} -S -B -m unittest -q'\n"
    here = await desk(plays(TITLE, FIRST), settings=settings)
    run = await here.finish(task(TITLE))
    evidence, proof = evidence_of(run)
    assert (evidence.verdict, proof.state) == ("green", "unknown")


async def test_a_test_that_starts_the_program_counts_where_only_some_were_run(desk: MakeDesk) -> None:
    starts = (
        "import subprocess, sys\n\n\ndef test_half():\n"
        "    subprocess.run([sys.executable, '-c', 'import calc.half; calc.half.half(2)'], check=True)\n"
    )
    imports = "import calc.half\n\n\ndef test_loads():\n    assert calc.half.half\n"
    here = await desk(
        plays(TITLE, FIRST),
        files={"calc/__init__.py": "", "tests/test_starts.py": starts, "tests/test_imports.py": imports}
        | {"calc/half.py": "def half(x):\n    return x\n", ".gitignore": "__pycache__/\n.pytest_cache/\n"},
        settings=f"gate = '{sys.executable} -m pytest -q'\n",
    )
    run = await here.finish(task(TITLE))
    evidence, proof = evidence_of(run)
    assert (evidence.whole, evidence.verdict, proof.state) == (False, "green", "proved")


async def test_a_gate_that_is_red_only_for_being_watched_is_green(desk: MakeDesk) -> None:
    # V8 counts slowly: tests with a time limit may fail for it.
    settings = """gate = 'test -z "$NODE_V8_COVERAGE"'\n"""
    here = await desk(plays(TITLE, turn(write("half.js", "x = 1;\n"), finish())), settings=settings)
    run = await here.finish(task(TITLE))
    evidence = run.tasks[0].attempts[0].evidence
    assert evidence is not None
    assert (evidence.verdict, evidence.proof) == ("green", None)


@pytest.mark.parametrize("last", [turn(finish("As it is.")), turn(write("x.md", "x"), finish("As it is."))])
async def test_who_goes_on_after_a_crash_is_not_asked_again(
    desk: MakeDesk, tmp_path: Path, last: dict[str, Any]
) -> None:
    flag = tmp_path / "go"
    here = await desk(
        plays(TITLE, FIRST, turn(waits_for(flag)), last, unless=["# Earlier attempt"]),
        settings=SETTINGS,
        unplayed=True,
    )
    left = await killed(here, ["ToolCalled add", "GateFinished add", "ToolCalled add"], TITLE)
    flag.touch()
    await here.app.resume(left.id)
    run = await here.wait(left.id)
    events = await here.journal.read(left.id)
    assert (len(asked_in(events)), run.tasks[0].state, run.tasks[0].summary) == (1, "accepted", "As it is.")
    assert len(run.tasks[0].attempts) == 1
