"""A Quote: the Base that the user sees, the Gate on it, the Plan, the price; and nothing left behind."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contextune.core.errors import BudgetReached, PlaceProblem, PlanRejected, UsageProblem
from contextune.core.planning.plan import Plan, Task
from contextune.core.planning.quote import Quote
from contextune.core.runs import events as ev
from contextune.engine.quotes.quote import MOST_TODOS, QuoteRequest
from tests.engine.conftest import MakeDesk
from tests.engine.world import AREA, FILES, GATE, NAMES, RATES, Desk, edit, finish, plays, task, turn, until

ONE = task(AREA, "calc/area.py")
ONE_RUNG = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}]
"""


def planned(title: str, todo: str | None = None, **more: Any) -> dict[str, Any]:
    """A Task as the orchestrator writes it; `todo` is one of NUMBERS."""
    numbers = {"todos": [f"{{{todo}:number}}"]} if todo else {}
    return {"title": title, "brief": f"Do the {title} task."} | numbers | more


def plan(*tasks: dict[str, Any], expect: Sequence[str] = (), capture: Any = None) -> dict[str, Any]:
    """A reply of the orchestrator; `capture` finds the numbers of Todos in its request."""
    return {"json": {"tasks": list(tasks)}, "capture": capture or {}, "expect": list(expect)}


def orchestrator(*turns: dict[str, Any]) -> dict[str, Any]:
    return {"name": "plan", "when": {"system": "You are the orchestrator"}, "turn": list(turns)}


NUMBERS = {name: rf"^(\d+)\. .*: {text}" for name, text in zip("anr", (AREA, NAMES, RATES), strict=True)}
"""Where the numbers of the Todos stand in the orchestrator's request."""
BY_CODE = "So this plan is by code alone: a Task for each Todo."


async def all_todos(here: Desk, **overrides: Any) -> Quote:
    return await here.app.quote(QuoteRequest(folder=here.place.root, all=True), overrides=overrides)


async def test_the_base_is_what_the_user_sees(desk: MakeDesk) -> None:
    here = await desk()
    here.place.write("calc/rates.py", "RATE = 3\n\n\ndef price(hours):\n    return hours * 2\n")
    here.place.git("add", "calc/rates.py")
    here.place.write("calc/names.py", 'def greet(name):\n    return "hello " + name\n')
    here.place.write("calc/new.py", "NEW = 1\n")
    await here.app.todos.open(here.place.root)
    unsaved = b"def area(w, h):\n    # TODO: unsaved wish\n    return w * h\n"
    here.app.todos.set_buffer(here.place.root / "calc/area.py", unsaved)
    before = here.place.state()
    stages: list[str] = []
    quote = await here.app.quote(
        QuoteRequest(folder=here.place.root, all=True, plan=None), on_stage=stages.append
    )
    assert [todo.text for todo in quote.todos] == ["unsaved wish"]
    base = quote.base.commit
    assert here.file(base, "calc/rates.py").startswith("RATE = 3")
    assert "hello" in here.file(base, "calc/names.py")
    assert here.file(base, "calc/new.py") == "NEW = 1\n"
    assert here.file(base, "calc/area.py").encode() == unsaved
    assert sorted(quote.base.dirty) == ["calc/area.py", "calc/names.py", "calc/new.py", "calc/rates.py"]
    assert (quote.base.head, quote.base.branch) == (before.head, "main")
    assert here.place.state() == before
    assert stages[0] == "Taking the base"
    assert f"Running the tests on the base: {GATE}" in stages


async def test_an_editor_may_have_opened_a_part_of_the_repository(desk: MakeDesk) -> None:
    here = await desk()
    part = here.place.root / "calc"
    await here.app.todos.open(part)
    shown = next(todo for todo in await here.app.todos.list(part) if todo.text == AREA)
    assert shown.path == "area.py"
    unsaved = b"# a line above\ndef area(w, h):\n    # TODO: refuse negative sizes\n    return w * h\n"
    here.app.todos.set_buffer(part / "area.py", unsaved)
    quote = await here.app.quote(QuoteRequest(folder=part, todo_ids=(shown.id,)))
    assert [(todo.path, todo.line, todo.text) for todo in quote.todos] == [("calc/area.py", 3, AREA)]
    assert here.file(quote.base.commit, "calc/area.py").encode() == unsaved


