"""Histories as tests need them: Runs from events, requests and records by the dozen, round prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from contextune.core.model.conversation import Rung
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.money import CacheMiss, ModelPrice, PriceRange, Rates, Usage
from contextune.core.planning.plan import Complexity, Plan, Task
from contextune.core.planning.quote import Quote, TaskQuote
from contextune.core.planning.record import Step, TaskRecord
from contextune.core.proof.evidence import Baseline, Evidence, Verdict
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunReady
from contextune.core.settings import DEFAULT_LADDER, HAIKU, SONNET, Settings
from contextune.core.spending.history import History, history
from contextune.core.states import AttemptOutcome, TaskState
from contextune.core.worktrees.snapshot import Base

LOW, HIGH, MIDDLE, TOP = DEFAULT_LADDER
PLANNER = Rung(model=SONNET, effort="medium")
REPOSITORY = "/home/ada/parcel"
PRICE = PriceRange(
    low=Decimal("0.01"), likely=Decimal("0.02"), high=Decimal("0.04"), at_sonnet=Decimal("0.3")
)

_numbers = count(1)


def price(model: str, rate: str = "1") -> ModelPrice:
    """Dollars a million tokens: input `rate`, writing a quarter more, reading a tenth, output five times."""
    each = Decimal(rate)
    return ModelPrice(
        model=model,
        rates=Rates(
            input=each,
            output=each * 5,
            cache_write_5m=each * Decimal("1.25"),
            cache_write_1h=each * 2,
            cache_read=each / 10,
        ),
    )


PRICES = {HAIKU: price(HAIKU, "0.1"), SONNET: price(SONNET, "2")}


def entry(
    stream: str = "r_1",
    task_id: str | None = "a",
    dollars: str | Decimal | None = "0.01",
    *,
    at: int = 1_000,
    rung: Rung = LOW,
    usage: Usage = Usage(input_tokens=100, cache_read_tokens=900, output_tokens=50),  # noqa: B008 frozen
    expired: int = 0,
    **more: Any,
) -> LedgerEntry:
    """One settled request; `expired` are tokens that were no longer in the cache."""
    if expired:
        usage = Usage(cache_write_5m_tokens=expired, output_tokens=1)
        more["miss"] = CacheMiss(reason="expired", tokens=expired)
    values: dict[str, Any] = {
        "request_id": f"q_{next(_numbers)}",
        "stream": stream,
        "repository": REPOSITORY,
        "task_id": task_id,
        "attempt": 1,
        "role": "parallel-task-executor",
        "rung": rung,
        "at": at,
        "worst_case": Decimal("0.10"),
        "settled": True,
        "usage": usage,
        "dollars": None if dollars is None else Decimal(dollars),
        "at_sonnet": Decimal("0.20"),
    }
    return LedgerEntry(**(values | more))


def planned(run_id: str, dollars: str, *, at: int = 500, rung: Rung = PLANNER) -> LedgerEntry:
    """What planning cost."""
    return entry(f"plan_{run_id}", None, dollars, at=at, rung=rung, role="orchestrator")


def step(rung: Rung, outcome: AttemptOutcome, dollars: str | None) -> Step:
    """One attempt; unpriced without dollars."""
    return Step(rung=rung, outcome=outcome, turns=3, dollars=None if dollars is None else Decimal(dollars))


def record(
    *steps: Step,
    kind: str = "tests",
    complexity: Complexity = "simple",
    state: TaskState | None = None,
    at: int = 2_000,
    reverted: bool = False,
    run_id: str = "r_1",
) -> TaskRecord:
    """One ended Task; accepted if its last step was green."""
    return TaskRecord(
        run_id=run_id,
        task_id=f"t_{next(_numbers)}",
        at=at,
        kind=kind,
        complexity=complexity,
        state=state or ("accepted" if steps and steps[-1].outcome == "green" else "failed"),
        steps=steps,
        dollars=sum((one.dollars or Decimal(0) for one in steps), Decimal(0)),
        at_sonnet=Decimal("0.3"),
        unpriced=sum(one.dollars is None for one in steps),
        quoted=PRICE,
        reverted=reverted,
    )


def quote(run_id: str, tasks: Sequence[Task], *, budget: str = "2.00", agents: int = 4) -> Quote:
    plan = Plan(tasks=tuple(tasks))
    return Quote(
        id=run_id,
        repository=REPOSITORY,
        title=f"Run {run_id}",
        base=Base(commit="c0", tree="t0", head="h0", branch="main"),
        todos=(),
        plan=plan,
        waves=plan.waves(),
        overlaps=(),
        tasks=tuple(TaskQuote(task_id=task.id, rung=LOW, price=PRICE) for task in tasks),
        price=PRICE,
        planning=(),
        budget=Decimal(budget),
        agents=agents,
        gate="pytest -q",
        baseline=None,
    )


def a_task(task_id: str, todos: int = 1, after: tuple[str, ...] = ()) -> Task:
    names = tuple(f"todo_{task_id}_{n}" for n in range(todos))
    return Task(id=task_id, title=task_id, brief="Do it.", todo_ids=names, depends_on=after)


def created(
    run_id: str = "r_1",
    tasks: Iterable[Task] = (),
    *,
    at: int = 1_000,
    budget: str = "2.00",
    agents: int = 4,
    flaky: tuple[str, ...] = (),
    repository: str = REPOSITORY,
) -> ev.RunCreated:
    """The first event of a Run; one Task `a` unless others are given."""
    made = quote(run_id, tuple(tasks) or (a_task("a"),), budget=budget, agents=agents)
    baseline = Baseline(command="pytest -q", exit_code=0, tree="t0", duration_ms=9, output="", flaky=flaky)
    return ev.RunCreated(
        run_id=run_id,
        at=at,
        repository=repository,
        title=made.title,
        base=made.base,
        plan=made.plan,
        todos=(),
        quote=made,
        baseline=baseline,
        gate="pytest -q",
        budget=made.budget,
        agents=agents,
        accept="none",
        ladder=DEFAULT_LADDER,
        offline=False,
    )


def joined(run_id: str = "r_1", *task_ids: str, at: int = 3_000) -> list[ev.AnyEvent]:
    """Tasks are accepted, and the Run waits for review."""
    told: list[ev.AnyEvent] = [
        ev.TaskJoined(run_id=run_id, at=at, task_id=name, ghost="g", commit="c")
        for name in task_ids or ("a",)
    ]
    return [*told, RunReady(run_id=run_id, at=at, ghost="g", files=())]


def failed(run_id: str = "r_1", task_id: str = "a", at: int = 3_000) -> list[ev.AnyEvent]:
    """A Task ends without being accepted."""
    return [ev.TaskEnded(run_id=run_id, at=at, task_id=task_id, state="failed", reason="The tests stay red.")]


def gate(
    run_id: str, task_id: str, verdict: Verdict, at: int, newly: tuple[str, ...] = ()
) -> ev.GateFinished:
    """The Gate has seen a Task."""
    evidence = Evidence(
        command="pytest -q",
        exit_code=int(verdict == "red"),
        tree="t1",
        duration_ms=9,
        output="",
        verdict=verdict,
        newly_failing=newly,
    )
    return ev.GateFinished(run_id=run_id, at=at, task_id=task_id, evidence=evidence)


def attempted(
    run_id: str, *told: ev.AnyEvent, rung: Rung = LOW, at: int = 1_500, until: int = 2_500, task_id: str = "a"
) -> list[ev.AnyEvent]:
    """An attempt from its beginning to its end, with what was told in between."""
    begun = ev.AttemptStarted(
        run_id=run_id, at=at, task_id=task_id, attempt=1, role="parallel-task-executor", rung=rung
    )
    ended = ev.AttemptEnded(run_id=run_id, at=until, task_id=task_id, attempt=1, outcome="red", summary="")
    return [begun, *told, ended]


def past(
    entries: Sequence[LedgerEntry] = (),
    events: Sequence[ev.AnyEvent] = (),
    records: Sequence[TaskRecord] = (),
    *,
    settings: Settings = Settings(),  # noqa: B008 frozen
    since: int = 0,
    until: int | None = None,
) -> History:
    """The History that these make."""
    told = [
        ev.TaskRecorded(run_id=one.run_id, at=one.at, task_id=one.task_id, record=one, offline=False)
        for one in records
    ]
    known = {event.run_id for event in events}
    opened = [
        created(run_id) for run_id in dict.fromkeys(one.run_id for one in records) if run_id not in known
    ]
    return history(entries, [*opened, *events, *told], settings, PRICES.get, since=since, until=until)
