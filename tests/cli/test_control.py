"""A Run is steered from another process, stopped by a signal or its budget, and goes on."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

from tests.cli.conftest import Server
from tests.cli.place import Going, Machine


def _begin(machine: Machine, server: Server, todo: str, *more: str) -> tuple[Path, Going]:
    root = machine.small()
    todo_id = machine.todo(root, todo)
    return root, machine.start("run", root, "--todo", todo_id, "--yes", "--json", *more, env=server.keyed)


def _until_it_waits(going: Going) -> tuple[str, Path]:
    """Until the agent's command runs: the Run and the worktree."""
    lease = going.until_kind("lease_taken")
    going.until(lambda event: event["kind"] == "message_added" and event["message"]["role"] == "assistant")
    return lease["runId"], Path(lease["path"])


def test_pause_tell_and_resume_from_another_process(machine: Machine, server: Server) -> None:
    root, going = _begin(machine, server, "take your time", "--accept", "merge")
    run_id, worktree = _until_it_waits(going)
    paused = machine.do("pause", run_id[:6])
    assert (paused.status, f"Run {run_id} is paused" in paused.out) == (0, True), paused.err
    assert going.until_kind("run_paused")["state"] == "paused"
    assert re.search(rf"^{run_id} .* paused +0/1", machine.do("runs", root).out, re.M)
    told = machine.do("tell", "take-your-time", "prefer short words", "--json")
    assert (told.status, told.last["id"]) == (0, run_id), told.err
    # The letter is on its way: words that come once the next turn is put together reach the one after it.
    going.until_kind("agent_told")
    (worktree / "go").touch()
    going.until(lambda event: event["kind"] == "message_added" and event["message"]["role"] == "user")
    assert machine.do("show", run_id, "--json").last["tasks"][0]["turn"] == 1
    resumed = machine.do("resume")
    assert resumed.status == 0
    assert f"Another process drives run {run_id}, and was told." in resumed.err
    ended = going.end()
    assert ended.status == 0, ended.err
    assert ended.last["state"] == "accepted"
    assert "The user says: prefer short words" in ended.out
    assert "# No hurry." in (root / "app.py").read_text()


def test_a_task_is_paused_and_resumed_from_another_process(machine: Machine, server: Server) -> None:
    root, going = _begin(machine, server, "take your time", "--accept", "merge")
    run_id, worktree = _until_it_waits(going)
    paused = machine.do("pause", "take-your-time")
    assert paused.status == 0, paused.err
    said = " ".join(paused.out.split())
    assert "Task take-your-time is paused: a reply in flight is kept, its worktree stays." in said
    assert f"`contextune resume {run_id}/take-your-time` goes on." in said
    assert f"Run {run_id} goes on with nothing else. It waits for you to resume “take your time”." in said
    assert going.until_kind("task_paused")["taskId"] == "take-your-time"
    assert re.search(rf"^{run_id} .* paused +0/1", machine.do("runs", root).out, re.M)
    (worktree / "go").touch()
    going.until_kind("tool_returned")
    shown = machine.do("show", run_id, "--json").last
    (task,) = shown["tasks"]
    assert (shown["state"], task["state"], task["paused"], task["turn"]) == ("paused", "paused", True, 1)
    refused = machine.do("resume", "take-your-time", "--budget", "1")
    assert (refused.status, "--budget is of a whole Run" in refused.err) == (2, True)
    unknown = machine.do("pause", "nobody")
    assert unknown.status == 2
    assert "No Run or Task is called 'nobody'" in " ".join(unknown.err.split())
    resumed = machine.do("resume", f"{run_id}/take-your-time")
    assert resumed.status == 0, resumed.err
    assert f"Another process drives run {run_id}, and was told." in resumed.err
    ended = going.end()
    assert (ended.status, ended.last["state"]) == (0, "accepted"), ended.err