async def test_a_quote_leaves_nothing_behind(desk: MakeDesk) -> None:
    here = await desk()
    refs, before = here.refs(), here.place.state()
    await here.quote(ONE)
    assert (here.refs(), here.place.state()) == (refs, before)
    assert here.place.said("worktree", "list").count("\n") == 0
    assert not list((here.home / "worktrees").glob("*/*/*"))


async def test_one_todo_needs_no_model(desk: MakeDesk) -> None:
    here = await desk(files={**FILES, "calc/names.py": "", "calc/rates.py": "", "tests/test_calc.py": ""})
    quote = await all_todos(here)
    (planned_task,) = quote.plan.tasks
    assert (planned_task.title, planned_task.files) == (AREA, ("calc/area.py", "tests/test_area.py"))
    assert "calc/area.py, line 2, in area" in planned_task.brief
    assert (quote.title, quote.planning, here.server.log) == (AREA, (), [])


async def test_the_orchestrator_plans_several_todos(desk: MakeDesk) -> None:
    here = await desk(
        orchestrator(
            plan(
                planned("guards", "a", complexity="hard"),
                planned("names", "n", files=["./calc/new_names.py"], after=["{a:number}"]),
                planned("money", "r", files=["tests/test_money.py"]),
                capture=NUMBERS,
            )
        )
    )
    quote = await all_todos(here)
    assert quote.waves == (("guards", "money"), ("names",))
    assert [task.files for task in quote.plan.tasks] == [
        ("calc/area.py", "tests/test_area.py"),
        ("calc/names.py", "calc/new_names.py", "tests/test_names.py"),
        ("calc/rates.py", "tests/test_money.py"),
    ]
    by_id = {todo.id: todo.text for todo in quote.todos}
    assert [by_id[t.todo_ids[0]] for t in quote.plan.tasks] == [AREA, NAMES, RATES]
    assert quote.title == "3 Todos"
    # Planning is on the bill already, by role and model.
    (line,) = quote.planning
    assert (line.role, line.model, line.bill.requests) == ("orchestrator", "claude-sonnet-5-5", 1)
    assert line.bill.dollars > 0
    # A hard Task begins a rung higher.
    rungs = {t.task_id: str(t.rung) for t in quote.tasks}
    assert rungs["guards"] == "claude-haiku-5-5 (high)"
    assert rungs["money"] == "claude-haiku-5-5 (low)"
    run = await here.app.start(quote.id, budget=Decimal(0))
    assert run.bill.dollars == line.bill.dollars
    assert run.costs == quote.planning


async def test_tasks_stand_in_the_order_in_which_todos_are_named(desk: MakeDesk) -> None:
    here = await desk(orchestrator(plan()))
    by_text = {todo.text: todo.id for todo in await here.app.todos.list(here.place.root)}
    wished = [by_text[text] for text in (RATES, AREA, NAMES)]
    for request in (
        QuoteRequest(folder=here.place.root, todo_ids=tuple(wished)),
        QuoteRequest(folder=here.place.root, all=True, todo_ids=tuple(wished)),
    ):
        quote = await here.app.quote(request)
        assert [todo.text for todo in quote.todos] == [RATES, AREA, NAMES]
        titles = [quote.plan.task(task_id).title for task_id in quote.waves[0]]
        assert titles == [RATES, AREA, NAMES]
    # Those that nobody named come behind.
    some = QuoteRequest(folder=here.place.root, all=True, todo_ids=(by_text[NAMES], "t_gone"))
    assert [todo.text for todo in (await here.app.quote(some)).todos] == [NAMES, AREA, RATES]


async def test_a_wrong_plan_is_corrected_once(desk: MakeDesk) -> None:
    here = await desk(
        orchestrator(
            plan(planned("guards", "a", files=["/etc/passwd"]), capture=NUMBERS),
            plan(
                planned("guards", "a"),
                expect=("Task 'guards' names '/etc/passwd'", "Send the whole answer again"),
                capture=NUMBERS,
            ),
        )
    )
    quote = await all_todos(here)
    assert [task.title for task in quote.plan.tasks] == ["guards", NAMES, RATES]
    assert quote.planning[0].bill.requests == 2
    assert quote.warnings == ()


