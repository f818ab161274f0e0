"""Runs that meet what a Run can meet, one after the other at one desk: what a recorded journal holds.

Every version tells the stories that it knows, so this asks nothing of the code that the first one had not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from contextune.core.errors import MergeRefused
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from tests.engine.test_forge import at
from tests.engine.test_resume import killed
from tests.engine.world import GATE, Desk, ask, bash, edit, finish, plays, task, turn, waits_for, write
from tests.forge.faulty import Fault, faulty
from tests.forge.github import GitHub, started

MakeDesk = Callable[..., Awaitable[Desk]]

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"
EARLIER, ON_TOP = "# Earlier attempt", "# On top of the other Tasks"
ONE_RUNG = f"gate = {GATE!r}\ngate_retries = 0\nladder = [{{model = {HAIKU!r}, effort = 'low'}}]\n"
TWO_RUNGS = ONE_RUNG.replace("'low'}", f"'low'}}, {{model = {SONNET!r}, effort = 'medium'}}")
SAMPLED = ONE_RUNG + "shadow = 1\n"
SIDE_BY_SIDE = ONE_RUNG.replace("'low'}", "'low', tries = 2}")
TIGHT = ONE_RUNG + "task_budget = 0.0056\n"
BROKEN, MENDED = "raise ValueError\n", "def area(w, h):\n    return w * h\n"
PRICE, SAMPLE = "    return hours * RATE\n", write("calc/sample.py", "SAMPLE = 1\n")
STILL = write("calc/still.py", "STILL = 1\n")
LONG = "word " * 2_400
"""Words that bring a Task to its budget in `TIGHT`."""


def conversations(folder: Path) -> list[dict[str, object]]:
    """What the agents say and do in all stories."""
    joined, seen, never = folder / "the fee is in", folder / "the overlap is seen", folder / "never"
    rounded = "RATE = 2\n\n\ndef price(hours):\n    return round(hours) * RATE + 0\n"
    return [
        plays(
            "cut short",
            turn(write("calc/cut.py", "CUT = 1\n"), bash("true")),
            turn(finish("Cut."), fault={"kind": "slow", "delay_ms": 3_000}),
        ),
        plays(
            "first question",
            turn(ask("Which one?", "this", "that"), text="I have to know."),
            turn(write("calc/first.py", "FIRST = 'this'\n"), finish("This one.", remaining="The other.")),
            turn(finish("This one, and the gap minded.", remaining="The other.")),
        ),
        plays(
            "climb higher",
            turn(write("calc/area.py", BROKEN), finish("Low.")),
            model=HAIKU,
        ),
        plays("climb higher", turn(write("calc/area.py", MENDED + "\n"), finish("High.")), model=SONNET),
        plays("add fee", turn(edit("calc/rates.py", PRICE, "    return hours * RATE + 0\n"), finish("Fee."))),
        plays(
            "round hours",
            turn(
                waits_for(joined),
                edit("calc/rates.py", PRICE, "    return round(hours) * RATE\n"),
                waits_for(seen),
                finish("Rounded."),
            ),
            unless=[ON_TOP],
        ),
        plays(
            "round hours",
            turn({"name": "read", "input": {"files": [{"path": "calc/rates.py"}]}}),
            turn(write("calc/rates.py", rounded), finish("Both.")),
            user=[ON_TOP],
            role="conflict-resolver",
        ),
        plays("send it", turn(write("calc/sent.py", "SENT = 1\n"), finish("Sent."))),
        plays("hold back", turn(write("calc/held.py", "HELD = 1\n"), finish("Held."))),
        plays("fail once", turn(write("calc/area.py", BROKEN), finish()), unless=[EARLIER]),
        plays("fail once", turn(write("calc/area.py", MENDED + "#\n"), finish()), user=[EARLIER]),
        plays("draft", turn(write("draft.txt", "half\n"), bash("true")), turn(waits_for(never))),
        plays("go back", turn(write("calc/back.py", "BACK = 1\n")), turn(finish("There."))),
        plays("look over", turn(write("calc/look.py", "LOOK = 1\n"), finish("Seen.")), unless=[ON_TOP]),
        plays("look over", turn(write("calc/look.py", "LOOK = 2\n"), finish("Twice.")), user=[ON_TOP]),
        plays("sample me", turn(SAMPLE, finish())),
        plays("two tries", turn(write("calc/tries.py", "TRIES = 2\n"), finish())),
        plays("stand still", turn(waits_for(folder / "it goes on"), STILL), turn(finish("Still."))),
        plays("begin higher", turn(write("calc/higher.py", "HIGHER = 1\n"), finish("Higher."))),
        plays(
            "dear work", turn(write("calc/dear.py", "DEAR = 1\n"), text=LONG), turn(bash("true"), finish())
        ),
    ]


async def tell_all(make: MakeDesk, folder: Path) -> Desk:
    """Play every story that this version's settings know; returns the desk, its journal written."""
    here = await make(*conversations(folder), unplayed=True)
    await a_killed_process(here)
    await a_whole_life(here, folder)
    await a_parked_budget(here)
    await a_second_try(here)
    await a_salvage(here)
    if "TaskPaused" in {kind.__name__ for kind in get_args(ev.AnyEvent)}:
        await a_task_that_stands_still(here, folder)
    known = Settings.__struct_fields__
    if "protected_branches" in known:
        await a_task_taken_back(here)
    if hasattr(here.app, "reviews"):
        await a_review(here)
    if "shadow" in known:
        await shadow_samples(here)
        await tries_side_by_side(here)
    if "task_budget" in known:
        await a_task_at_its_budget(here)
    if "issues" in Settings.__struct_fields__:
        with started() as github:
            await issues_and_a_pull_request(here, github)
    await here.app.close()
    here.app = here.open()
    return here