def test_a_paused_task_whose_process_was_killed_goes_on_here(machine: Machine, server: Server) -> None:
    _, going = _begin(machine, server, "take your time", "--accept", "merge")
    run_id, worktree = _until_it_waits(going)
    assert machine.do("pause", "take-your-time").status == 0
    (worktree / "go").touch()
    going.until_kind("tool_returned")
    going.signal(signal.SIGKILL)
    going.end()
    left = machine.do("show", run_id, "--json").last
    assert (left["state"], left["tasks"][0]["state"]) == ("paused", "paused")
    resumed = machine.do("resume", "take-your-time", "--json", env=server.keyed)
    assert (resumed.status, resumed.last["state"]) == (0, "accepted"), resumed.err
    kinds = [event["kind"] for event in resumed.lines]
    assert kinds.index("task_resumed") < kinds.index("attempt_resumed") < kinds.index("message_added")


def test_tasks_that_wait_begin_on_another_rung(machine: Machine, server: Server) -> None:
    root = machine.small()
    first, second = (machine.todo(root, text) for text in ("take your time", "ask first"))
    plan = machine.folder / "plan.json"
    tasks = [
        {"id": "slow", "title": "Take your time", "brief": "take your time", "todoIds": [first]},
        {"id": "next", "title": "Ask", "brief": "ask first", "todoIds": [second], "dependsOn": ["slow"]},
    ]
    plan.write_text(json.dumps({"tasks": tasks}))
    going = machine.start("run", root, "--plan", plan, "--yes", "--json", env=server.keyed)
    run_id, worktree = _until_it_waits(going)
    moved = machine.do("set", run_id, "--rung", "1")
    assert moved.status == 0, moved.err
    assert re.search(r"^On .+ begin: next\. \$0\.\d+ to \$0\.\d+, likely \$0\.\d+\.$", moved.out, re.M), (
        moved.out
    )
    adjusted = going.until_kind("run_adjusted")
    assert (adjusted["start"], adjusted["taskIds"]) == (1, ["next"])
    for wrong, words in (
        (["--rung", "9"], "There is no rung 9 to begin on. Rungs: 0 "),
        (["--rung", "0", "--task", "slow"], "Task slow is working: only one that waits for its first agent"),
        (["--task", "next"], "give --rung as well"),
        (["--rung", "2", "--budget", "0.02"], "what waits most likely costs"),
    ):
        refused = machine.do("set", run_id, *wrong)
        assert refused.status == 2, refused.out
        assert words in " ".join(refused.err.split())
    (worktree / "go").touch()
    begun = going.until(lambda event: event["kind"] == "attempt_started" and event["taskId"] == "next")
    assert (begun["step"], begun["reason"]) == (1, "Pinned by the user.")
    going.until_kind("question_asked")
    assert machine.do("cancel", run_id).status == 0
    going.end()


def test_what_each_task_may_cost_is_changed_while_it_goes_on(machine: Machine, server: Server) -> None:
    _, going = _begin(machine, server, "take your time", "--accept", "merge")
    run_id, worktree = _until_it_waits(going)
    for wrong, words in (
        (["--task-budget", "9"], "A Task cannot cost $9.00: the budget of run"),
        (["--request-budget", "0.50", "--task-budget", "0.20"], "its Task may cost $0.2000 in all"),
        (["--max-requests", "0"], "--max-requests"),
    ):
        refused = machine.do("set", run_id, *wrong)
        assert refused.status == 2, refused.out
        assert words in " ".join(refused.err.split())
    lowered = machine.do("set", run_id, "--task-budget", "0.00001", "--max-requests", "30")
    assert lowered.status == 0, lowered.err
    said = " ".join(lowered.out.split())
    assert f"Run {run_id} may cost $2.00, with 4 agents at the same time." in said
    assert "At most $0.000010 a Task, 30 requests without a price." in said
    assert re.search(r"take-your-time has cost \$0\.\d+: it asks you before its next request\.", said)
    adjusted = going.until_kind("run_adjusted")
    assert adjusted["limits"] == {"task": "0.00001", "request": None, "requests": 30}
    (worktree / "go").touch()
    question = going.until_kind("question_asked")["question"]
    assert question.startswith("The Task's budget of $0.00001 is reached: ")
    assert machine.do("set", run_id, "--task-budget", "1", "--request-budget", "0.50").status == 0
    ended = going.end()
    assert (ended.status, ended.last["state"]) == (0, "accepted"), ended.err