async def test_a_plan_that_stays_wrong_is_paid_for_and_made_by_code(desk: MakeDesk) -> None:
    wrong = plan({"todos": [9]})
    here = await desk(orchestrator(wrong, wrong))
    quote = await all_todos(here)
    assert len(here.server.log) == quote.planning[0].bill.requests == 2
    assert [task.title for task in quote.plan.tasks] == [AREA, NAMES, RATES]
    (warning,) = quote.warnings
    assert warning == (
        "The orchestrator's plan stayed invalid: There is no Todo 9: they count from 1 to 3. " + BY_CODE
    )


async def test_todos_are_planned_by_code_where_the_budget_ends_before(desk: MakeDesk) -> None:
    here = await desk()
    quote = await all_todos(here, budget=Decimal("0.001"))
    assert (here.server.log, quote.planning) == ([], ())
    assert [task.title for task in quote.plan.tasks] == [AREA, NAMES, RATES]
    (warning,) = quote.warnings
    assert "budget" in warning
    assert warning.endswith(BY_CODE)


async def test_a_goal_has_no_plan_by_code(desk: MakeDesk) -> None:
    wrong = plan({"todos": [9]})
    here = await desk(orchestrator(wrong, wrong))
    with pytest.raises(PlanRejected, match="There is no Todo 9: there is no Todo to name"):
        await here.app.quote(QuoteRequest(folder=here.place.root, goal="work on auth"))
    with pytest.raises(BudgetReached):
        await here.app.quote(
            QuoteRequest(folder=here.place.root, goal="work on auth"), overrides={"budget": Decimal(0)}
        )


async def test_a_goal_needs_no_todos(desk: MakeDesk) -> None:
    here = await desk(orchestrator(plan(planned("auth"), planned("dashboard"))))
    request = QuoteRequest(folder=here.place.root, goal="work on auth\n and dashboard")
    quote = await here.app.quote(request)
    assert (quote.todos, quote.title) == ((), "work on auth and dashboard")
    assert [t.id for t in quote.plan.tasks] == ["auth", "dashboard"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"files": ("../outside.py",)}, "'../outside.py'"),
        ({"files": ("/etc/passwd",)}, "'/etc/passwd'"),
        ({"files": (".git/hooks/pre-commit",)}, r"'\.git/hooks/pre-commit'"),
        ({"depends_on": ("nobody",)}, "depends on 'nobody', which is no task"),
        ({"todo_ids": ("t_0",)}, "t_0"),
        ({"brief": " "}, "empty title or brief"),
    ],
)
async def test_a_plan_file_is_checked(desk: MakeDesk, bad: dict[str, Any], said: str) -> None:
    here = await desk()
    wrong = Task(**{"id": "one", "title": "One", "brief": "Do it."} | bad)
    with pytest.raises((PlanRejected, UsageProblem), match=said):
        await here.quote(wrong)


async def test_an_unknown_todo_is_named(desk: MakeDesk) -> None:
    here = await desk()
    request = QuoteRequest(folder=here.place.root, todo_ids=("t_gone", "t_lost"))
    with pytest.raises(UsageProblem, match=r"No Todo has the id t_gone, t_lost\. It may have been edited"):
        await here.app.quote(request)


async def test_too_many_todos_and_none_are_refused(desk: MakeDesk) -> None:
    many = "".join(f"# TODO: number {n}\nx{n} = {n}\n" for n in range(MOST_TODOS + 1))
    here = await desk(files={"many.py": many})
    with pytest.raises(UsageProblem, match=f"{MOST_TODOS + 1} Todos are too many"):
        await all_todos(here)
    here.place.write("many.py", "x = 1\n")
    with pytest.raises(UsageProblem, match="There are no Todos to work on"):
        await all_todos(here)


RED = FILES["tests/test_calc.py"].replace("area(2, 3), 6", "area(2, 3), 7")


