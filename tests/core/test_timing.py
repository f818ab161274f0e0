"""Where the time of a Run goes, and what stands out beside earlier ones."""

from __future__ import annotations

from contextune.core.runs import events as ev
from contextune.core.timing.comparison import compared
from contextune.core.timing.phases import MEANING, Phase, PhaseName, RunTiming, timing
from tests.protocol import samples as s

TASK = "round-up"


def run(tasks: int = 1, *, offline: bool = False, **phases: int) -> RunTiming:
    names: dict[str, PhaseName] = {name.replace(" ", "_"): name for name in MEANING}
    return RunTiming(
        run_id="r_1",
        title="x",
        at=0,
        offline=offline,
        tasks=tasks,
        wall_ms=sum(phases.values()),
        phases=tuple(
            Phase(name=names[name], total_ms=ms, count=1, longest_ms=ms, longest_of=None)
            for name, ms in phases.items()
        ),
    )


def test_shares_leave_out_what_people_take() -> None:
    found = compared(run(model=6_000, gate=2_000, review=90_000), [])
    assert {row.name: row.share for row in found.rows} == {"model": 0.75, "gate": 0.25, "review": 0.0}
    assert all(row.baseline_ms is None and row.change is None for row in found.rows)
    assert [(one.phase, one.kind) for one in found.findings] == [
        ("model", "bottleneck"),
        ("gate", "bottleneck"),
    ]


def test_a_phase_is_slower_than_the_median_of_a_task_of_earlier_runs() -> None:
    earlier = [
        run(2, gate=4_000, model=4_000),
        run(1, gate=1_000, model=2_000),
        run(1, gate=90_000, model=2_000),
    ]
    found = compared(run(2, gate=16_000, model=4_000), earlier)
    gate, model = found.rows
    assert (gate.per_task_ms, gate.baseline_ms, gate.change) == (8_000, 2_000, 4.0)
    assert (model.per_task_ms, model.baseline_ms, model.change) == (2_000, 2_000, 1.0)
    assert [one.text for one in found.findings] == [
        "gate took 4.0 times as long for a Task as usual.",
        "gate took 80% of the time.",
        "model took 20% of the time.",
    ]
    assert found.earlier == 3


def test_played_runs_are_no_baseline_of_real_ones() -> None:
    found = compared(run(gate=16_000), [run(gate=10, offline=True)])
    assert (found.earlier, found.rows[0].baseline_ms) == (0, None)


def test_the_time_that_a_task_is_paused_is_its_users() -> None:
    plan = s.make_quote()
    begun, last = s.started(TASK), s.finished(TASK)
    paused = ev.TaskPaused(run_id="r_1", at=begun[-1].at + 100, task_id=TASK)
    resumed = ev.TaskResumed(run_id="r_1", at=begun[-1].at + 400, task_id=TASK)
    found = timing([s.created(plan), *begun, paused, resumed, *last])
    assert found is not None
    phase = found.phase("paused")
    assert phase is not None
    assert (phase.total_ms, phase.count, phase.longest_of) == (300, 1, TASK)
    # One that had not begun has made no worktree meanwhile.
    before = ev.TaskPaused(run_id="r_1", at=1_100, task_id=TASK)
    on = ev.TaskResumed(run_id="r_1", at=begun[0].at, task_id=TASK)
    later = timing([s.created(plan), before, on, *begun, *last])
    assert later is not None
    assert [(one.name, one.total_ms) for one in later.phases if one.name in ("paused", "worktree")] == [
        ("paused", begun[0].at - 1_100)
    ]


def test_what_nobody_notices_is_no_finding() -> None:
    assert compared(run(gate=900, model=50), [run(gate=10, model=10)]).findings == ()