def test_a_task_that_overlaps_with_none_has_none_to_wait_for(machine: Machine, server: Server) -> None:
    _, going = _begin(machine, server, "take your time")
    run_id, worktree = _until_it_waits(going)
    refused = machine.do("course", f"{run_id}/take-your-time", "wait")
    assert refused.status == 2
    assert "Task take-your-time overlaps with no other Task that is at work." in " ".join(refused.err.split())
    goes_on = machine.do("course", "take-your-time", "go-on")
    assert goes_on.status == 0, goes_on.err
    assert "take-your-time waits for no other Task." in goes_on.out
    assert going.until_kind("course_chosen")["course"] == "go_on"
    (worktree / "go").touch()
    assert going.end().status == 0


def test_a_cancelled_task_is_retried_then_squashed_undone_and_discarded(
    machine: Machine, server: Server
) -> None:
    root, going = _begin(machine, server, "take your time")
    before = machine.state(root)
    run_id, worktree = _until_it_waits(going)
    cancelled = machine.do("cancel", f"{run_id}/take-your-time")
    assert cancelled.status == 0, cancelled.err
    assert "Task take-your-time is cancelled" in cancelled.out
    ended = going.end()
    assert (ended.status, ended.last["state"]) == (1, "failed")
    assert ended.last["tasks"][0]["state"] == "cancelled"
    (worktree / "go").touch()
    again = machine.do("retry", "take-your-time", env=server.keyed)
    assert again.status == 0, again.err
    assert f"`contextune accept {run_id}` moves your branch" in " ".join(again.err.split())
    assert machine.state(root) == before

    late = machine.do("cancel", run_id)
    assert late.status == 2
    assert "is review; there is nothing to cancel" in late.err
    accepted = machine.do("accept", run_id, "--squash")
    assert accepted.status == 0, accepted.err
    assert "branch main is at " + machine.git(root, "rev-parse", "HEAD")[:12] in accepted.out
    assert len(machine.git(root, "rev-list", "HEAD").splitlines()) == 2
    refused = machine.do("discard", run_id)
    assert refused.status == 2
    assert "accept, undo or cancel it first" in refused.err
    assert machine.do("undo", run_id).status == 0
    assert machine.state(root) == before
    discarded = machine.do("discard", run_id[2:6])
    assert discarded.status == 0, discarded.err
    kept = re.findall(r"refs/contextune/salvage/\S+", discarded.out)
    assert kept
    for ref in kept:
        machine.git(root, "cat-file", "-e", ref)


def test_ctrl_c_stops_it_and_resume_finishes_it(machine: Machine, server: Server) -> None:
    root, going = _begin(machine, server, "take your time", "--accept", "merge")
    run_id, worktree = _stopped(machine, root, going, signal.SIGINT)
    assert re.search(rf"^{run_id} .* paused +0/1", machine.do("runs", root).out, re.M)
    refused = machine.do("tell", "take-your-time", "too late")
    assert refused.status == 2
    assert "nobody drives it; resume it first" in refused.err
    (worktree / "go").touch()
    resumed = machine.do("resume", "--json", env=server.keyed)
    assert resumed.status == 0, resumed.err
    assert (resumed.last["kind"], resumed.last["runId"]) == ("run_finished", run_id)
    assert resumed.last["state"] == "accepted"
    assert machine.moves(root) == 2


