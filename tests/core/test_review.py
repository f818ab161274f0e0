"""The order in which a Run is reviewed, and why."""

from __future__ import annotations

from typing import Any

import msgspec

from contextune.core.planning.plan import Task
from contextune.core.proof.evidence import Evidence
from contextune.core.proof.proof import LineSpan, Proof
from contextune.core.runs.amendments import Amendment, added, file_wishes, taken_back
from contextune.core.runs.events import TaskBounced
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.review import review
from contextune.core.runs.run import Run, advance
from contextune.core.runs.task_run import Attempt, TaskRun
from contextune.core.settings import DEFAULT_LADDER
from tests.core.past import created


def changed(path: str, lines: int = 5, flag: str = "", after: str | None = "b") -> FileChange:
    return FileChange(path=path, before="a", after=after, insertions=lines, deletions=0, flag=flag)


def green(verdict: Any = "green", **more: Any) -> Evidence:
    return Evidence(command="test", exit_code=0, tree="t", duration_ms=1, output="", verdict=verdict, **more)


def done(
    name: str, *changes: FileChange, step: int = 1, evidence: Evidence | None = None, **more: Any
) -> TaskRun:
    attempt = Attempt(
        number=1,
        role="parallel-task-executor",
        rung=DEFAULT_LADDER[step],
        reason="",
        started_at=1,
        step=step,
        outcome="green",
        evidence=evidence or green(),
    )
    return TaskRun(
        id=name,
        task=Task(id=name, title=name, brief=""),
        state="accepted",
        attempts=(attempt,),
        changes=changes,
        joined="j",
        original="j",
        **more,
    )


def run_of(*tasks: TaskRun, **more: Any) -> Run:
    ids = tuple(task.id for task in tasks)
    return msgspec.structs.replace(advance(None, created()), tasks=tasks, joined=ids, candidates=ids, **more)


def test_plain_work_stands_in_the_order_in_which_it_joined() -> None:
    found = review(run_of(done("a", changed("a.py")), done("b", changed("b.py"))))
    assert [(one.task_id, one.reasons) for one in found] == [("a", ()), ("b", ())]


def test_what_asks_for_a_look_comes_first_with_its_reasons() -> None:
    spans = (LineSpan(path="c.py", first=3, last=4),)
    bounced = TaskBounced(run_id="r", at=1, task_id="d", reason="", against=(), conflicts=("d.py",))
    run = run_of(
        done("plain", changed("a.py")),
        done("large", changed("big.py", lines=900)),
        done("low", changed("b.py"), step=0),
        done(
            "dark", changed("c.py"), evidence=green(proof=Proof(state="proved", lines=9, run=7, unrun=spans))
        ),
        done("resolved", changed("d.py"), bounces=2, bounced=bounced),
        done("flagged", changed("z.py"), changed("ci.yml", flag="runs in CI")),
        done("unproved", changed("u.py"), evidence=green("unproved")),
    )
    found = review(run)
    assert [(one.task_id, one.reasons) for one in found] == [
        ("flagged", ("1 file to look at",)),
        (
            "resolved",
            ("conflict-resolver merged d.py, which git could not", "went back to an agent twice"),
        ),
        ("unproved", ("no test runs its change",)),
        ("dark", ("2 lines that no test runs",)),
        ("large", ("900 changed lines",)),
        ("low", ("done by the cheapest model",)),
        ("plain", ()),
    ]
    assert [(one.path, one.reasons) for one in found[0].files] == [("ci.yml", ("runs in CI",)), ("z.py", ())]
    assert found[1].files[0].reasons == ("was merged by more than git",)
    assert review(run) == found


def test_tests_are_read_after_what_they_test() -> None:
    (found,) = review(run_of(done("a", changed("tests/test_a.py", 40), changed("a.py", 30))))
    assert [one.path for one in found.files] == ["a.py", "tests/test_a.py"]


def reject(path: str, hunk: str = "") -> Amendment:
    return Amendment(kind="reject", task_id="a", path=path, hunk=hunk)


def test_amendments_of_one_file_come_to_one_wish() -> None:
    edit = Amendment(kind="edit", task_id="a", path="x", content="c")
    every: tuple[Amendment, ...] = ()
    for one in (reject("x", "1"), reject("y"), edit, reject("x", "2"), reject("x", "2")):
        every = added(every, one)
    assert [one.id for one in every] == ["a:y", "a:x:edit", "a:x:2"]
    x, y = file_wishes(every, "a")
    assert (x.content, x.hunks, x.rejected, y.rejected) == ("c", frozenset({"2"}), False, True)
    assert [one.id for one in taken_back(every, "a:x:edit")] == ["a:y"]
    whole = added(every, reject("x"))
    assert [one.id for one in whole] == ["a:y", "a:x:edit", "a:x"]
    assert [one.id for one in taken_back(whole, "a:x")] == ["a:y", "a:x:edit"]
