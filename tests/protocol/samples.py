"""One small Quote and the Run made of it, as tests need them."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from contextune.core.model.conversation import Message, Rung, Text
from contextune.core.model.money import Bill, Charge, CostLine, PriceRange, Usage
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.planning.plan import Plan, Task
from contextune.core.planning.quote import Quote, TaskQuote
from contextune.core.proof.evidence import Baseline, Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunReady
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.run import Run, fold
from contextune.core.settings import DEFAULT_LADDER, HAIKU, SONNET
from contextune.core.todos.todo import Todo, with_ids
from contextune.core.worktrees.snapshot import Base

LOW = Rung(model=HAIKU, effort="low")
REPOSITORY = "/home/ada/parcel"
TODOS = with_ids(
    [
        Todo(id="", path="parcel/sizes.py", line=12, column=7, end_line=12, marker="TODO", text="round up"),
        Todo(
            id="", path="parcel/sizes.py", line=30, column=7, end_line=31, marker="FIXME", text="add\nkilos"
        ),
    ]
)
PRICE = PriceRange(
    low=Decimal("0.01"), likely=Decimal("0.02"), high=Decimal("0.04"), at_sonnet=Decimal("0.3")
)
USAGE = Usage(input_tokens=100, cache_read_tokens=900, output_tokens=50)
CHARGE = Charge(usage=USAGE, dollars=Decimal("0.0012"), at_sonnet=Decimal("0.0120"))
PLANNING = CostLine(
    role="orchestrator",
    model=SONNET,
    bill=Bill().plus(Charge(usage=USAGE, dollars=Decimal("0.005"), at_sonnet=Decimal("0.005"))),
)


def make_quote(repository: str = REPOSITORY, todos: tuple[Todo, ...] = TODOS) -> Quote:
    """Two Tasks, a Todo each, in one file without an order between them."""
    names = ("round-up", "add-kilos")
    plan = Plan(
        tasks=tuple(
            Task(
                id=name,
                title=name.replace("-", " "),
                brief=f"Do {name}.",
                todo_ids=(todo.id,),
                files=(todo.path,),
            )
            for name, todo in zip(names, todos, strict=True)
        )
    )
    return Quote(
        id="q_1",
        repository=repository,
        title="2 TODOs of sizes.py",
        base=Base(commit="c0", tree="t0", head="h0", branch="main"),
        todos=todos,
        plan=plan,
        waves=plan.waves(),
        overlaps=plan.overlaps(todos),
        tasks=tuple(TaskQuote(task_id=name, rung=LOW, price=PRICE) for name in names),
        price=PRICE,
        planning=(PLANNING,),
        budget=Decimal("2.00"),
        agents=2,
        gate="pytest -q",
        baseline=Baseline(
            command="pytest -q",
            exit_code=1,
            tree="t0",
            duration_ms=900,
            output="1 failed",
            failing=("test_a",),
        ),
        warnings=("test_a fails on the base.",),
    )


def created(quote: Quote, run_id: str = "r_1", at: int = 1_000) -> ev.RunCreated:
    """The first event of a Run of this Quote."""
    return ev.RunCreated(
        run_id=run_id,
        at=at,
        repository=quote.repository,
        title=quote.title,
        base=quote.base,
        plan=quote.plan,
        todos=quote.todos,
        quote=quote,
        baseline=quote.baseline,
        gate=quote.gate,
        budget=quote.budget,
        agents=quote.agents,
        accept="none",
        ladder=DEFAULT_LADDER,
        offline=quote.offline,
    )


def started(task_id: str, run_id: str = "r_1", at: int = 2_000) -> list[ev.AnyEvent]:
    """An agent begins, takes one turn and is billed for it."""
    reply = Message(role="assistant", blocks=(Text(text="Reading."),))
    return [
        ev.LeaseTaken(
            run_id=run_id,
            at=at,
            task_id=task_id,
            path=f"/worktrees/{task_id}",
            branch=f"contextune/r/{task_id}",
            start="c0",
            port=4100,
        ),
        ev.AttemptStarted(
            run_id=run_id, at=at, task_id=task_id, attempt=1, role="parallel-task-executor", rung=LOW
        ),
        RequestReserved(
            run_id=run_id,
            at=at,
            request_id=f"{task_id}-1",
            task_id=task_id,
            role="parallel-task-executor",
            rung=LOW,
            prompt_tokens=1000,
            worst_case=Decimal("0.01"),
        ),
        RequestSettled(
            run_id=run_id,
            at=at + 500,
            request_id=f"{task_id}-1",
            task_id=task_id,
            role="parallel-task-executor",
            rung=LOW,
            charge=CHARGE,
        ),
        ev.MessageAdded(run_id=run_id, at=at + 500, task_id=task_id, attempt=1, turn=1, message=reply),
    ]


def finished(task_id: str, run_id: str = "r_1", at: int = 3_000) -> list[ev.AnyEvent]:
    """Its Gate is green and its commit joins the Ghost."""
    change = FileChange(path="parcel/sizes.py", before="b0", after="b1", insertions=3, deletions=1)
    green = Evidence(
        command="pytest -q",
        exit_code=0,
        tree="t1",
        duration_ms=1200,
        output="\n".join(f"line {n}" for n in range(1, 51)),
        verdict="green",
    )
    return [
        ev.GateFinished(run_id=run_id, at=at, task_id=task_id, evidence=green),
        ev.AttemptEnded(
            run_id=run_id, at=at, task_id=task_id, attempt=1, outcome="green", summary=f"Did {task_id}."
        ),
        ev.TaskCommitted(
            run_id=run_id,
            at=at,
            task_id=task_id,
            commit="c1",
            tree="t1",
            files=(change,),
            summary=f"Did {task_id}.",
            remaining="",
        ),
        ev.TaskJoined(run_id=run_id, at=at, task_id=task_id, ghost=f"g-{task_id}", commit="c2"),
        ev.LeaseReturned(run_id=run_id, at=at, task_id=task_id, salvage=None),
    ]


def make_run(*later: ev.AnyEvent, quote: Quote | None = None, run_id: str = "r_1") -> Run:
    """The fold of a Run's first event and these."""
    run = fold([created(quote or make_quote(), run_id), *later])
    if run is None:
        raise ValueError("no events")
    return run


def reviewed(quote: Quote | None = None, run_id: str = "r_1") -> Run:
    """A Run whose Tasks are all done and that waits for the user."""
    events: list[ev.AnyEvent] = []
    for task in (quote or make_quote()).plan.tasks:
        events += [*started(task.id, run_id), *finished(task.id, run_id)]
    change = FileChange(path="parcel/sizes.py", before="b0", after="b1", insertions=3, deletions=1)
    ready = RunReady(run_id=run_id, at=4_000, ghost="g-add-kilos", files=(change,))
    return make_run(*events, ready, quote=quote, run_id=run_id)


def with_state(run: Run, state: str) -> Run:
    """The same Run in another state."""
    return msgspec.structs.replace(run, state=state)
