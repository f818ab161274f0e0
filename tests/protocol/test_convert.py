"""Core values to views, whole objects."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from contextune.core.check import Check
from contextune.core.model.budget import Budgets, Limits
from contextune.core.model.money import Bill, Charge, Usage
from contextune.core.overlap.radar import LiveOverlap, OverlapFound
from contextune.core.planning.plan import Overlap
from contextune.core.planning.record import Forecast
from contextune.core.runs import events as ev
from contextune.core.runs.endings import Restore, RunAccepted
from contextune.core.runs.run import advance
from contextune.core.settings import DEFAULT_LADDER
from contextune.core.worktrees.worktree import Worktree
from contextune.protocol import views as v
from contextune.protocol.convert import (
    bill_view,
    check_view,
    evidence_view,
    quote_view,
    run_view,
)
from contextune.protocol.meter import meter_view
from contextune.protocol.radar_view import LiveOverlapView
from contextune.protocol.worktree_views import WorktreeView
from contextune.protocol.worktrees import worktree_view
from tests.protocol import samples as s

RUNG = v.RungView(model="claude-haiku-5-5", effort="low", text="Haiku 5.5, low")
NOTHING = v.BillView(
    dollars=Decimal(0),
    text="$0.00",
    at_sonnet=Decimal(0),
    at_sonnet_text="$0.00",
    saving=None,
    requests=0,
    unpriced=0,
    estimated=0,
    input_tokens=0,
    cache_read_tokens=0,
    output_tokens=0,
)
ONE_TURN = v.BillView(
    dollars=Decimal("0.0012"),
    text="$0.0012",
    at_sonnet=Decimal("0.0120"),
    at_sonnet_text="$0.0120",
    saving="90 %",
    requests=1,
    unpriced=0,
    estimated=0,
    input_tokens=1000,
    cache_read_tokens=900,
    output_tokens=50,
)
PLANNED = v.BillView(
    dollars=Decimal("0.005"),
    text="$0.0050",
    at_sonnet=Decimal("0.005"),
    at_sonnet_text="$0.0050",
    saving=None,
    requests=1,
    unpriced=0,
    estimated=0,
    input_tokens=1000,
    cache_read_tokens=900,
    output_tokens=50,
)
PRICE = v.PriceView(
    low=Decimal("0.01"),
    likely=Decimal("0.02"),
    high=Decimal("0.04"),
    at_sonnet=Decimal("0.3"),
    text="$0.0100 to $0.0400, likely $0.0200",
    likely_text="$0.0200",
    at_sonnet_text="$0.3000",
)


def test_a_quote_becomes_a_view() -> None:
    def task(name: str, todo: int) -> v.TaskQuoteView:
        return v.TaskQuoteView(
            id=name,
            title=name.replace("-", " "),
            brief=f"Do {name}.",
            wave=1,
            todo_ids=(s.TODOS[todo].id,),
            files=("parcel/sizes.py",),
            depends_on=(),
            gate=None,
            complexity="standard",
            rung=RUNG,
            start=0,
            reason="",
            kind="",
            explored=False,
            price=PRICE,
        )

    assert quote_view(s.make_quote()) == v.QuoteView(
        id="q_1",
        repository="/home/ada/parcel",
        title="2 TODOs of sizes.py",
        todos=s.TODOS,
        tasks=(task("round-up", 0), task("add-kilos", 1)),
        waves=(("round-up", "add-kilos"),),
        overlaps=(Overlap(first="round-up", second="add-kilos", path="parcel/sizes.py"),),
        price=PRICE,
        planning_text="$0.0050",
        budget=Decimal("2.00"),
        budget_text="$2.00",
        agents=2,
        task_budget_text="",
        request_budget_text="",
        max_requests=None,
        gate="pytest -q",
        baseline=v.BaselineView(
            command="pytest -q",
            exit_code=1,
            duration_ms=900,
            failing=("test_a",),
            flaky=(),
            output_tail="1 failed",
            usable=True,
        ),
        warnings=("test_a fails on the base.",),
        offline=False,
        ladder=(),
        forecast_text=None,
        sent_text="Nothing leaves this machine.",
        left_out=(),
    )


def test_a_quote_tells_where_tasks_begin_and_how_earlier_ones_did() -> None:
    made = s.make_quote()
    tried = msgspec.structs.replace(
        made.tasks[0], rung=DEFAULT_LADDER[1], start=1, reason="Tries it.", kind="tests", explored=True
    )
    view = quote_view(
        msgspec.structs.replace(
            made,
            tasks=(tried, *made.tasks[1:]),
            ladder=DEFAULT_LADDER,
            forecast=Forecast(tasks=20, hits=17),
        )
    )
    first = view.tasks[0]
    assert (first.rung.text, first.start) == ("Haiku 5.5, high", 1)
    assert (first.reason, first.kind, first.explored) == ("Tries it.", "tests", True)
    assert [rung.text for rung in view.ladder][2:] == ["Sonnet 5.5, medium", "Opus 5.5, medium"]
    assert view.forecast_text == "Earlier quotes here: 17 of 20 Tasks cost what was said."


def test_a_run_at_work_becomes_a_view() -> None:
    run = s.make_run(*s.started("round-up"))
    attempt = v.AttemptView(
        number=1,
        role="parallel-task-executor",
        rung=RUNG,
        reason="",
        started_at=2_000,
        ended_at=None,
        turns=1,
        outcome="working",
        summary="",
        bill=ONE_TURN,
        evidence=None,
    )
    working = v.TaskView(
        id="round-up",
        title="round up",
        brief="Do round-up.",
        wave=1,
        todo_ids=(s.TODOS[0].id,),
        depends_on=(),
        state="working",
        halted=None,
        paused=False,
        is_to_begin=False,
        state_text="An agent is at work. Nothing to do; you can tell it something.",
        waits_for_processor=False,
        reason="",
        rung=RUNG,
        turn=1,
        attempts=(attempt,),
        bill=ONE_TURN,
        files=(),
        changes=(),
        evidence=None,
        question=None,
        worktree="/worktrees/round-up",
        branch="contextune/r/round-up",
        port=4100,
        commit=None,
        summary="",
        remaining="",
        salvage=None,
        checkout_text=None,
        held_text=None,
        merged_text="",
        bounced_text="",
        to_merge=(),
    )
    waiting = msgspec.structs.replace(
        working,
        id="add-kilos",
        title="add kilos",
        brief="Do add-kilos.",
        todo_ids=(s.TODOS[1].id,),
        state="waiting",
        is_to_begin=True,
        state_text="It has not begun. It begins once what it needs is done and an agent is free.",
        rung=None,
        turn=0,
        attempts=(),
        bill=NOTHING,
        worktree=None,
        branch=None,
        port=None,
    )
    both = v.BillView(
        dollars=Decimal("0.0062"),
        text="$0.0062",
        at_sonnet=Decimal("0.0170"),
        at_sonnet_text="$0.0170",
        saving="63 %",
        requests=2,
        unpriced=0,
        estimated=0,
        input_tokens=2000,
        cache_read_tokens=1800,
        output_tokens=100,
    )
    assert run_view(run, "elsewhere") == v.RunView(
        id="r_1",
        repository="/home/ada/parcel",
        title="2 TODOs of sizes.py",
        state="running",
        state_text="Agents are at work. Nothing to do: what they ask and make is shown.",
        reason="",
        parked_by=None,
        created_at=1_000,
        updated_at=2_500,
        ended_at=None,
        branch="main",
        base="c0",
        gate="pytest -q",
        budget=Decimal("2.00"),
        budget_text="$2.00",
        task_budget_text="",
        request_budget_text="",
        max_requests=None,
        agents=2,
        offline=False,
        run_command=None,
        waves=(("round-up", "add-kilos"),),
        tasks=(working, waiting),
        bill=both,
        costs=(
            v.CostLineView(role="orchestrator", model="claude-sonnet-5-5", bill=PLANNED),
            v.CostLineView(role="parallel-task-executor", model="claude-haiku-5-5", bill=ONE_TURN),
        ),
        ghost=None,
        ghost_evidence=None,
        changes=(),
        review=(),
        comments=(),
        accepted_as=None,
        made_branch=None,
        pulls=(),
        issues=(),
        forge_text="",
        forge_waits="",
        undone_text="",
        notes=(),
        live_overlaps=(),
        can_accept=False,
        can_undo=False,
        driver="elsewhere",
        sequence=run.seq,
    )


def test_a_finished_task_shows_the_tail_of_its_evidence() -> None:
    view = run_view(s.reviewed())
    task = view.tasks[0]
    assert task.state == "accepted"
    assert task.evidence == v.EvidenceView(
        verdict="green",
        command="pytest -q",
        exit_code=0,
        tree="t1",
        duration_ms=1200,
        newly_failing=(),
        tests_removed=(),
        tests_weakened=(),
        outdated=(),
        rewritten=(),
        output_tail="\n".join(f"line {n}" for n in range(11, 51)),
        whole=True,
        reused=False,
        proof="",
    )
    assert task.attempts[0].evidence == task.evidence
    assert (view.state, view.ghost, view.can_accept, view.can_undo) == ("review", "g-add-kilos", True, False)


def test_what_can_be_accepted_and_undone_follows_the_state() -> None:
    restore = Restore(head="h0", index_tree="i0", worktree="w0", after_worktree="w1")

    def accepted(mode: str) -> v.RunView:
        event = RunAccepted(
            run_id="r_1",
            at=5_000,
            mode=mode,  # type: ignore[arg-type]  # each mode in turn
            branch="main",
            before="h0",
            after="h1",
            restore=restore,
        )
        run = s.reviewed()
        return run_view(msgspec.structs.replace(run, state="accepted", accepted=event))

    assert [(w.accepted_as, w.can_accept, w.can_undo) for w in map(accepted, ("merge", "squash", "pr"))] == [
        ("merge", False, True),
        ("squash", False, True),
        ("pr", False, False),
    ]
    assert not run_view(s.with_state(s.reviewed(), "undone")).can_undo
    assert not run_view(s.with_state(s.make_run(), "review")).can_accept


def test_short_evidence_is_shown_whole() -> None:
    evidence = s.reviewed().tasks[0].attempts[0].evidence
    assert evidence is not None
    assert evidence_view(msgspec.structs.replace(evidence, output="one\ntwo\n")).output_tail == "one\ntwo"


def test_an_unpriced_request_leaves_no_saving() -> None:
    unpriced = Charge(usage=Usage(input_tokens=7), dollars=None, at_sonnet=None)
    view = bill_view(Bill().plus(s.CHARGE).plus(unpriced))
    assert (view.text, view.saving, view.requests, view.unpriced) == (
        "$0.0012 + 1 unpriced request",
        None,
        2,
        1,
    )
    assert view.input_tokens == 1007


def test_the_meter_follows_live_runs_and_shows_today_when_idle() -> None:
    run = s.make_run(*s.started("round-up"))
    assert meter_view([run], run.bill, offline=False) == v.MeterView(
        text="$0.0062",
        saving="63 %",
        run_id="r_1",
        level="running",
        lines=(
            v.MeterLine(
                label="orchestrator on Sonnet 5.5",
                amount="$0.0050",
                detail="1 request, 1,000 tokens in, 90 % from cache, 50 out",
            ),
            v.MeterLine(
                label="parallel-task-executor on Haiku 5.5",
                amount="$0.0012",
                detail="1 request, 1,000 tokens in, 90 % from cache, 50 out",
            ),
        ),
        today=bill_view(run.bill),
        offline=False,
        fence_lack="",
    )
    assert meter_view([s.reviewed()], PLANNING_TODAY, offline=True) == v.MeterView(
        text="$0.0050",
        saving=None,
        run_id=None,
        level="idle",
        lines=(),
        today=PLANNED,
        offline=True,
        fence_lack="",
    )


def test_the_meter_warns_by_urgency() -> None:
    run = s.make_run(*s.started("round-up"))
    asking = s.make_run(
        *s.started("round-up"),
        ev.QuestionAsked(run_id="r_1", at=3_000, task_id="round-up", question="Which?", choices=()),
    )
    dear = msgspec.structs.replace(run, reserved=Decimal("1.60"))
    parked = s.with_state(run, "parked")
    levels = [meter_view(runs, Bill(), offline=False).level for runs in ([asking], [dear], [run, parked], [])]
    assert levels == ["asking", "near_budget", "parked", "idle"]


PLANNING_TODAY = s.PLANNING.bill


def test_checks_and_worktrees_become_views() -> None:
    assert check_view(Check(name="git", state="ok", detail="2.39.5")) == v.CheckView(
        name="git", state="ok", detail="2.39.5", remedy=""
    )
    worktree = Worktree(
        path="/worktrees/a",
        branch="contextune/r/a",
        run_id="r_1",
        task_id="a",
        dirty=True,
        in_use=False,
        size_bytes=4096,
        removable=True,
    )
    assert worktree_view(worktree) == WorktreeView(
        path="/worktrees/a",
        branch="contextune/r/a",
        run_id="r_1",
        task_id="a",
        dirty=True,
        in_use=False,
        size_bytes=4096,
        size_text="4 kB",
        removable=True,
        stays=False,
        state=None,
        title=None,
        changed_at=0,
        findings=(),
    )


def test_a_run_at_work_tells_what_overlaps_and_one_that_is_over_does_not() -> None:
    overlap = LiveOverlap(
        kind="textual", task_id="round-up", other="ghost", path="a.py", reason="Both change the same lines."
    )
    found = OverlapFound(run_id="r_1", at=5_000, task_id="round-up", overlap=overlap)
    run = s.make_run(*s.started("round-up"), found)
    (view,) = run_view(run).live_overlaps
    assert view == LiveOverlapView(
        kind="textual",
        task_id="round-up",
        other="ghost",
        other_id="",
        path="a.py",
        lines=(),
        symbol="",
        text="“round up” overlaps with what was accepted already. Both change the same lines.",
    )
    assert run_view(s.with_state(run, "review")).live_overlaps == ()


def test_what_a_run_bounds_is_told_with_it() -> None:
    limits = Limits(task=Decimal("0.10"), requests=12)
    changed = ev.RunAdjusted(run_id="r_1", at=3_000, budget=Decimal(2), agents=2, limits=limits)
    quote = s.make_quote()
    named = msgspec.structs.replace(quote, budgets=Budgets(task=Decimal(1), request=Decimal("0.05")))
    view = run_view(advance(advance(None, s.created(named)), changed))
    assert (view.task_budget_text, view.request_budget_text, view.max_requests) == ("$0.1000", "$0.0500", 12)


def test_a_task_says_that_a_command_waits_for_a_processor_until_it_runs_or_is_stopped() -> None:
    waits = ev.ProcessorAwaited(run_id="r_1", at=3_000, task_id="round-up", worktree="round-up")
    runs = ev.ProcessorTaken(run_id="r_1", at=4_000, task_id="round-up", worktree="round-up")
    stopped = ev.AttemptEnded(
        run_id="r_1", at=4_000, task_id="round-up", attempt=1, outcome="cancelled", summary="Stopped."
    )

    def told(*events: ev.AnyEvent) -> tuple[bool, str]:
        run = s.make_run(*s.started("round-up"), *events)
        view = next(task for task in run_view(run, "here").tasks if task.id == "round-up")
        return view.waits_for_processor, view.state_text

    assert told(waits) == (
        True,
        "A command waits for a processor. Nothing to do: it runs when others are done.",
    )
    assert not told(waits, runs)[0]
    assert not told(waits, stopped)[0]