async def test_what_fails_on_the_base_does_not_count(desk: MakeDesk) -> None:
    here = await desk(
        plays(NAMES, turn(edit("calc/names.py", '"hi "', '"Dear "'), finish())),
        files={**FILES, "tests/test_calc.py": RED},
    )
    quote = await here.quote(task(NAMES, "calc/names.py"))
    assert quote.baseline is not None
    assert quote.baseline.exit_code == 1
    (failing,) = quote.baseline.failing
    assert failing.startswith("test_area")
    assert quote.warnings == (f"1 tests fail on the base already and will not count: {failing}.",)
    run = await here.app.start(quote.id)
    done = await here.wait(run.id)
    assert (done.state, done.tasks[0].state) == ("review", "accepted")


async def test_more_failures_than_on_the_base_count(desk: MakeDesk) -> None:
    here = await desk(
        plays(NAMES, turn(edit("calc/names.py", "+ name", '+ "nobody"'), finish())),
        files={**FILES, "tests/test_calc.py": RED},
        settings=ONE_RUNG,
    )
    run = await here.finish(task(NAMES, "calc/names.py"))
    assert run.tasks[0].state == "failed"
    evidence = run.tasks[0].attempts[0].evidence
    assert evidence is not None
    (new,) = evidence.newly_failing
    assert new.startswith("test_greet")


async def test_a_task_may_mend_what_was_red(desk: MakeDesk) -> None:
    two_red = RED.replace("price(3), 6", "price(3), 7")
    here = await desk(
        plays("mend", turn(edit("tests/test_calc.py", "area(2, 3), 7", "area(2, 3), 6"), finish())),
        files={**FILES, "tests/test_calc.py": two_red},
    )
    run = await here.finish(task("mend", "tests/test_calc.py"))
    assert (run.state, run.tasks[0].state) == ("review", "accepted")


