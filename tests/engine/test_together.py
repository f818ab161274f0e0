"""Tasks that meet: one that waits for another, two that git cannot merge, two that are red only together."""

from __future__ import annotations

from pathlib import Path

from contextune.core.runs import events as ev
from contextune.core.runs.bounced import bounced_text
from contextune.core.runs.task_run import LEAVE_OUT, MERGED
from tests.engine.conftest import MakeDesk
from tests.engine.world import (
    GATE,
    Desk,
    edit,
    finish,
    plays,
    read,
    task,
    turn,
    waits_for,
    write,
)

ONE_RUNG = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}]
"""
LEFT = "There are conflict markers left in calc/rates.py. Merge that, too."
OLD = "    return hours * RATE\n"
ON_TOP = "# On top of the other Tasks"

INVOICE = write(
    "calc/invoice.py", "from calc.rates import price\n\n\ndef invoice(hours):\n    return price(hours)\n"
)


def invoice_test(expected: int) -> str:
    return f"""\
import unittest

from calc.invoice import invoice


class TestInvoice(unittest.TestCase):
    def test_invoice(self):
        self.assertEqual(invoice(1), {expected})
"""


DOUBLE = (
    edit("calc/rates.py", "RATE = 2", "RATE = 4"),
    edit("tests/test_calc.py", "self.assertEqual(price(3), 6)", "self.assertEqual(price(3), 12)"),
)


async def test_a_task_waits_for_another_and_starts_from_the_ghost(desk: MakeDesk) -> None:
    here = await desk(
        plays("tariff table", turn(write("calc/tariff.py", "TARIFF = 7\n"), finish())),
        plays(
            "use tariff",
            turn({"name": "read", "input": {"files": [{"path": "calc/tariff.py"}]}}),
            turn(edit("calc/rates.py", "RATE = 2", "from calc.tariff import TARIFF\n\nRATE = 2"), finish()),
        ),
    )
    first, second = task("tariff table"), task("use tariff", after=["tariff"])
    run = await here.finish(second, first)
    assert run.waves == (("tariff",), ("use",))
    assert run.joined == ("tariff", "use")
    assert run.task("use").start == run.task("tariff").joined
    begun = [event.task_id for event in here.heard if isinstance(event, ev.AttemptStarted)]
    assert begun == ["tariff", "use"]


async def test_what_depends_on_a_failed_task_is_skipped(desk: MakeDesk) -> None:
    here = await desk(
        plays("tariff table", turn(finish("Nothing to do."))),
        plays("other work", turn(write("calc/other.py", "X = 1\n"), finish())),
        settings=ONE_RUNG,
    )
    run = await here.finish(
        task("tariff table"),
        task("use tariff", after=["tariff"]),
        task("more", after=["use"]),
        task("other work"),
    )
    assert {t.id: (t.state, t.reason) for t in run.tasks} == {
        "tariff": ("failed", "The attempt changed nothing."),
        "use": ("skipped", "It depends on tariff."),
        "more": ("skipped", "It depends on use."),
        "other": ("accepted", ""),
    }
    assert (run.state, run.joined) == ("review", ("other",))


async def test_what_git_cannot_merge_goes_to_the_conflict_resolver(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "first is in"
    here = await desk(
        plays(
            "add fee",
            turn(edit("calc/rates.py", OLD, "    return hours * RATE + 0\n"), finish("A fee of 0.")),
        ),
        plays(
            "round hours",
            turn(
                waits_for(flag),
                edit("calc/rates.py", OLD, "    return round(hours) * RATE\n"),
                finish("Rounded."),
            ),
            unless=[ON_TOP],
        ),
        plays(
            "round hours",
            turn({"name": "read", "input": {"files": [{"path": "calc/rates.py"}]}}),
            turn(
                write(
                    "calc/rates.py", "RATE = 2\n\n\ndef price(hours):\n    return round(hours) * RATE + 0\n"
                ),
                finish("Both."),
                expect=["<<<<<<<", "|||||||", ">>>>>>>", "round(hours) * RATE", "hours * RATE + 0"],
            ),
            user=[
                ON_TOP,
                "The other Task, add fee:\nDo: add fee.\n<said>\nA fee of 0.\n</said>",
                "-    return hours * RATE\n+    return hours * RATE + 0\n",
                "Your own Task, round hours:",
                "-    return hours * RATE\n+    return round(hours) * RATE\n",
                "Files with conflict markers: calc/rates.py",
            ],
            role="conflict-resolver",
            model="claude-sonnet-5-5",
        ),
    )
    await here.start(task("add fee", "calc/rates.py"), task("round hours", "calc/rates.py"))
    await here.event(ev.TaskJoined, task_id="add")
    flag.touch()
    run = await here.until(lambda run: run.state == "review")
    (bounce,) = [event for event in here.heard if isinstance(event, ev.TaskBounced)]
    assert (bounce.task_id, bounce.against) == ("round", ("add",))
    assert bounce.reason == "git cannot merge calc/rates.py with “add fee”."
    assert [(a.role, a.outcome) for a in run.task("round").attempts] == [
        ("parallel-task-executor", "green"),
        ("conflict-resolver", "green"),
    ]
    assert "return round(hours) * RATE + 0" in here.file(run.ghost, "calc/rates.py")
    assert run.joined == ("add", "round")
    # Both Tasks stay apart in the history, each with its own change.
    subjects = here.place.said("log", "--format=%s", f"{run.base.commit}..{run.ghost}").splitlines()
    assert subjects == ["round hours", "add fee"]


CLASH = (
    plays(
        "add fee", turn(edit("calc/rates.py", OLD, "    return hours * RATE + 0\n"), finish("A fee of 0."))
    ),
    plays("round hours", turn(read("calc/rates.py"), finish("I cannot.")), role="conflict-resolver"),
)
"""What git cannot merge, and who was to: it leaves the markers, so that the Gate is red."""
BOTH = "RATE = 2\n\n\ndef price(hours):\n    return round(hours) * RATE + 0\n"


async def left_to_the_user(desk: MakeDesk, folder: Path) -> Desk:
    """A Run in which a Task waits for its user to merge."""
    flag = folder / "first is in"
    rounding = (
        waits_for(flag),
        edit("calc/rates.py", OLD, "    return round(hours) * RATE\n"),
        finish("Rounded."),
    )
    here = await desk(*CLASH, plays("round hours", turn(*rounding), unless=[ON_TOP]), settings=ONE_RUNG)
    await here.start(task("add fee", "calc/rates.py"), task("round hours", "calc/rates.py"))
    await here.event(ev.TaskJoined, task_id="add")
    flag.touch()
    await here.until(lambda run: run.task("round").state == "asking")
    return here


async def test_what_nobody_can_merge_waits_for_the_user(desk: MakeDesk, tmp_path: Path) -> None:
    here = await left_to_the_user(desk, tmp_path)
    run = (await here.app.runs(here.place.root))[0]
    waiting = run.task("round")
    assert waiting.to_merge == ("calc/rates.py",)
    assert waiting.question is not None
    assert waiting.question.text.startswith("git cannot merge calc/rates.py with “add fee”. The conflict-")
    # All three sides are there to be shown.
    base, ours, theirs = [
        (await here.app.file_at(run.id, "round", "calc/rates.py", side) or b"").decode()
        for side in ("base", "before", "after")
    ]
    assert (OLD in base, "RATE + 0" in ours, "round(hours)" in theirs) == (True, True, True)
    # To say so is not enough.
    await here.app.answer(run.id, "round", MERGED)
    await here.event(ev.QuestionAsked, question=LEFT, task_id="round")
    file = Path(waiting.worktree or "") / "calc/rates.py"
    file.write_text(BOTH.replace("+ 0", "+ 1"))
    await here.app.answer(run.id, "round", MERGED)
    red = await here.until(lambda run: "The Gate is red" in getattr(run.task("round").question, "text", ""))
    assert "test_price" in getattr(red.task("round").question, "text", "")
    file.write_text(BOTH)
    await here.app.answer(run.id, "round", MERGED)
    done = await here.wait(run.id)
    assert (done.state, done.joined) == ("review", ("add", "round"))
    assert here.file(done.ghost, "calc/rates.py") == BOTH
    assert all(held.is_whole for held in done.held)


async def test_a_task_that_the_user_leaves_out_fails_and_the_rest_goes_on(
    desk: MakeDesk, tmp_path: Path
) -> None:
    here = await left_to_the_user(desk, tmp_path)
    run = (await here.app.runs(here.place.root))[0]
    await here.app.answer(run.id, "round", "Whatever")
    await here.until(lambda run: "is none of the choices" in getattr(run.task("round").question, "text", ""))
    await here.app.answer(run.id, "round", LEAVE_OUT)
    done = await here.wait(run.id)
    assert (done.state, done.joined, done.task("round").state) == ("review", ("add",), "failed")


async def test_another_process_asks_the_user_again(desk: MakeDesk, tmp_path: Path) -> None:
    here = await left_to_the_user(desk, tmp_path)
    run = (await here.app.runs(here.place.root))[0]
    await here.app.close()
    here.app = here.open()
    here.heard.clear()
    await here.app.resume(run.id)
    await here.event(ev.QuestionAsked, task_id="round")
    again = await here.app.run(run.id)
    assert again.task("round").to_merge == ("calc/rates.py",)
    (Path(again.task("round").worktree or "") / "calc/rates.py").write_text(BOTH)
    await here.app.answer(run.id, "round", MERGED)
    assert (await here.wait(run.id)).joined == ("add", "round")


async def test_two_green_tasks_that_are_red_together_send_the_later_one_back(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "first is in"
    here = await desk(
        plays("double rate", turn(*DOUBLE, finish()), turn(finish("The rate is 4."))),
        plays(
            "invoice total",
            turn(waits_for(flag), INVOICE, write("tests/test_invoice.py", invoice_test(2)), finish()),
            unless=[ON_TOP],
        ),
        plays(
            "invoice total",
            turn(write("tests/test_invoice.py", invoice_test(4)), finish("The rate is 4 now.")),
            user=[
                ON_TOP,
                "double rate:\n<said>\nThe rate is 4.\n</said>",
                "test_invoice",
                "Make the Gate green again",
            ],
            role="parallel-task-executor",
        ),
    )
    await here.start(task("double rate", "calc/rates.py"), task("invoice total"))
    await here.event(ev.TaskJoined, task_id="double")
    flag.touch()
    run = await here.until(lambda run: run.state == "review")
    (bounce,) = [event for event in here.heard if isinstance(event, ev.TaskBounced)]
    assert (bounce.task_id, bounce.against) == ("invoice", ("double",))
    assert run.joined == ("double", "invoice")
    assert run.task("invoice").start == run.task("double").joined
    assert run.task("invoice").bounces == 1
    assert bounce.reason == "Green by itself, but the Gate is red together with “double rate”."
    assert bounced_text(run, run.task("invoice")) == "Green alone, red together with “double rate”"
    assert bounced_text(run, run.task("double")) == ""
    assert run.ghost_evidence is not None
    assert run.ghost_evidence.verdict == "green"
    assert run.ghost_evidence.tree == here.place.said("rev-parse", f"{run.ghost}^{{tree}}")


async def test_a_task_that_never_fits_fails_and_leaves_the_rest_green(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "first is in"
    here = await desk(
        plays("double rate", turn(*DOUBLE, finish()), turn(finish())),
        plays(
            "invoice total",
            turn(waits_for(flag), INVOICE, write("tests/test_invoice.py", invoice_test(2)), finish()),
            unless=[ON_TOP],
        ),
        plays("invoice total", turn(finish("It was green.")), user=[ON_TOP]),
        settings=ONE_RUNG,
    )
    await here.start(task("double rate", "calc/rates.py"), task("invoice total"))
    await here.event(ev.TaskJoined, task_id="double")
    flag.touch()
    run = await here.until(lambda run: run.state == "review")
    failed = run.task("invoice")
    assert (failed.state, failed.reason, run.joined) == ("failed", "The Gate stayed red.", ("double",))
    assert "calc/invoice.py" not in [change.path for change in run.changes]