async def a_killed_process(here: Desk) -> None:
    """A process is killed in the midst of an attempt; another one goes on."""
    left = await killed(here, ["RequestReserved cut"] * 2, "cut short")
    await here.app.resume(left.id)
    assert (await here.wait(left.id)).state == "review"
    assert (await here.app.accept(left.id, "squash")).state == "accepted"


async def a_whole_life(here: Desk, folder: Path) -> None:
    """A question, a pause, a climb, a conflict; then Accept, refused first, Undo and Discard."""
    here.set_up(TWO_RUNGS)
    run = await here.start(
        task("first question", "calc/first.py"),
        task("climb higher", "calc/area.py"),
        task("add fee", "calc/rates.py"),
        task("round hours", "calc/rates.py"),
        task("last work", after=["first"], gate="false"),
        agents=5,
    )
    await here.until(lambda now: now.task("first").state == "asking", run.id)
    await here.event(ev.TaskJoined, task_id="add", run_id=run.id)
    (folder / "the fee is in").touch()
    for kind in get_args(ev.AnyEvent):
        if kind.__name__ == "OverlapFound":
            await here.event(kind, task_id="round", run_id=run.id)
        if kind.__name__ == "CourseChosen":
            await here.app.choose_course(run.id, "round", "go_on")
    (folder / "the overlap is seen").touch()
    await here.event(ev.TaskJoined, task_id="round", run_id=run.id)
    await here.event(ev.TaskJoined, task_id="climb", run_id=run.id)
    for kind in get_args(ev.AnyEvent):
        if kind.__name__ == "RunAdjusted":
            await here.app.steering.adjust(run.id, budget=Decimal("3.00"), agents=6)
    await here.app.pause(run.id)
    await here.event(ev.RunPaused, run_id=run.id)
    await here.app.answer(run.id, "first", "this")
    await here.app.tell(run.id, "first", "Mind the gap.")
    await here.app.resume(run.id)
    await here.app.cancel_task(run.id, "last")
    done = await here.wait(run.id)
    assert (done.state, len(done.joined), done.task("round").bounces) == ("review", 4, 1)
    here.place.write("calc/area.py", "def area(w, h):\n    return abs(w * h)\n")
    with pytest.raises(MergeRefused):
        await here.app.accept(run.id, "merge")
    here.place.git("checkout", "--", "calc/area.py")
    assert (await here.app.accept(run.id, "merge")).state == "accepted"
    assert (await here.app.undo(run.id)).state == "undone"
    assert (await here.app.discard(run.id)).state == "discarded"


async def a_parked_budget(here: Desk) -> None:
    """The budget is reached before the first request; the user raises it."""
    quote = await here.quote(task("hold back", "calc/held.py"))
    run = await here.app.start(quote.id, budget=Decimal("0.001"))
    await here.until(lambda now: now.state == "parked", run.id)
    await here.app.resume(run.id, Decimal("0.5"))
    await _reviewed(here, run)


async def a_second_try(here: Desk) -> None:
    """A Task fails, and what depends on it is skipped; the user has it done again."""
    here.set_up(ONE_RUNG)
    failed = await here.finish(task("fail once", "calc/area.py"))
    assert failed.state == "failed"
    await here.app.retrying.retry(failed.id, "fail")
    await _reviewed(here, failed)