async def test_flaky_tests_are_told_and_do_not_count(desk: MakeDesk, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    first = f"touch '{marker}'; echo FAILED a.py::test_a"
    gate = f"if [ -e '{marker}' ]; then echo FAILED a.py::test_b; else {first}; fi; false"
    here = await desk()
    quote = await here.quote(ONE, gate=gate)
    assert quote.baseline is not None
    assert quote.baseline.flaky == ("a.py::test_a", "a.py::test_b")
    assert "Flaky on the base, will not count: a.py::test_a, a.py::test_b." in quote.warnings


async def test_a_gate_that_does_not_end_is_told(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk()
    never = until(tmp_path / "never")
    quote = await here.quote(ONE, gate=never, gate_timeout=1)
    assert quote.baseline is not None
    assert quote.baseline.timed_out
    assert any(warning.startswith("The tests did not end in time") for warning in quote.warnings)


async def test_a_gate_that_proves_nothing_is_told(desk: MakeDesk) -> None:
    here = await desk()
    quote = await here.quote(ONE, gate="echo no such runner; exit 127")
    assert any(warning.endswith("it can prove nothing: no such runner") for warning in quote.warnings)


async def test_without_a_test_command_it_says_so(desk: MakeDesk) -> None:
    here = await desk(files={"a.txt": "x\n"}, settings="agents = 1\n")
    quote = await here.quote(task("a change"))
    assert (quote.gate, quote.baseline) == (None, None)
    assert quote.warnings[0].startswith("No test command was found")


async def test_a_stale_base_a_detached_head_and_overlaps_are_told(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk()
    here.place.git("clone", "-q", "--bare", str(here.place.root), str(tmp_path / "origin"))
    here.place.git("remote", "add", "origin", str(tmp_path / "origin"))
    here.place.commit("ahead")
    here.place.git("push", "-q", "-u", "origin", "main")
    here.place.git("reset", "-q", "--hard", "HEAD^")
    both = (task("first one", "calc/area.py"), task("second one", "calc/area.py"))
    quote = await here.quote(*both)
    (stale,) = quote.warnings
    (overlap,) = quote.overlaps
    assert stale == "The base is 1 commits behind origin/main, as last fetched."
    assert overlap.reason == "“first one” and “second one” both touch calc/area.py."
    # A plan that the user brought stays as it is.
    assert (overlap.in_order, overlap.allowed, quote.waves) == (False, True, (("first", "second"),))
    here.place.git("checkout", "-q", "--detach")
    detached = await here.quote(ONE)
    assert detached.warnings == ("HEAD is detached: Accept will move HEAD itself.",)


async def test_a_green_base_is_not_tested_twice(desk: MakeDesk, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    here = await desk()
    gate = f"echo x >> '{runs}'"
    await here.quote(ONE, gate=gate)
    await here.quote(ONE, gate=gate)
    assert runs.read_text() == "x\n"
    here.place.write("calc/area.py", "x = 1\n")
    await here.quote(ONE, gate=gate)
    assert runs.read_text() == "x\nx\n"


async def test_another_base_can_be_named(desk: MakeDesk) -> None:
    here = await desk()
    old = here.place.said("rev-parse", "HEAD")
    here.place.write("calc/new.py", "NEW = 1\n")
    here.place.commit("newer")
    quote = await here.app.quote(QuoteRequest(folder=here.place.root, plan=Plan(tasks=(ONE,)), base=old))
    assert quote.base.commit == old


async def test_the_price_is_a_range_below_all_sonnet(desk: MakeDesk) -> None:
    here = await desk()
    quote = await here.quote(ONE, task("second one"))
    price = quote.price
    assert price.low is not None
    assert price.likely is not None
    assert price.high is not None
    assert price.at_sonnet is not None
    assert 0 < price.low < price.likely < price.high
    assert price.likely < price.at_sonnet
    assert price.likely == sum(t.price.likely or 0 for t in quote.tasks)


async def test_an_unpriced_model_has_no_range(desk: MakeDesk) -> None:
    here = await desk()
    quote = await here.quote(ONE, ladder=[{"model": "my-own-model", "effort": "low"}])
    assert (quote.price.low, quote.price.likely, quote.price.high) == (None, None, None)
    assert quote.price.at_sonnet is not None


async def test_the_user_edits_the_plan(desk: MakeDesk) -> None:
    here = await desk(plays("A better title", turn(edit("calc/area.py", "w * h", "h * w"), finish())))
    quote = await here.quote(ONE, task("second one"), task("third one", after=["second"]))
    with pytest.raises(UsageProblem, match="has no task nope"):
        await here.app.start(quote.id, edits=[{"id": "nope"}])
    gone = [{"id": t.id, "include": False} for t in quote.plan.tasks]
    with pytest.raises(UsageProblem, match="No task is left"):
        await here.app.start(quote.id, edits=gone)
    edits: list[dict[str, Any]] = [
        {"id": "refuse", "title": "A better title", "brief": "Swap."},
        {"id": "second", "include": False},
        {"id": "third", "include": False},
    ]
    run = await here.app.start(quote.id, edits=edits)
    assert [(t.id, t.task.title, t.task.brief) for t in run.tasks] == [("refuse", "A better title", "Swap.")]
    assert run.quote.price == run.quote.tasks[0].price
    assert (await here.wait(run.id)).state == "review"


async def test_a_task_loses_its_dependency_on_one_left_out(desk: MakeDesk) -> None:
    here = await desk()
    quote = await here.quote(task("second one"), task("third one", after=["second"]))
    run = await here.app.start(quote.id, edits=[{"id": "second", "include": False}], budget=Decimal(0))
    assert (run.waves, run.tasks[0].task.depends_on) == ((("third",),), ())


async def test_no_key_no_repository_no_trust(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk()
    here.app.trust(here.place.root, False)
    with pytest.raises(PlaceProblem, match="is not trusted"):
        await here.quote(ONE)
    here.app.trust(here.place.root, True)
    here.models.key = ""
    with pytest.raises(PlaceProblem, match="There is no API key"):
        await here.quote(ONE)
    here.models.key = "sk-test"
    (tmp_path / "empty").mkdir()
    with pytest.raises(PlaceProblem):
        await here.app.quote(QuoteRequest(folder=tmp_path / "empty", all=True))


async def test_planning_counts_against_the_budget(desk: MakeDesk) -> None:
    here = await desk()
    request = QuoteRequest(folder=here.place.root, goal="anything")
    with pytest.raises(Exception, match=r"The budget of \$0\.0001 is reached"):
        await here.app.quote(request, overrides={"budget": "0.0001"})
    assert here.server.log == []
    assert here.told(ev.RunCreated) == []
