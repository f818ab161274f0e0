"""A Run as the fold of its events: one whole life, step by step, and what each event changes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contextune.core.errors import BudgetScope
from contextune.core.model.budget import Limits
from contextune.core.model.conversation import Message, Text, ToolResult, ToolUse, said_by_user
from contextune.core.model.money import Bill, Charge, Usage
from contextune.core.model.requests import CliffAvoided, RequestReserved, RequestSettled, TaskBudgetRaised
from contextune.core.planning.plan import Task
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.endings import (
    Restore,
    RunAccepted,
    RunCancelled,
    RunDiscarded,
    RunFinished,
    RunReady,
    RunUndone,
)
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.ladder import is_to_begin
from contextune.core.runs.rest import is_at_rest
from contextune.core.runs.run import Run, advance, fold
from contextune.core.runs.task_run import TaskRun
from contextune.core.states import ENDED_TASK, AttemptOutcome
from tests.protocol import samples as s

OLD_DOLLARS = ["0.000160625", "0.0041998"]
"""What the attempts of the recorded Run cost, as the version that made it folded them."""
RUN = "r_1"
TASK = "round-up"
OTHER = "add-kilos"


def message(*blocks: Text | ToolResult | ToolUse, role: str = "user", turn: int = 1) -> ev.MessageAdded:
    said = Message(role="assistant" if role == "assistant" else "user", blocks=blocks)
    return ev.MessageAdded(run_id=RUN, at=2_500, task_id=TASK, attempt=1, turn=turn, message=said)


def told(text: str) -> ev.AgentTold:
    return ev.AgentTold(run_id=RUN, at=2_400, task_id=TASK, text=text)


def after(*events: ev.AnyEvent) -> Run:
    return s.make_run(*s.started(TASK), *events)


def test_the_first_event_makes_the_run() -> None:
    run = s.make_run()
    assert (run.id, run.state, run.seq, run.created_at, run.updated_at) == (RUN, "running", 1, 1_000, 1_000)
    assert run.waves == ((TASK, OTHER),)
    assert [(t.id, t.state, t.attempts) for t in run.tasks] == [(TASK, "waiting", ()), (OTHER, "waiting", ())]
    # What planning cost is the Run's from its first moment.
    assert (run.bill, run.costs) == (s.PLANNING.bill, (s.PLANNING,))
    assert [o.state for o in run.outcomes] == ["waiting", "waiting"]


def test_nothing_comes_before_the_first_event() -> None:
    assert fold([]) is None
    with pytest.raises(ValueError, match="TaskRetried before RunCreated in r_1"):
        fold([ev.TaskRetried(run_id=RUN, at=1, task_id=TASK)])


def test_a_whole_life_folds_step_by_step_as_at_once() -> None:
    quote = s.make_quote()
    change = FileChange(path="a", before=None, after="b", insertions=1, deletions=0)
    restore = Restore(head="h0", index_tree="i", worktree="w", after_worktree="x")
    life: list[ev.AnyEvent] = [s.created(quote)]
    for task in quote.plan.tasks:
        life += [*s.started(task.id), *s.finished(task.id)]
    life += [
        RunReady(run_id=RUN, at=4_000, ghost="g-add-kilos", files=(change,)),
        RunFinished(
            run_id=RUN,
            at=4_100,
            state="review",
            tasks=(),
            dollars=Decimal(0),
            at_sonnet=Decimal(0),
            unpriced=0,
        ),
        RunAccepted(
            run_id=RUN, at=5_000, mode="merge", branch="main", before="h0", after="h1", restore=restore
        ),
        RunUndone(run_id=RUN, at=6_000, branch="main", after="h0"),
        RunDiscarded(run_id=RUN, at=7_000, salvage=("refs/x",)),
    ]
    states: list[str] = []
    run: Run | None = None
    for seq, event in enumerate(life, start=1):
        run = advance(run, event)
        assert (run.seq, run.updated_at) == (seq, event.at)
        if not states or states[-1] != run.state:
            states.append(run.state)
    assert run == fold(life)
    assert run is not None
    assert states == ["running", "review", "accepted", "undone", "discarded"]
    assert (run.joined, run.ghost, run.changes) == ((TASK, OTHER), "g-add-kilos", (change,))
    assert [(t.state, t.joined, t.worktree) for t in run.tasks] == [("accepted", "c2", None)] * 2
    assert (run.ended_at, run.salvage) == (4_000, ("refs/x",))
    assert all(task.state in ENDED_TASK for task in run.tasks)
    # Every dollar is counted once: planning, and one request for each Task.
    assert run.bill.dollars == Decimal("0.005") + 2 * Decimal("0.0012")
    assert run.bill.dollars == sum((line.bill.dollars for line in run.costs), Decimal(0))
    assert [t.bill.dollars for t in run.tasks] == [Decimal("0.0012")] * 2
    assert run.tasks[0].attempt is not None
    assert run.tasks[0].attempt.bill == run.tasks[0].bill
    assert run.reserved == 0


def test_a_request_is_held_back_while_it_is_in_flight() -> None:
    reserved = s.started(TASK)[:3]
    flying = s.make_run(*reserved)
    assert flying.reserved == Decimal("0.01")
    assert [request.request_id for request in flying.in_flight] == ["round-up-1"]
    landed = s.make_run(*s.started(TASK))
    assert landed.reserved == 0
    assert landed.in_flight == ()


def test_a_question_is_open_until_the_answer_is_carried() -> None:
    asked = ev.QuestionAsked(run_id=RUN, at=2_100, task_id=TASK, question="Which?", choices=("a", "b"))
    asking = after(asked).task(TASK)
    assert asking.state == "asking"
    assert asking.question is not None
    answered = after(asked, told("a")).task(TASK)
    assert (answered.state, answered.told) == ("asking", ("a",))
    going_on = after(asked, told("a"), message(ToolResult(tool_use_id="u", content="a"))).task(TASK)
    assert (going_on.state, going_on.question, going_on.told) == ("working", None, ())


@pytest.mark.parametrize(
    ("blocks", "left"),
    [
        ([said_by_user("red")], ()),
        ([ToolResult(tool_use_id="u", content="red")], ()),
        ([ToolResult(tool_use_id="u", content="The Gate is red.")], ("red",)),
        ([Text(text="red")], ("red",)),
        ([said_by_user("red and blue")], ("red",)),
        ([], ("red",)),
    ],
)
def test_words_wait_until_a_message_says_them_for_themselves(
    blocks: Sequence[Text | ToolResult], left: tuple[str, ...]
) -> None:
    assert after(told("red"), message(*blocks)).task(TASK).told == left


def test_what_the_agent_says_carries_no_words_of_the_user() -> None:
    task = after(told("red"), message(said_by_user("red"), role="assistant", turn=2)).task(TASK)
    assert task.told == ("red",)
    assert task.attempt is not None
    assert task.attempt.turns == 2


def test_the_gate_is_seen_at_work_and_its_word_kept() -> None:
    testing = after(ev.GateStarted(run_id=RUN, at=3_000, task_id=TASK, tree="t1"))
    assert [t.state for t in testing.tasks] == ["testing", "waiting"]
    red = Evidence(command="x", exit_code=1, tree="t1", duration_ms=1, output="", verdict="red")
    tested = after(ev.GateFinished(run_id=RUN, at=3_000, task_id=TASK, evidence=red)).task(TASK)
    assert tested.state == "working"
    assert tested.attempt is not None
    assert tested.attempt.evidence == red
    together = after(ev.GateFinished(run_id=RUN, at=3_000, task_id=None, evidence=red))
    assert together.ghost_evidence == red
    assert [t.state for t in together.tasks] == ["working", "waiting"]


def paused(task_id: str) -> ev.TaskPaused:
    return ev.TaskPaused(run_id=RUN, at=2_600, task_id=task_id)


def resumed(task_id: str) -> ev.TaskResumed:
    return ev.TaskResumed(run_id=RUN, at=2_700, task_id=task_id)


def states(run: Run) -> list[str]:
    return [task.state for task in run.tasks]


def test_a_paused_task_shows_what_still_happens_and_goes_back_to_where_it_stood() -> None:
    both = paused(TASK), paused(OTHER)
    assert states(after(*both)) == ["paused", "paused"]
    red = Evidence(command="x", exit_code=1, tree="t1", duration_ms=1, output="", verdict="red")
    testing = ev.GateStarted(run_id=RUN, at=2_800, task_id=TASK, tree="t1")
    tested = ev.GateFinished(run_id=RUN, at=2_900, task_id=TASK, evidence=red)
    assert states(after(*both, testing)) == ["testing", "paused"]
    assert states(after(*both, testing, tested)) == ["paused", "paused"]
    asked = ev.QuestionAsked(run_id=RUN, at=2_800, task_id=TASK, question="Which?", choices=())
    assert states(after(*both, asked)) == ["asking", "paused"]
    # One has begun, the other has not.
    assert states(after(*both, resumed(TASK), resumed(OTHER))) == ["working", "waiting"]
    assert states(after(*both, asked, resumed(TASK))) == ["asking", "paused"]
    ended = ev.TaskEnded(run_id=RUN, at=2_900, task_id=TASK, state="cancelled", reason="No.")
    again = after(*both, ended, ev.TaskRetried(run_id=RUN, at=3_000, task_id=TASK))
    assert states(again) == ["waiting", "paused"]


def test_a_run_that_only_waits_for_paused_tasks_is_paused_itself() -> None:
    one = after(paused(TASK))
    assert (one.state, one.resting) == ("running", False)
    rests = after(paused(TASK), paused(OTHER))
    words = "It waits for you to resume “round up”, “add kilos”."
    assert (rests.state, rests.resting, rests.reason) == ("paused", True, words)
    going = after(paused(TASK), paused(OTHER), resumed(OTHER))
    assert (going.state, going.resting, going.reason) == ("running", False, "")
    joined = after(paused(OTHER), *s.finished(TASK))
    assert (joined.state, joined.reason) == ("paused", "It waits for you to resume “add kilos”.")
    # Its own pause is told first, and what it rests on again once that is over.
    by_user = ev.RunPaused(run_id=RUN, at=3_000, state="paused", reason="Paused by the user.")
    halted = after(paused(TASK), paused(OTHER), by_user)
    assert (halted.resting, halted.reason) == (False, "Paused by the user.")
    on = ev.RunResumed(run_id=RUN, at=3_100, budget=Decimal(2))
    assert after(paused(TASK), paused(OTHER), by_user, on).resting
    cancelled = after(paused(TASK), paused(OTHER), RunCancelled(run_id=RUN, at=3_200))
    assert (cancelled.state, cancelled.resting) == ("cancelled", False)


def test_a_task_that_waits_for_a_paused_one_rests_with_it() -> None:
    def rests(*tasks: TaskRun) -> bool:
        return is_at_rest(tasks)

    def made(name: str, **values: Any) -> TaskRun:
        after_ = values.pop("after", ())
        return TaskRun(id=name, task=Task(id=name, title=name, brief=name, depends_on=after_), **values)

    still = made("a", state="paused", paused=True)
    assert rests(still)
    assert not rests(made("a", state="waiting"))
    assert not rests(still, made("b", state="waiting"))
    assert rests(still, made("b", state="waiting", after=("a",)), made("c", state="waiting", after=("b",)))
    # In the midst of its work it may wait for others that it overlaps with; a ring waits for nobody.
    assert rests(still, made("b", state="working", waits_for=("a",)))
    assert not rests(still, made("b", state="working", after=("a",)))
    ring = made("b", state="waiting", waits_for=("c",)), made("c", state="waiting", waits_for=("b",))
    assert not rests(still, *ring)
    # Layers that all wait for the ones before take no longer than their number.
    layers = [
        made(f"{layer}-{n}", after=tuple(f"{layer - 1}-{m}" for m in range(20)) if layer else ())
        for layer in range(20)
        for n in range(20)
    ]
    assert not rests(still, *layers)
    first = [msgspec.structs.replace(one, state="paused", paused=True) for one in layers[:20]]
    assert rests(*first, *layers[20:])
    assert not rests(made("a", state="testing", paused=True))
    assert not rests(still, made("b", state="asking"))
    # Each of many waits for the two before it: there are more ways through them than can be gone.
    many = [made("b", state="waiting"), made("c", state="waiting")]
    for number in range(100):
        two = many[-2].id, many[-1].id
        many.append(made(f"d{number}", state="waiting", after=two))
    assert not rests(still, *many)
    assert rests(
        still, *(made(task.id, state="waiting", after=(*task.task.depends_on, "a")) for task in many)
    )


def test_tasks_begin_on_another_rung_from_now_on() -> None:
    change = ev.RunAdjusted(
        run_id=RUN, at=2_800, budget=Decimal(3), agents=2, start=1, task_ids=(OTHER, "unknown")
    )
    run = after(change)
    assert [task.begins for task in run.tasks] == [None, 1]
    assert [is_to_begin(task) for task in run.tasks] == [False, True]
    terms = msgspec.structs.replace(change, start=None, task_ids=())
    assert [task.begins for task in after(change, terms).tasks] == [None, 1]


def test_a_bounced_task_begins_anew_and_an_ended_one_can() -> None:
    done = s.finished(TASK)[:3]
    bounced = ev.TaskBounced(run_id=RUN, at=3_100, task_id=TASK, reason="It does not fit.", against=(OTHER,))
    task = after(*done, bounced).task(TASK)
    assert (task.state, task.reason, task.bounces, task.commit) == ("waiting", "It does not fit.", 1, None)
    ended = ev.TaskEnded(run_id=RUN, at=3_200, task_id=TASK, state="failed", reason="Red.")
    assert after(ended).task(TASK).reason == "Red."
    ready = RunReady(run_id=RUN, at=3_300, ghost=None, files=())
    assert after(ended, ready).state == "failed"
    again = after(ended, ready, ev.TaskRetried(run_id=RUN, at=3_400, task_id=TASK))
    assert (again.state, again.ended_at, again.task(TASK).state, again.task(TASK).reason) == (
        "running",
        None,
        "waiting",
        "",
    )


def test_pausing_and_cancelling() -> None:
    paused = after(ev.RunPaused(run_id=RUN, at=3_000, state="parked", reason="The budget is reached."))
    assert (paused.state, paused.reason) == ("parked", "The budget is reached.")
    resumed = advance(paused, ev.RunResumed(run_id=RUN, at=3_100, budget=Decimal(9)))
    assert (resumed.state, resumed.reason, resumed.budget) == ("running", "", Decimal(9))
    cancelled = advance(resumed, RunCancelled(run_id=RUN, at=3_200))
    assert (cancelled.state, cancelled.ended_at) == ("cancelled", 3_200)
    noted = advance(cancelled, ev.Noted(run_id=RUN, at=3_300, text="A fact.", task_id=None))
    assert (noted.notes, noted.state) == (("A fact.",), "cancelled")


def test_events_of_one_task_leave_the_other_alone() -> None:
    before = s.make_run()
    run = s.make_run(*s.started(TASK), *s.finished(TASK))
    assert run.task(OTHER) == before.task(OTHER)
    with pytest.raises(KeyError):
        run.task("nobody")


def began(number: int, **more: Any) -> ev.AttemptStarted:
    return ev.AttemptStarted(run_id=RUN, at=2_000, task_id=TASK, attempt=number, role="x", rung=s.LOW, **more)


def side_by_side(*events: ev.AnyEvent) -> TaskRun:
    return s.make_run(began(1, step=0), began(2, step=0, trial=2), *events).task(TASK)


def green(number: int, outcome: AttemptOutcome = "green") -> ev.AttemptEnded:
    return ev.AttemptEnded(
        run_id=RUN, at=3_000 + number, task_id=TASK, attempt=number, outcome=outcome, summary=outcome
    )


def test_everything_of_an_attempt_goes_to_its_own_number() -> None:
    red = Evidence(command="x", exit_code=1, tree="t1", duration_ms=1, output="", verdict="red")
    settled = RequestSettled(
        run_id=RUN,
        at=2_500,
        request_id="q1",
        task_id=TASK,
        role="x",
        rung=s.LOW,
        charge=s.CHARGE,
        attempt=1,
    )
    said = Message(role="assistant", blocks=(Text(text="Reading."),))
    task = side_by_side(
        settled,
        ev.MessageAdded(run_id=RUN, at=2_600, task_id=TASK, attempt=1, turn=1, message=said),
        ev.GateFinished(run_id=RUN, at=2_700, task_id=TASK, evidence=red, attempt=1),
        green(1, "red"),
    )
    first, second = task.attempts
    assert (first.turns, first.bill, first.evidence, first.outcome, first.trial) == (
        1,
        Bill().plus(s.CHARGE),
        red,
        "red",
        1,
    )
    assert (second.turns, second.bill, second.evidence, second.outcome, second.trial) == (
        0,
        Bill(),
        None,
        "working",
        2,
    )
    assert task.bill == first.bill


def test_the_attempt_that_counts_is_the_green_one() -> None:
    assert side_by_side().attempt == side_by_side().attempts[1]
    one_green = side_by_side(green(1))
    assert one_green.attempt == one_green.attempts[0]
    chosen = side_by_side(green(1), green(2), green(1, "outdone"))
    assert [a.outcome for a in chosen.attempts] == ["outdone", "green"]
    assert chosen.attempt == chosen.attempts[1]
    assert chosen.attempts[0].ended_at == 3_001  # it ended when it ended, not when it was outdone
    bounced = ev.TaskBounced(run_id=RUN, at=3_100, task_id=TASK, reason="No.", against=(OTHER,))
    again = side_by_side(green(1), bounced, began(3))
    assert (again.lap, again.attempt) == (2, again.attempts[2])
    retried = side_by_side(green(1, "red"), ev.TaskRetried(run_id=RUN, at=3_400, task_id=TASK))
    assert retried.lap == 2


def test_a_question_is_open_until_its_own_attempt_goes_on() -> None:
    asked = ev.QuestionAsked(run_id=RUN, at=2_100, task_id=TASK, question="Which?", choices=(), attempt=1)
    other = ev.MessageAdded(
        run_id=RUN,
        at=2_200,
        task_id=TASK,
        attempt=2,
        turn=1,
        message=Message(role="user", blocks=(Text(text="x"),)),
    )
    gate = ev.GateStarted(run_id=RUN, at=2_300, task_id=TASK, tree="t", attempt=2)
    still = side_by_side(asked, other, gate)
    assert (still.state, still.question is not None, still.asked_by) == ("asking", True, 1)
    own = msgspec.structs.replace(other, attempt=1)
    going_on = side_by_side(asked, other, own)
    assert (going_on.state, going_on.question, going_on.asked_by) == ("working", None, None)
    # The process died: nobody waits for that answer any more once a new attempt begins.
    assert side_by_side(asked, green(1, "cancelled"), began(3)).question is None
    assert side_by_side(asked, began(3)).question is not None


def test_a_raised_budget_answers_the_question_for_it() -> None:
    asked = ev.QuestionAsked(run_id=RUN, at=2_100, task_id=TASK, question="Reached.", choices=(), attempt=1)
    raised = TaskBudgetRaised(run_id=RUN, at=2_200, task_id=TASK, budget=Decimal("0.80"))
    task = side_by_side(asked, raised)
    assert (task.state, task.question, task.budget) == ("working", None, Decimal("0.80"))


def test_what_tasks_may_cost_changes_from_now_on() -> None:
    raised = TaskBudgetRaised(run_id=RUN, at=2_200, task_id=TASK, budget=Decimal("0.80"))

    def adjusted(**limits: Any) -> ev.RunAdjusted:
        return ev.RunAdjusted(run_id=RUN, at=2_300, budget=Decimal(2), agents=2, limits=Limits(**limits))

    def of(run: Run) -> tuple[Decimal | None, Decimal | None]:
        return run.task(TASK).budget, run.task(TASK).request_budget

    assert of(after(raised)) == (Decimal("0.80"), Decimal("0.80"))
    assert of(after(raised, adjusted())) == (Decimal("0.80"), Decimal("0.80"))
    assert of(after(raised, adjusted(task=Decimal(1)))) == (None, Decimal("0.80"))
    assert of(after(raised, adjusted(request=Decimal(1)))) == (Decimal("0.80"), None)
    assert of(after(adjusted(task=Decimal(1)), raised)) == (Decimal("0.80"), Decimal("0.80"))
    both = after(adjusted(task=Decimal(1)), adjusted(request=Decimal("0.5"), requests=3))
    assert both.limits == Limits(task=Decimal(1), request=Decimal("0.5"), requests=3)


def test_requests_that_a_run_waited_at_bound_it_no_longer_unless_they_were_raised() -> None:
    def adjusted(most: int) -> ev.RunAdjusted:
        limits = Limits(task=Decimal(1), requests=most)
        return ev.RunAdjusted(run_id=RUN, at=2_800, budget=Decimal(2), agents=2, limits=limits)

    def parked(scope: BudgetScope) -> ev.RunPaused:
        return ev.RunPaused(run_id=RUN, at=2_900, state="parked", reason="Reached.", scope=scope)

    resumed = ev.RunResumed(run_id=RUN, at=3_000, budget=Decimal(2))
    charge = Charge(usage=Usage(), dollars=None, at_sonnet=None)
    sent = RequestSettled(
        run_id=RUN, at=2_850, request_id="q_x", task_id=TASK, role="x", rung=s.LOW, charge=charge
    )
    assert after(adjusted(1), sent, parked("requests"), resumed).limits == Limits(task=Decimal(1))
    assert after(adjusted(1), sent, parked("run"), resumed).limits.requests == 1
    assert after(adjusted(1), sent, parked("requests"), adjusted(2), resumed).limits.requests == 2
    flying = RequestReserved(
        run_id=RUN, at=2_950, request_id="q_y", task_id=TASK, role="x", rung=s.LOW, prompt_tokens=1,
        worst_case=None,
    )  # fmt: skip
    assert after(adjusted(2), sent, flying, parked("requests"), resumed).limits.requests is None


def test_words_of_the_user_are_all_kept_for_attempts_that_run_side_by_side() -> None:
    task = after(told("red"), message(said_by_user("red")), told("blue")).task(TASK)
    assert (task.words, task.told) == (("red", "blue"), ("blue",))


def test_samples_and_cliffs_are_facts_of_the_run_and_change_no_task() -> None:
    shadow = ev.ShadowFinished(
        run_id=RUN, at=9_000, task_id=TASK, rung=s.LOW, green=True, turns=3, dollars=Decimal("0.1")
    )
    cliff = CliffAvoided(
        run_id=RUN,
        at=9_000,
        task_id=TASK,
        attempt=1,
        how="pruned",
        tokens=120_000,
        limit=100_000,
        dollars=None,
    )
    run = after(shadow, cliff)
    assert (run.shadows, run.cliffs) == ((shadow,), (cliff,))
    assert run.tasks == after().tasks
    assert run.bill == after().bill


def test_a_journal_of_an_older_version_folds_as_it_did() -> None:
    """Its events name no attempt, no step and no try: all of it belongs to the newest attempt of its time."""
    recorded = (Path(__file__).parent / "old_journal.jsonl").read_bytes().splitlines()
    decoder = msgspec.json.Decoder(ev.AnyEvent)
    run = fold([decoder.decode(line) for line in recorded])
    assert run is not None
    (task,) = run.tasks
    told = [(a.number, a.outcome, a.turns, a.bill.requests, a.evidence is not None) for a in task.attempts]
    assert told == [(1, "red", 1, 1, True), (2, "green", 2, 2, True)]
    assert [str(a.bill.dollars) for a in task.attempts] == OLD_DOLLARS
    assert task.bill.dollars == sum((a.bill.dollars for a in task.attempts), Decimal(0))
    assert (run.state, task.state, task.question, task.told) == ("review", "accepted", None, ())
    assert task.attempt == task.attempts[1]
    assert (run.reserved, run.in_flight) == (Decimal(0), ())
