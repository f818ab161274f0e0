"""Tasks that meet: one that waits for another, two that git cannot merge, two that are red only together."""

from __future__ import annotations

from pathlib import Path

from contextune.core import events as ev
from tests.engine.conftest import MakeDesk
from tests.engine.world import (
    GATE,
    edit,
    finish,
    plays,
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
    assert bounce.reason == "git cannot merge calc/rates.py with add."
    assert [(a.role, a.outcome) for a in run.task("round").attempts] == [
        ("parallel-task-executor", "green"),
        ("conflict-resolver", "green"),
    ]
    assert "return round(hours) * RATE + 0" in here.file(run.ghost, "calc/rates.py")
    assert run.joined == ("add", "round")
    # Both Tasks stay apart in the history, each with its own change.
    subjects = here.place.said("log", "--format=%s", f"{run.base.commit}..{run.ghost}").splitlines()
    assert subjects == ["round hours", "add fee"]


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