async def a_salvage(here: Desk) -> None:
    """The Run is cancelled while a worktree is dirty."""
    run = await here.start(task("draft"), task("never begun", after=["draft"]))
    await here.event(ev.MessageAdded, task_id="draft", turn=2)
    await here.app.cancel(run.id)
    assert (await here.wait(run.id)).state == "cancelled"


async def a_task_that_stands_still(here: Desk, folder: Path) -> None:
    """One Task is paused until the Run waits for nothing else; the one after it begins on another rung."""
    here.set_up(TWO_RUNGS)
    run = await here.start(task("stand still", "calc/still.py"), task("begin higher", after=["stand"]))
    await here.event(ev.MessageAdded, task_id="stand", turn=1, run_id=run.id)
    await here.app.steering.adjust(run.id, start=1, task_ids=["begin"])
    await here.app.steering.pause_task(run.id, "stand")
    (folder / "it goes on").touch()
    await here.until(lambda now: now.state == "paused", run.id)
    await here.app.steering.resume_task(run.id, "stand")
    await _reviewed(here, run)


async def a_task_taken_back(here: Desk) -> None:
    """The result follows the branch, which moved; then a Task of it goes back to a turn."""
    here.set_up(ONE_RUNG)
    run = await here.finish(task("go back", "calc/back.py"))
    here.place.write("notes.txt", "mine\n")
    here.place.commit("notes")
    await here.app.rebase(run.id)
    await here.app.rewind(run.id, "go", 1, "Once more.")
    await _reviewed(here, run)


async def a_review(here: Desk) -> None:
    """The user rejects a file, takes that back, and comments on a line; the agent does what that asks for."""
    from contextune.core.runs.comments import Comment

    here.set_up(ONE_RUNG)
    run = await here.finish(task("look over", "calc/look.py"))
    await here.app.reviews.reject(run.id, "look", "calc/look.py")
    await here.app.reviews.take_back(run.id, "look:calc/look.py")
    said = Comment(id="c1", task_id="look", path="calc/look.py", line=1, quote="LOOK = 1", text="Twice.")
    await here.app.reviews.comment(run.id, said)
    await here.app.reviews.comment(run.id, msgspec.structs.replace(said, id="c2"))
    await here.app.reviews.remove_comment(run.id, "c2")
    await here.app.reviews.send_comments(run.id)
    await _reviewed(here, run)


async def shadow_samples(here: Desk) -> None:
    """An accepted Task is done again on other rungs."""
    here.set_up(SAMPLED)
    run = await here.start(task("sample me", "calc/sample.py"))
    await _reviewed(here, run)
    await here.app.sampled(run.id)
    assert len((await here.app.run(run.id)).shadows) == 2


async def tries_side_by_side(here: Desk) -> None:
    """Two agents try a rung, and one of them is chosen."""
    here.set_up(SIDE_BY_SIDE)
    run = await here.start(task("two tries", "calc/tries.py"))
    await _reviewed(here, run)


async def a_task_at_its_budget(here: Desk) -> None:
    """A Task asks whether it may cost more."""
    here.set_up(TIGHT)
    run = await here.start(task("dear work", "calc/dear.py"))
    asking = await here.until(lambda now: now.task("dear").state == "asking", run.id)
    question = asking.task("dear").question
    assert question is not None
    if "limits" in ev.RunAdjusted.__struct_fields__:
        from contextune.core.model.budget import Limits

        await here.app.steering.adjust(run.id, limits=Limits(task=Decimal("0.0057")))
        await here.until(lambda now: "$0.0057" in _question(now), run.id)
    await here.app.answer(run.id, "dear", question.choices[0])
    await _reviewed(here, run)


def _question(run: Run) -> str:
    question = run.task("dear").question
    return "" if question is None else question.text


async def issues_and_a_pull_request(here: Desk, github: GitHub) -> None:
    """A Run makes issues and is accepted by a pull request; GitHub has a fault, and is asked again."""
    here.set_up(ONE_RUNG + "issues = 'on'\n")
    with faulty(github) as between:
        between.faults = [Fault(r"^POST .*/pulls$", 500)]
        here = await at(here, between.url, github.new())
        run = await here.start(task("send it", "calc/sent.py"))
        await _reviewed(here, run)
        waiting = await here.app.accept(run.id, "pr")
        assert waiting.forge.waits, between.requests
        between.faults = []
        (sent,) = await here.app.forge.sync([await here.app.run(run.id)])
        assert (sent.state, sent.forge.waits, sent.forge.started) == ("accepted", (), ())


async def _reviewed(here: Desk, run: Run) -> None:
    assert (await here.wait(run.id)).state == "review"
