"""One command does every Todo and moves the branch once; another moves it back."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Merged
from tests.cli.place import Done, Machine, copy_repository

TITLES = {
    "Round half a cent up",
    "Bill the volumetric weight",
    "Read sizes as people write them",
    "Accept country codes in any case",
    "Insure a declared value",
    "Show the insurance on the receipt",
}


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in _keys(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in _keys(inner)}
    return set()


def test_every_line_is_an_event_and_the_last_tells_the_end(merged: Merged) -> None:
    assert merged.done.status == 0, merged.done.err
    kinds = [line["kind"] for line in merged.done.lines]
    assert kinds[0] == "quote"
    assert kinds[1] == "run_created"
    assert kinds.count("run_finished") == 1
    last = merged.done.last
    assert last["kind"] == "run_finished"
    assert last["state"] == "accepted"
    assert {task["title"] for task in last["tasks"]} == TITLES
    assert {task["state"] for task in last["tasks"]} == {"accepted"}
    assert 0 < Decimal(last["dollars"]) < Decimal(last["atSonnet"])
    assert last["commit"] == merged.machine.git(merged.root, "rev-parse", "HEAD")


def test_names_of_fields_are_in_camel_case(merged: Merged) -> None:
    # The input of a tool is the model's own, with the tool's own names.
    events = [line for line in merged.done.lines if line["kind"] != "message_added"]
    assert not {key for key in _keys(events) if "_" in key}


def test_the_branch_moves_once_and_the_tests_pass_on_it(merged: Merged) -> None:
    machine, root = merged.machine, merged.root
    assert machine.moves(root) == 2  # the commit of the sample, and Accept
    assert machine.git(root, "status", "--porcelain") == ""
    assert machine.do("todos", root, "--json").out == ""


def test_progress_goes_to_stderr(merged: Merged) -> None:
    assert "Planning" in merged.done.err
    assert re.search(r"^ +\d+\.\d s  Running the tests on the base", merged.done.err, re.MULTILINE)


def test_nothing_to_do_is_done(merged: Merged) -> None:
    done = merged.machine.do("run", merged.root, "--all", "--offline", "--yes", "--json")
    assert (done.status, done.out) == (0, "")
    assert "There are no Todos to work on." in done.err


@pytest.mark.parametrize("command", ["show", "runs", "cost", "worktrees", "agents", "doctor"])
def test_every_command_prints_objects(merged: Merged, command: str) -> None:
    where = [str(merged.root)] if command in ("runs", "doctor") else []
    done = merged.machine.do(command, *where, "--json", env={"ANTHROPIC_API_KEY": "any"})
    assert done.status == 0, done.err
    assert done.err == ""
    assert command == "worktrees" or done.lines
    assert not {key for key in _keys(done.lines) if "_" in key}


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("command", ["show", "runs", "cost"])
def test_tables_fit_the_terminal(merged: Merged, command: str, columns: int) -> None:
    where = [str(merged.root)] if command == "runs" else []
    done = merged.machine.do(command, *where, env={"COLUMNS": str(columns)})
    assert done.status == 0, done.err
    tables = re.findall(r"(?:^.*\S.*\n)─+\n(?:^.*\S.*\n)*", done.out, re.MULTILINE)
    assert tables
    for line in "".join(tables).splitlines():
        assert len(line.rstrip()) <= columns
        assert "…" not in line


def test_show_tells_evidence_and_bill(merged: Merged) -> None:
    shown = merged.machine.do("show").out
    evidence = shown.partition("Evidence\n")[2].partition("\nBill")[0]
    for title in (*TITLES, "All together"):
        facts = r"exit code 0, \d+\.\d s, tree [0-9a-f]{12}"
        assert re.search(rf"^  {title}: green\n    {facts}", evidence, re.M)
    assert evidence.count("unittest") == 7
    assert re.search(r"^In all +\d+ +\$0\.\d+ +\$0\.\d+ +\d+ %$", shown, re.M)
    assert "the same tokens" in shown


def test_show_tells_what_the_agents_of_a_task_did(merged: Merged) -> None:
    run = merged.machine.do("runs", merged.root, "--json").lines[0]
    task_id = run["tasks"][0]["id"]
    told = merged.machine.do("show", run["id"], "--transcript", task_id).out
    lines = told.splitlines()
    assert lines[0] == f"# Task: {run['tasks'][0]['title']}"
    assert any(line.startswith("## Turn 1 · $0.") for line in lines)
    entries = merged.machine.do("show", run["id"], "--transcript", task_id, "--json").lines
    assert [entry["kind"] for entry in entries][:3] == ["task", "attempt", "told"]
    assert merged.machine.do("show", run["id"], "--transcript", "nobody").status == 2


def test_undo_restores_every_byte(merged: Merged) -> None:
    machine, run_id = merged.machine, merged.done.last["runId"]
    # The Run names its repository by its path, so that it is undone in place and done again.
    undone = machine.do("undo", run_id, "--json")
    assert undone.status == 0, undone.err
    assert undone.last["state"] == "undone"
    assert machine.state(merged.root) == merged.before
    again = machine.do("accept", run_id, "--json")
    assert (again.status, again.last["state"]) == (0, "accepted"), again.err


def _ran(machine: Machine, root: Path, *arguments: str) -> Done:
    return machine.do("run", root, "--offline", "--yes", "--json", *arguments)


def test_a_quote_is_a_plan_file(machine: Machine, parcel: Path) -> None:
    quoted = machine.do("quote", parcel, "--all", "--offline", "--json")
    assert quoted.status == 0, quoted.err
    (machine.folder / "plan.json").write_text(quoted.out)
    kept = quoted.last | {
        "tasks": [task for task in quoted.last["tasks"] if task["files"][0] == "parcel/zones.py"]
    }
    (machine.folder / "one.json").write_text(json.dumps(kept))
    done = _ran(machine, parcel, "--plan", str(machine.folder / "one.json"), "--accept", "merge")
    assert done.status == 0, done.err
    assert [task["title"] for task in done.last["tasks"]] == ["Accept country codes in any case"]
    assert not [line for line in done.lines if line.get("role") == "orchestrator"]
    priced = machine.do("quote", parcel, "--plan", machine.folder / "plan.json", "--offline")
    assert priced.status == 2  # one of its Todos is done by now
    assert "No Todo has the id" in priced.err


def test_a_copy_is_another_repository(merged: Merged, tmp_path: Path) -> None:
    copied = copy_repository(merged.root, tmp_path / "copy")
    done = merged.machine.do("runs", copied)
    assert done.status == 0
    assert "There are no Runs yet" in done.out


def test_the_journal_of_a_run_is_told_line_by_line(merged: Merged) -> None:
    run_id = merged.done.last["runId"]
    told = merged.machine.do("show", run_id, "--journal")
    assert told.status == 0, told.err
    kinds = [line["kind"] for line in told.lines]
    assert kinds[0] == "run_created"
    assert "run_finished" in kinds
    assert {line["runId"] for line in told.lines} == {run_id}
    assert kinds.count("tool_called") == kinds.count("tool_returned") > 0