def test_a_run_that_was_stopped_is_cancelled(machine: Machine, server: Server) -> None:
    root, going = _begin(machine, server, "take your time")
    run_id, _ = _stopped(machine, root, going, signal.SIGTERM)
    cancelled = machine.do("cancel", run_id, "--json")
    assert (cancelled.status, cancelled.last["state"]) == (0, "cancelled"), cancelled.err
    assert cancelled.last["tasks"][0]["state"] == "cancelled"
    late = machine.do("resume", run_id)
    assert late.status == 2
    assert f"Run {run_id} is cancelled; there is nothing to resume" in late.err


def _stopped(machine: Machine, root: Path, going: Going, sign: signal.Signals) -> tuple[str, Path]:
    """Stop a Run whose agent waits; nothing of the user's has changed."""
    before = machine.state(root)
    run_id, worktree = _until_it_waits(going)
    going.signal(sign)
    ended = going.end()
    assert ended.status == 130
    assert f"`contextune resume {run_id}` goes on." in ended.err
    assert "Traceback" not in ended.err
    assert machine.state(root) == before
    return run_id, worktree


def test_the_budget_parks_it_and_a_question_waits_for_an_answer(machine: Machine, server: Server) -> None:
    root, going = _begin(machine, server, "ask first", "--accept", "merge", "--budget", "0.0001")
    parked = going.end()
    assert parked.status == 3
    assert (parked.last["kind"], parked.last["state"]) == ("run_paused", "parked")
    run_id = parked.last["runId"]
    assert "The budget of $0.0001 is reached" in parked.err
    assert f"`contextune resume {run_id} --budget USD` goes on" in parked.err
    assert machine.moves(root) == 1
    rows = [line for line in machine.do("show", run_id).out.splitlines() if line.startswith("ask first")]
    assert any(" parked " in row for row in rows), rows

    resumed = machine.start("resume", run_id, "--budget", "1", "--json", env=server.keyed)
    resumed.until_kind("question_asked")
    resumed.until_said(f"contextune answer {run_id}/ask-first TEXT")
    said = "".join(resumed.said)
    assert "  1  plain\n" in said
    assert "  2  fancy [bold]\n" in said
    assert r"Which word\x1b[31m do you want?" in said
    answered = machine.do("answer", "ask-first", "2")
    assert (answered.status, answered.out) == (0, "Answered ask-first: fancy [bold]\n"), answered.err
    assert resumed.end().status == 0
    assert "    # fancy [bold]\n" in (root / "app.py").read_text()
    late = machine.do("answer", "ask-first", "plain")
    assert late.status == 2
    assert "asks nothing" in late.err


def test_planning_that_the_budget_does_not_allow_costs_nothing(machine: Machine, parcel: Path) -> None:
    goal = ("--goal", "tidy up", "--offline", "--yes", "--budget", "0.0001", "--json")
    done = machine.do("run", parcel, *goal)
    assert (done.status, done.out) == (3, "")
    assert "The budget of $0.0001 is reached" in done.err
    assert "Nothing was started. Planning needs that much: give a higher --budget." in done.err


def test_todos_are_planned_by_code_where_the_budget_allows_no_planner(machine: Machine, parcel: Path) -> None:
    done = machine.do("run", parcel, "--all", "--offline", "--yes", "--budget", "0.0001", "--json")
    assert done.status == 3
    quote, *events = done.lines
    assert any("plan is by code alone" in warning for warning in quote["warnings"])
    # Other Tasks may be told of at the same moment.
    paused = next(event for event in reversed(events) if event["kind"] == "run_paused")
    assert (paused["state"], paused["scope"]) == ("parked", "run")
    assert "$0.0000 spent" in paused["reason"]


def test_nothing_to_resume(machine: Machine) -> None:
    done = machine.do("resume")
    assert (done.status, done.out, done.err) == (0, "", "There is nothing to resume.\n")
