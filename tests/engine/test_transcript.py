"""What the user can read of a Run: transcripts, both sides of each file, diffs."""

from __future__ import annotations

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.runs import events as ev
from contextune.protocol.transcript_text import whole_text
from tests.engine.conftest import MakeDesk
from tests.engine.told import transcript
from tests.engine.world import AREA, GATE, NAMES, ask, bash, edit, finish, plays, task, turn, write

BROKEN = edit("calc/area.py", "return w * h", "return w + h + 10")
MENDED = edit("calc/area.py", "return w + h + 10", "return h * w")
TWO_RUNGS = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}, {{model = "claude-sonnet-5-5", effort = "medium"}}]
"""


async def test_a_transcript_tells_what_was_said_done_seen_and_paid(desk: MakeDesk) -> None:
    fence = "end\n## Turn 99 · $9.00"
    here = await desk(
        plays(
            AREA,
            turn(bash(f"printf '%s' '{fence}'"), text="I look first."),
            turn(ask("Raise?", "yes", "no")),
            turn(BROKEN, finish("I added.")),
            unless=["# Earlier attempt"],
        ),
        plays(AREA, turn(MENDED, finish("I multiply.")), user=["# Earlier attempt"]),
        plays(NAMES, turn(edit("calc/names.py", '"hi "', '"Dear "'), finish("Secret of the other."))),
        settings=TWO_RUNGS,
    )
    await here.start(task(AREA, "calc/area.py"), task(NAMES, "calc/names.py"))
    run = await here.until(lambda run: run.task("refuse").state == "asking")
    await here.app.answer(run.id, "refuse", "no, clamp")
    run = await here.wait(run.id)
    whole = await transcript(here.app, run.id, "refuse")
    assert whole.startswith(f"# Task: {AREA}\n    Do: {AREA}.")
    order = [
        "# Attempt 1: parallel-task-executor, claude-haiku-5-5 (low)\n",
        "\n## Told\n",
        f"\n    # Task: {AREA}",
        "\n## Turn 1 · $0.00",
        "\n    I look first.",
        "\n  Called bash\n    command:\n    printf",
        "\n    ## Turn 99",
        "\n  bash answered\n",
        "\n## Turn 2 · $",
        "Raise?",
        "no, clamp",
        "\n## Turn 3 · $",
        "\n    calc/area.py\n    - return w * h\n    + return w + h + 10\n",
        "\n## Gate red: ",
        "ended with exit code 1 after",
        "\n## Ended: red\n    I added.",
        "# Attempt 2: parallel-task-executor, claude-sonnet-5-5 (medium)",
        "The Gate stayed red.",
        "\n## Gate green: ",
        "\n## Ended: green\n    I multiply.",
    ]
    places = [whole.find(words) for words in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert "\n## Turn 99" not in whole
    assert "Secret of the other" not in whole
    number, newest = await here.app.transcripts.of(run.id, "refuse")
    assert (number, newest) == await here.app.transcripts.of(run.id, "refuse", 2)
    assert "I multiply." in whole_text(newest)
    assert "I look first." not in whole_text(newest)
    with pytest.raises(UsageProblem, match="has no task 'nobody'"):
        await here.app.transcripts.of(run.id, "nobody")
    with pytest.raises(UsageProblem, match=r"has no attempt 7\. Attempts: 1, 2\."):
        await here.app.transcripts.of(run.id, "refuse", 7)


async def test_what_a_turn_changed_is_its_own(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            AREA,
            turn(write("calc/one.py", "ONE = 1\n")),
            turn(write("calc/two.py", "TWO = 2\n")),
            turn(edit("calc/area.py", "w * h", "h * w"), finish()),
        )
    )
    run = await here.finish(task(AREA, "calc/area.py"))
    changes = here.app.transcripts.changes
    first, second = await changes(run.id, "refuse", 1, 1), await changes(run.id, "refuse", 1, 2)
    assert "+ONE = 1" in first
    assert "TWO" not in first
    assert "+TWO = 2" in second
    assert "ONE" not in second
    assert await changes(run.id, "refuse", 1, 9) == ""


async def test_a_transcript_that_is_read_again_holds_what_is_new(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            AREA,
            turn(ask("Raise?", "yes", "no")),
            turn(edit("calc/area.py", "w * h", "h * w"), finish("Done so.")),
        )
    )
    await here.start(task(AREA, "calc/area.py"))
    run = await here.until(lambda run: run.task("refuse").state == "asking")
    _, before = await here.app.transcripts.of(run.id, "refuse")
    await here.app.answer(run.id, "refuse", "no, clamp")
    await here.wait(run.id)
    _, after = await here.app.transcripts.of(run.id, "refuse")
    assert list(after[: len(before)]) == list(before)
    assert "Done so." in whole_text(after[len(before) :])
    assert "Done so." not in whole_text(before)


async def test_both_sides_of_each_file(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            AREA, turn(edit("calc/area.py", "w * h", "h * w"), write("calc/new.py", "NEW = 1\n"), finish())
        ),
        plays("drop names", turn(bash("rm notes.txt"), finish())),
    )
    here.place.write("notes.txt", "unfinished\n")
    run = await here.finish(task(AREA, "calc/area.py"), task("drop names"))

    async def sides(task_id: str | None, path: str) -> tuple[bytes | None, bytes | None]:
        before = await here.app.file_at(run.id, task_id, path, "before")
        return before, await here.app.file_at(run.id, task_id, path, "after")

    before, after = await sides(None, "calc/area.py")
    assert before is not None
    assert after is not None
    assert before.replace(b"w * h", b"h * w") == after
    assert await sides(None, "calc/new.py") == (None, b"NEW = 1\n")
    assert await sides(None, "notes.txt") == (b"unfinished\n", None)
    assert await sides("refuse", "calc/new.py") == (None, b"NEW = 1\n")
    # A Task's side shows its own change alone.
    was, is_now = await sides("refuse", "notes.txt")
    assert was == is_now
    assert await sides("drop", "notes.txt") == (b"unfinished\n", None)
    whole, own = await here.app.diff(run.id), await here.app.diff(run.id, "drop")
    assert "+NEW = 1" in whole
    assert "-unfinished" in whole
    assert "-unfinished" in own
    assert "NEW" not in own


async def test_before_anything_is_green_there_is_no_after(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, turn(ask("Which?")), turn(text="x")), unplayed=True)
    run = await here.start(task(AREA, "calc/area.py"))
    await here.event(ev.QuestionAsked)
    assert await here.app.file_at(run.id, None, "calc/area.py", "after") is None
    assert await here.app.file_at(run.id, "refuse", "calc/area.py", "after") is None
    assert await here.app.file_at(run.id, "refuse", "calc/area.py", "before") is not None
    assert await here.app.diff(run.id) == ""
    assert await here.app.diff(run.id, "refuse") == ""
